"""录制, 批量录制: what an operator wants recorded."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from edge_agent.checkin.person import Policies
from edge_agent.errors import ConflictError
from edge_agent.model.lesson import Lesson
from edge_agent.rules.windows import lesson_times
from edge_agent.store import cameras, lessons, training
from edge_agent.store.writer import Transaction

Action = Literal["start", "stop"]


def record_by_hand(
    tx: Transaction, wanted: Sequence[str], action: Action, *, now: datetime, by: str, policies: Policies
) -> int:
    """Start or stop the recording of lessons by hand, all or none; give how many cameras it concerns.

    From ten minutes before the lesson (the policy's `by_hand_lead`) to its end. Raises `ConflictError`.
    """
    count = 0
    for identifier in wanted:
        lesson = lessons.get_lesson(tx.connection, identifier)
        policy = policies(training.get_class(tx.connection, lesson.class_id).policy).policy
        times = lesson_times(lesson, policy)
        if lesson.cancelled or not times.start - policy.recording.by_hand_lead <= now <= times.end:
            raise ConflictError(
                f"Lesson {identifier} can't be recorded by hand now (现在不能手动录制该课程).",
                do="It can from ten minutes before its start to its end.",
            )
        own = cameras_of(tx, lesson)
        if not own:
            raise ConflictError(f"Lesson {identifier} has no camera (监控任务未关联设备).", do="Associate one first.")
        for camera in own:
            lessons.request_recording(
                tx, lesson=identifier, camera=camera, action=action, start=now, end=times.end, by=by
            )
        count += len(own)
    return count


def cameras_of(tx: Transaction, lesson: Lesson) -> tuple[str, ...]:
    return lesson.cameras or tuple(each.id for each in cameras.list_cameras(tx.connection, room=lesson.room))
