"""The desk: a visit to its replies, recorded before they are given."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from edge_agent.checkin.person import Judgement, Policies, claims, current_lessons, judge_person
from edge_agent.checkin.provisional import keep, settle
from edge_agent.checkin.record import record
from edge_agent.checkin.visit import Reply, Said, Visit
from edge_agent.errors import InputError
from edge_agent.model.kinds.attendance import Direction
from edge_agent.model.stamp import Trust
from edge_agent.store import attendance, provisional
from edge_agent.store.writer import Transaction, Writer


@dataclass(frozen=True, slots=True)
class Pressed:
    """What the instructor pressed: 手动签到 or 手动签退 of one unit."""

    unit: str
    direction: Direction


class Desk:
    """Takes visits; thread-safe. Every method returns after the commit of what it says."""

    def __init__(self, writer: Writer, policies: Policies) -> None:
        self._writer = writer
        self._policies = policies

    def tap(self, trainee: str, visit: Visit) -> list[Reply]:
        """Take the visit of a recognised person; give one reply, or two where it closed a unit and opened the next.

        Raises `NotFoundError` for a trainee who is on no roster, `StorageError` where nothing can be written.
        """
        return self._writer.run(lambda tx: self._take(tx, trainee, visit, None))

    def by_hand(self, trainees: Sequence[str], pressed: Pressed, visit: Visit) -> Mapping[str, list[Reply]]:
        """Sign trainees in or out by hand, all in one transaction; give the replies by trainee.

        It counts in the same windows as a face does. Raises `InputError` without a reason.
        """
        if not visit.reason.strip():
            raise InputError("reason: empty (请填写手动签到的原因).", do="Say why the camera could not do it.")
        return self._writer.run(lambda tx: {each: self._take(tx, each, visit, pressed) for each in trainees})

    def settle(self) -> int:
        """Judge the provisional visits whose time is known by now; give how many."""
        return self._writer.run(lambda tx: settle(tx, self._policies))

    def _take(self, tx: Transaction, trainee: str, visit: Visit, pressed: Pressed | None) -> list[Reply]:
        if again := _answered(tx.connection, trainee, visit):
            return again
        if visit.stamp.trust is Trust.UNTRUSTED:
            return [keep(tx, trainee, visit)]
        settle(tx, self._policies)  # an earlier visit of the same person may be waiting for its time
        at = visit.stamp.wall
        claimed = claims(tx.connection, trainee, at, self._policies, current_lessons(tx.connection))
        if not claimed:
            return [Reply(said=Said.NO_LESSON, trainee=trainee, at=at)]
        judged = judge_person(claimed, at, visit.room)
        if pressed is not None:
            judged = _as_pressed(judged, pressed, trainee)
        return [record(tx, claimed, each, visit, at) for each in judged]


def _as_pressed(judged: Sequence[Judgement], pressed: Pressed, trainee: str) -> list[Judgement]:
    """Keep of a judgement what the button asked for.

    Signing in by hand closes the unit before it as a face would; signing out opens nothing, because whoever presses
    it says that the trainee leaves.
    """
    wanted = Said.SIGNED_IN if pressed.direction == "in" else Said.SIGNED_OUT
    hits = [each for each in judged if each.said is wanted and each.is_unit(trainee, pressed.unit)]
    if hits:
        return list(judged) if wanted is Said.SIGNED_IN else hits
    refused = [each for each in judged if not each.said.counts]
    if refused:
        return refused
    claim = next((each.claim for each in judged if each.claim.trainee.id == trainee), judged[0].claim)
    unit = next((unit for unit in claim.units if unit.id == pressed.unit), None)
    mark = claim.marks.get(pressed.unit)
    if mark is None or unit is None:
        return [Judgement(Said.OUTSIDE, claim, unit)]
    said = Said.ALREADY_SIGNED_IN if mark.signed_out is None else Said.ALREADY_SIGNED_OUT
    return [Judgement(said, claim, unit, unit.sign_out.start)]


def _answered(connection: sqlite3.Connection, trainee: str, visit: Visit) -> list[Reply]:
    """Give what this visit was told already: a click that came twice, a form sent again."""
    if provisional.is_kept(connection, visit.id, trainee):
        return [Reply(said=Said.PROVISIONAL, trainee=trainee, at=visit.stamp.wall)]
    return [
        Reply(
            said=Said.SIGNED_IN if tap.direction == "in" else Said.SIGNED_OUT,
            trainee=tap.trainee,
            class_id=tap.class_id,
            unit=tap.unit,
            lesson=tap.lesson,
            at=tap.at,
        )
        for tap in attendance.of_trainee(connection, trainee)
        if tap.visit == visit.id
    ]
