"""课前自检: each camera of a room's next lesson is looked at an hour and half an hour before, while there is time."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import partial

from edge_agent.cameras.sources import Source
from edge_agent.capture.causes import Cause, StreamError
from edge_agent.capture.look import judge_flat
from edge_agent.capture.peek import peek
from edge_agent.capture.programme import Programme
from edge_agent.capture.recorder import Recording
from edge_agent.clock import Clock
from edge_agent.errors import EdgeAgentError
from edge_agent.model.camera import Camera
from edge_agent.model.kinds.capture import CameraChecked
from edge_agent.model.stamp import Stamp
from edge_agent.rules.windows import lesson_times
from edge_agent.store.writer import Writer

log = logging.getLogger(__name__)

MINUTES = (60, 30)


class Preflight:
    """`submit` runs the looks one after another, elsewhere: a camera that is off takes seconds."""

    def __init__(
        self,
        writer: Writer,
        clock: Clock,
        source_of: Callable[[Camera], Source],
        submit: Callable[[Callable[[], None]], object],
    ) -> None:
        self._writer = writer
        self._clock = clock
        self._source_of = source_of
        self._submit = submit
        self._done: set[tuple[str, str, int]] = set()

    def tick(self, stamp: Stamp, programme: Programme, recordings: Mapping[str, Recording]) -> None:
        for course, plan in programme.plans(stamp.wall):
            for lesson in plan.upcoming:
                minutes = _due(stamp.wall, lesson_times(lesson, course.schedule.policy).start)
                for camera in programme.cameras_of(lesson) if minutes else ():
                    if (lesson.id, camera, minutes) not in self._done:
                        self._done.add((lesson.id, camera, minutes))
                        row, recording = programme.cameras[camera], recordings.get(camera)
                        self._submit(partial(self._check, lesson.id, row, recording, minutes))

    def _check(self, lesson: str, camera: Camera, recording: Recording | None, minutes: int) -> None:
        cause = ""
        try:
            keyframe = recording.keyframe if recording else None
            keyframe = keyframe or peek(self._source_of(camera), self._clock.boottime)
            judgement = judge_flat(keyframe.picture())
            if judgement != "ok":
                cause = judgement
        except StreamError as error:
            cause = error.cause.value
        except EdgeAgentError as error:  # its password can't be read, its picture does not decode
            log.warning("%s: %s", camera.name, error)
            cause = Cause.BAD_DATA.value
        self._writer.append(
            CameraChecked(camera=camera.id, lesson=lesson, minutes_before=minutes, ok=not cause, cause=cause)
        )


def _due(now: datetime, start: datetime) -> int:
    """Give which of the checks is due, 0 for none."""
    left = start - now
    return next((minutes for minutes in sorted(MINUTES) if timedelta(0) < left <= timedelta(minutes=minutes)), 0)
