"""A picture now (抓拍), because a person or the centre asked for one through the database."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from edge_agent.cameras.sources import Source
from edge_agent.capture.causes import StreamError
from edge_agent.capture.programme import Programme
from edge_agent.capture.recorder import Recording
from edge_agent.capture.shots import Album, Shot, look, shoot
from edge_agent.capture.words import Words
from edge_agent.clock import Clock
from edge_agent.errors import DeviceError, EdgeAgentError, NotFoundError
from edge_agent.model.camera import Camera
from edge_agent.model.kinds.capture import SnapshotByHand
from edge_agent.model.lesson import Lesson
from edge_agent.model.media import Media
from edge_agent.store import requests
from edge_agent.store.database import Connection
from edge_agent.store.files import MediaFiles
from edge_agent.store.lessons import find_lesson
from edge_agent.store.requests import Request
from edge_agent.store.writer import Transaction, Writer

log = logging.getLogger(__name__)

SNAPSHOT = "snapshot"


class SnapshotDesk:
    """Answers requests of kind `snapshot` with `camera`, or with `lesson` alone for the first camera that shows it."""

    def __init__(
        self,
        writer: Writer,
        files: MediaFiles,
        connect: Callable[[], Connection],
        clock: Clock,
        source_of: Callable[[Camera], Source],
        *,
        venue: str,
        zone: ZoneInfo,
        submit: Callable[[Callable[[], None]], object],
    ) -> None:
        self._writer = writer
        self._clock = clock
        self._source_of = source_of
        self._zone = zone
        self._submit = submit
        self._connection = connect()
        self._elsewhere = connect()
        self._words = Words(self._elsewhere, venue)
        self._album = Album(writer, files)

    def close(self) -> None:
        self._connection.close()
        self._elsewhere.close()

    def tick(self, programme: Programme, recordings: Mapping[str, Recording]) -> None:
        if requests.waiting(self._connection, (SNAPSHOT,)):
            for request in self._writer.run(lambda tx: requests.take(tx, (SNAPSHOT,))):
                self._submit(partial(self._serve, request, programme, dict(recordings)))

    def _serve(self, request: Request, programme: Programme, recordings: Mapping[str, Recording]) -> None:
        failed = False
        try:
            row = self._take(request, programme, recordings)
            answer: dict[str, Any] = {
                "media": row.id,
                "camera": row.camera,
                "at": row.start.isoformat(),
                "sha256": row.sha256,
                "size": row.size,
            }
        except EdgeAgentError as error:
            answer, failed = {"error": error.message, "do": error.do}, True
        self._writer.run(partial(requests.answer, identifier=request.id, result=answer, failed=failed))

    def _take(self, request: Request, programme: Programme, recordings: Mapping[str, Recording]) -> Media:
        lesson = find_lesson(self._elsewhere, str(request.args.get("lesson", "")))
        named = str(request.args.get("camera", ""))
        cameras = [named] if named else list(programme.cameras_of(lesson)) if lesson else []
        if not cameras:
            raise NotFoundError(
                "抓拍：没有可用的摄像机 / snapshot: no camera.", do="Name a camera, or a lesson that has one."
            )
        for camera in cameras:
            row = programme.cameras.get(camera)
            if row is None:
                raise NotFoundError(f"{camera}：设备未绑定 / not bound.", do="Run: edge-agent cameras list")
            try:
                shot = self._shoot(row, recordings.get(camera))
            except (StreamError, DeviceError) as error:
                cause = error.cause.value if isinstance(error, StreamError) else error.message
                continue
            return self._keep(request, row, lesson, shot)
        raise DeviceError(f"抓拍：摄像机没有画面 / snapshot: no picture ({cause}).", do="Run: edge-agent cameras test")

    def _shoot(self, camera: Camera, recording: Recording | None) -> Shot:
        stamp = self._clock.stamp()
        shot = shoot(recording, stamp, lambda _: True) if recording else None
        return shot or look(camera, self._source_of, self._clock)

    def _keep(self, request: Request, camera: Camera, lesson: Lesson | None, shot: Shot) -> Media:
        trust = self._clock.stamp().trust
        lines = self._words.lines(lesson, "人工抓拍", camera.name, shot.at, self._zone, source=shot.source, trust=trust)

        def note(tx: Transaction, row: Media, alike: str) -> bool:
            taken = SnapshotByHand(
                lesson=row.lesson,
                camera=row.camera,
                at=shot.at,
                media=row.id,
                sha256=row.sha256,
                size=row.size,
                phash=alike,
            )
            tx.append(taken, by=request.by)
            return True

        row = self._album.keep(shot, lesson.id if lesson else "", lines, note)
        if row is None:
            raise AssertionError("a picture by hand is always wanted")
        return row
