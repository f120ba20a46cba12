"""The board of a room: what its kiosk shows while nobody stands there, and whom it may recognise."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from edge_agent.checkin.person import Policies
from edge_agent.checkin.sheets import Phase, Sheet, sheets
from edge_agent.model.people import ClassState, Trainee
from edge_agent.model.stamp import Stamp, Trust
from edge_agent.store.training import list_trainees, running_classes

AT_HAND = timedelta(minutes=30)
"""Who comes so long before or after a unit's windows is still known by name, and told when to come."""

_NEAR = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Board:
    """As of one moment. `near` are the room's sheets of yesterday to tomorrow.

    `people` are the rows that one person has in the classes at hand, together. `teaching` says that a lesson is being
    taught here: the kiosk keeps its voice down. Under an untrusted clock nothing can be said of lessons, and everybody
    who is on a running class's roster is at hand.
    """

    trusted: bool
    signing_in: tuple[Sheet, ...] = ()
    signing_out: tuple[Sheet, ...] = ()
    upcoming: Sheet | None = None
    teaching: bool = False
    near: tuple[Sheet, ...] = ()
    people: tuple[tuple[Trainee, ...], ...] = ()

    def sheet(self, class_id: str, unit: str) -> Sheet | None:
        return next((each for each in self.near if (each.training.id, each.unit.id) == (class_id, unit)), None)


def board(connection: sqlite3.Connection, policies: Policies, room: str, stamp: Stamp) -> Board:
    """Give the board of a room; without a room, of all of them."""
    if stamp.trust is Trust.UNTRUSTED:
        return Board(trusted=False, people=_persons(_everybody(connection)))
    now = stamp.wall
    near = sheets(connection, policies, (now - _NEAR).date(), (now + _NEAR).date())
    here = [sheet for sheet in near if not room or any(lesson.room in ("", room) for lesson in sheet.lessons)]
    at_hand = [
        sheet for sheet in here if sheet.unit.sign_in.start - AT_HAND <= now <= sheet.unit.sign_out.end + AT_HAND
    ]
    return Board(
        trusted=True,
        signing_in=tuple(sheet for sheet in here if sheet.phase(now) is Phase.SIGN_IN),
        signing_out=tuple(sheet for sheet in here if sheet.phase(now) is Phase.SIGN_OUT),
        upcoming=next((sheet for sheet in here if now < sheet.unit.sign_in.start), None),
        teaching=any(now in sheet.unit.teaching for sheet in here),
        near=tuple(here),
        people=_persons(trainee for sheet in at_hand for trainee in sheet.trainees),
    )


def _everybody(connection: sqlite3.Connection) -> Iterable[Trainee]:
    for training in running_classes(connection).values():
        if training.state is not ClassState.CLOSED:
            yield from list_trainees(connection, training.id)


def _persons(trainees: Iterable[Trainee]) -> tuple[tuple[Trainee, ...], ...]:
    persons: dict[str, dict[str, Trainee]] = {}
    for trainee in trainees:
        persons.setdefault(trainee.document, {})[trainee.id] = trainee
    return tuple(tuple(rows.values()) for rows in persons.values())
