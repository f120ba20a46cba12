"""A picture of a bound camera, whoever holds it: one on a USB or CSI plug has a single owner, the recorder.

So whoever tests such a camera asks the recorder for a look, through the database, and opens the device itself only
where no recorder takes the question.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from edge_agent.cameras.causes import CameraError, Cause
from edge_agent.cameras.child import Stream
from edge_agent.cameras.picture import PATIENCE_S, FirstPicture, first_picture
from edge_agent.cameras.sources import OPEN_SECONDS, Source
from edge_agent.model.camera import Camera, CameraKind
from edge_agent.store import requests
from edge_agent.store.inquiry import inquire
from edge_agent.store.requests import Request
from edge_agent.store.writer import Writer

LOOK = "camera.look"  # `camera` and `stream`; answered by the recorder itself, not by a child of its
TAKEN_S = 4.0  # a recorder looks for requests every second; after that there is none
_ANSWER_S = 3 * (PATIENCE_S + OPEN_SECONDS)  # others may be looked at before it

SourceOf = Callable[[Camera, Stream], Source]


def is_local(camera: Camera) -> bool:
    return camera.kind in {CameraKind.USB, CameraKind.CSI}


class Looks:
    """`source_of` opens a camera from this process."""

    def __init__(self, writer: Writer, source_of: SourceOf) -> None:
        self._writer = writer
        self._source_of = source_of

    def first(self, camera: Camera, stream: Stream = "main") -> FirstPicture:
        """Wait for the first picture of a bound camera's stream. Raises `CameraError`."""
        if is_local(camera) and (answer := self._ask(camera, stream)) is not None:
            return _read(answer, camera)
        return first_picture(self._source_of(camera, stream), camera.name)

    def _ask(self, camera: Camera, stream: Stream) -> Request | None:
        """The recorder's answer; None where there is no recorder."""
        args = {"camera": camera.id, "stream": stream}
        ttl = timedelta(seconds=TAKEN_S + _ANSWER_S)
        return inquire(
            self._writer,
            lambda tx: requests.ask(tx, LOOK, args, by="", ttl=ttl),
            taken_within=TAKEN_S,
            answered_within=_ANSWER_S,
        )


def answer_look(source: Source, camera: Camera) -> tuple[dict[str, Any], bool]:
    """What the recorder answers, and whether it is a failure."""
    try:
        return asdict(first_picture(source, camera.name)), False
    except CameraError as error:
        return {"cause": error.cause.value, "do": error.do}, True


def _read(request: Request, camera: Camera) -> FirstPicture:
    answer = request.answer or {}
    if request.state == "done":
        return FirstPicture(**answer)
    raise CameraError(Cause(answer.get("cause", Cause.TIMEOUT)), camera.name, do=answer.get("do", ""))
