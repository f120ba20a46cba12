"""Verdicts the same day: each lesson of today and yesterday is judged in turn, one a tick, and a change is a fact."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import cast

from edge_agent.evidence.record import read_class
from edge_agent.model.kinds.plan import FinalVerdict, VerdictGiven
from edge_agent.model.lesson import Lesson
from edge_agent.model.stamp import Stamp
from edge_agent.policies import LoadedPolicy
from edge_agent.rules.verdict import Verdict
from edge_agent.rules.windows import lesson_times
from edge_agent.store.database import Connection, reading
from edge_agent.store.lessons import list_lessons
from edge_agent.store.training import running_classes
from edge_agent.store.verdicts import give
from edge_agent.store.writer import Writer

_BACK = timedelta(days=1)  # a lesson across midnight closes on the next day


class VerdictKeeper:
    """Judges one lesson a tick, so that a tick's cost does not grow with the venue."""

    def __init__(self, writer: Writer, policies: Callable[[str], LoadedPolicy]) -> None:
        self._writer = writer
        self._policies = policies
        self._turn = 0

    def tick(self, connection: Connection, stamp: Stamp) -> VerdictGiven | None:
        """Judge the next lesson; give the verdict if it is another than before."""
        running = running_classes(connection)
        due = [
            lesson
            for lesson in list_lessons(
                connection, since=(stamp.wall - 2 * _BACK).date(), until=(stamp.wall + _BACK).date()
            )
            if lesson.class_id in running
        ]
        if not due:
            return None
        self._turn = (self._turn + 1) % len(due)
        lesson = due[self._turn]
        policy = self._policies(running[lesson.class_id].policy)
        if not lesson.cancelled and stamp.wall <= lesson_times(lesson, policy.policy).end:
            return None  # its verdict is not yet, whatever is on the record
        return self._judge(connection, lesson, policy, stamp)

    def _judge(self, connection: Connection, lesson: Lesson, policy: LoadedPolicy, stamp: Stamp) -> VerdictGiven | None:
        with reading(connection):
            record = read_class(connection, lesson.class_id, policy, stamp.wall, only=lesson.id)
            judged = record.verdicts[lesson.id]
        verdict = judged.verdict
        if verdict is Verdict.NOT_YET:
            return None
        given = VerdictGiven(
            lesson=lesson.id,
            class_id=lesson.class_id,
            verdict=cast("FinalVerdict", verdict.value),
            reasons=tuple(reason.code.value for reason in judged.reasons),
            at=stamp.wall,
        )
        return given if self._writer.run(lambda tx: give(tx, given, policy=policy.stamp)) else None
