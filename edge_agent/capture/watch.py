"""Looks at the recorded cameras' pictures once a minute: a lens cap is said during the lesson, not after the class."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from edge_agent.capture.look import Eye, Judgement
from edge_agent.capture.recorder import Recording
from edge_agent.errors import DeviceError
from edge_agent.model.kinds.capture import CameraPicture
from edge_agent.model.stamp import Stamp
from edge_agent.store.cameras import set_picture
from edge_agent.store.writer import Writer

LOOK_SECONDS = 60.0
AGAIN_SECONDS = 10.0  # what looks wrong is looked at again before it is said


class PictureWatch:
    def __init__(self, writer: Writer, submit: Callable[[Callable[[], None]], object]) -> None:
        self._writer = writer
        self._submit = submit
        self._eyes: dict[str, Eye] = {}
        self._said: dict[str, Judgement] = {}
        self._suspect: dict[str, Judgement] = {}
        self._due: dict[str, float] = {}

    def tick(self, stamp: Stamp, recordings: Mapping[str, Recording], lesson_of: Callable[[str], str]) -> None:
        for camera in self._due.keys() - recordings.keys():
            del self._due[camera]
        for camera, recording in recordings.items():
            if recording.heard is not None and stamp.boottime >= self._due.get(camera, 0.0):
                self._due[camera] = stamp.boottime + LOOK_SECONDS
                self._submit(partial(self._look, recording, stamp, lesson_of(camera)))

    def _look(self, recording: Recording, stamp: Stamp, lesson: str) -> None:
        camera, keyframe = recording.camera.id, recording.keyframe
        if keyframe is None:
            return
        try:
            judgement = self._eyes.setdefault(camera, Eye()).judge(keyframe.picture())
        except DeviceError:
            return
        if judgement == self._said.get(camera, "ok"):
            self._suspect.pop(camera, None)
        elif judgement != "ok" and self._suspect.get(camera) != judgement:
            self._suspect[camera] = judgement
            self._due[camera] = stamp.boottime + AGAIN_SECONDS
        else:
            self._said[camera] = judgement
            fact = CameraPicture(camera=camera, judgement=judgement, at=stamp.wall, lesson=lesson)
            self._writer.run(lambda tx: set_picture(tx, fact))
