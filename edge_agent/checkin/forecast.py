"""Where each trainee of a class stands against the 80 %, and what may still be missed."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import datetime

from edge_agent.checkin.person import Policies, marks_of
from edge_agent.model.people import Trainee
from edge_agent.rules.standing import TraineeStanding, judge_trainee
from edge_agent.rules.windows import attendance_units
from edge_agent.store import attendance
from edge_agent.store.attendance import Tap
from edge_agent.store.lessons import list_lessons
from edge_agent.store.training import get_class, list_trainees


@dataclass(frozen=True, slots=True)
class Standing:
    trainee: Trainee
    standing: TraineeStanding


def forecast(connection: sqlite3.Connection, policies: Policies, class_id: str, now: datetime) -> list[Standing]:
    """Give the standing of each trainee of a class, by name."""
    training = get_class(connection, class_id)
    policy = policies(training.policy).policy
    lessons = list_lessons(connection, class_id=class_id)
    taps: dict[str, list[Tap]] = {}
    for tap in attendance.of_class(connection, class_id):
        taps.setdefault(tap.trainee, []).append(tap)
    roster = list_trainees(connection, class_id)
    units = {group: attendance_units(lessons, policy, group) for group in {each.subgroup for each in roster}}
    return [
        Standing(
            each,
            judge_trainee(
                units[each.subgroup],
                marks_of(taps.get(each.id, [])),
                training,
                policy,
                now,
                online=each.online_periods,
            ),
        )
        for each in roster
    ]
