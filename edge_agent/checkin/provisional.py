"""Visits under an untrusted clock: kept as they are, judged when an anchor has said what the time was."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from edge_agent.checkin.person import LessonsOf, Policies, claims, judge_person
from edge_agent.checkin.record import record
from edge_agent.checkin.visit import Reply, Said, Visit
from edge_agent.model.anchor import Corrected, correct
from edge_agent.model.kinds.attendance import Judged, Provisional
from edge_agent.model.lesson import Lesson
from edge_agent.store import provisional
from edge_agent.store.anchors import note_anchor
from edge_agent.store.facts import read_anchors
from edge_agent.store.lessons import lessons_as_of
from edge_agent.store.training import same_person
from edge_agent.store.writer import Transaction


def keep(tx: Transaction, trainee: str, visit: Visit) -> Reply:
    """Store a visit whose time is not known."""
    fact = Provisional(
        trainee=trainee,
        class_ids=tuple(row.class_id for row in same_person(tx.connection, trainee)),
        at=visit.stamp.wall,
        method=visit.method,
        visit=visit.id,
        kiosk=visit.kiosk,
        reason=visit.reason,
        recognition=visit.recognition,
    )
    provisional.keep(tx, fact, visit.stamp, by=visit.by)
    return Reply(said=Said.PROVISIONAL, trainee=trainee, at=visit.stamp.wall)


def settle(tx: Transaction, policies: Policies) -> int:
    """Judge the kept visits whose time is known by now, in the order in which they happened; give how many.

    Each is judged by the timetable that was in force when it was stored. Its sign-in bears the corrected time; its own
    fact, with the raw one, stays.
    """
    waiting = provisional.waiting(tx.connection)
    if not waiting:
        return 0
    note_anchor(tx, [kept.stamp for kept in waiting])
    anchors = list(read_anchors(tx.connection))
    dated = [_Dated(kept, when) for kept in waiting if (when := correct(kept.stamp, anchors)) is not None]
    for each in sorted(dated, key=lambda each: each.when.at):
        _judge(tx, each, policies)
    return len(dated)


@dataclass(frozen=True, slots=True)
class _Dated:
    kept: provisional.Kept
    when: Corrected


def _judge(tx: Transaction, dated: _Dated, policies: Policies) -> None:
    kept, at = dated.kept, dated.when.at
    visit = Visit(
        id=kept.visit,
        stamp=kept.stamp,
        method=kept.method,
        kiosk=kept.kiosk,
        by=kept.by,
        reason=kept.reason,
        recognition=kept.recognition,
    )
    claimed = claims(tx.connection, kept.trainee, at, policies, _as_of(tx, kept.fact))
    replies = [record(tx, claimed, judged, visit, at) for judged in judge_person(claimed, at, "")] if claimed else []
    for reply in replies or [Reply(said=Said.NO_LESSON, trainee=kept.trainee, at=at)]:
        tx.append(
            Judged(
                visit=kept.visit,
                trainee=reply.trainee,
                corrected=at,
                max_error=dated.when.max_error,
                outcome=reply.said.value,
                unit=reply.unit,
            )
        )
    provisional.settled(tx, kept, " ".join(reply.said for reply in replies) or Said.NO_LESSON)


def _as_of(tx: Transaction, fact: int) -> LessonsOf:
    def lessons(class_id: str, since: date, until: date) -> list[Lesson]:
        known = lessons_as_of(tx.connection, class_id, fact)
        return [lesson for lesson in known if since <= lesson.date <= until]

    return lessons
