"""The routes. Whoever mounts them says who may call them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from importlib import import_module
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
from fastapi import APIRouter, Depends, Query, WebSocket
from fastapi.responses import FileResponse, Response

from edge_agent.errors import NotFoundError, unknown
from edge_agent.model.lesson import Lesson
from edge_agent.model.media import Media, MediaKind
from edge_agent.model.span import Span
from edge_agent.playback.downloads import Download, Downloads
from edge_agent.playback.live import Form, relay
from edge_agent.playback.playlist import playlist
from edge_agent.playback.show import Piece, Show, read_show
from edge_agent.store import gaps, media
from edge_agent.store.cameras import list_cameras
from edge_agent.store.database import Connection
from edge_agent.store.files import MediaFiles
from edge_agent.store.lessons import get_lesson
from edge_agent.store.piece import Piece as Segment

if TYPE_CHECKING:
    from edge_agent.playback.pictures import Pictures

STATIC = Path(__file__).parent / "static"
_FOR_EVER = {"Cache-Control": "private, max-age=31536000, immutable"}  # a segment never changes
_FRESH = {"Cache-Control": "no-cache"}
_TYPES = {".mjs": "text/javascript", ".css": "text/css", ".html": "text/html; charset=utf-8"}


@dataclass(frozen=True)
class Stage:
    """What playing needs. `span_of` tells when a lesson is, its pre-roll included."""

    reading: Callable[[], AbstractContextManager[Connection]]
    files: MediaFiles
    live_socket: Path
    now: Callable[[], datetime]
    span_of: Callable[[Connection, Lesson], Span]


def create_router(
    stage: Stage,
    *,
    prefix: str = "/playback",
    guards: Sequence[Callable[..., Any]] = (),
    socket_guards: Sequence[Callable[..., Any]] = (),
) -> APIRouter:
    """Give the routes; `guards` are dependencies of the HTTP ones, `socket_guards` of the WebSocket."""
    routes = _Routes(stage)
    http = APIRouter(prefix=prefix, dependencies=[Depends(guard) for guard in guards], include_in_schema=False)
    http.add_api_route("/lessons/{lesson}", routes.about)
    http.add_api_route("/lessons/{lesson}/{camera}/index.m3u8", routes.index)
    http.add_api_route("/lessons/{lesson}/{camera}/download", routes.begin_download, methods=["POST"], status_code=202)
    http.add_api_route("/segments/{identifier}.mp4", routes.segment, methods=["GET", "HEAD"])
    http.add_api_route("/segments/{identifier}/picture.jpg", routes.picture)
    http.add_api_route("/downloads/{identifier}", routes.download)
    http.add_api_route("/downloads/{identifier}/{name}", routes.download_file)
    http.add_api_route("/{name}", routes.static)
    live = APIRouter(prefix=prefix, dependencies=[Depends(guard) for guard in socket_guards])
    live.add_api_websocket_route("/live/{camera}", routes.live)
    both = APIRouter()
    both.include_router(http)
    both.include_router(live)
    return both


class _Routes:
    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._downloads = Downloads(stage.files, stage.now)

    @cached_property
    def _pictures(self) -> Pictures:
        """Loaded for the first picture: what decodes video takes 40 MB, which a kiosk does without."""
        made: Pictures = import_module("edge_agent.playback.pictures").Pictures()
        return made

    def about(self, lesson: str, camera: str = "") -> Response:
        """Tell a player what there is: cameras, pieces on their axis, gaps, whether more will come."""
        # FastAPI's own encoder looks at each of a lesson's 700 parts several times: 40 ms where this takes 1.
        return Response(msgspec.json.encode(self._about(lesson, camera)), media_type="application/json", headers=_FRESH)

    def _about(self, lesson: str, camera: str) -> dict[str, Any]:
        stage = self._stage
        with stage.reading() as connection:
            row = get_lesson(connection, lesson)
            span = stage.span_of(connection, row)
            names = {each.id: each.name for each in list_cameras(connection, inactive=True)}
            recorded = _recorders(connection, lesson, span, names)
            chosen = camera or next(iter(recorded), "")
            show = read_show(connection, stage.files, lesson, chosen, span) if chosen in recorded else Show(())
            missing = [gap for gap in gaps.of_lesson(connection, lesson) if gap.camera == chosen]
        return {
            "lesson": lesson,
            "camera": chosen,
            "cameras": [{"id": each, "name": names[each]} for each in recorded],
            "offset": round((span.start.utcoffset() or timedelta(0)).total_seconds()),
            "running": span.start <= stage.now() <= span.end,
            "length": round(show.length, 3),
            "codecs": sorted({piece.codec for piece in show.pieces}),
            "pieces": show.pieces,
            "gaps": [{"start": gap.start, "end": gap.end, "cause": gap.cause} for gap in missing],
            "downloads": len(_runs(show)),
        }

    def index(self, lesson: str, camera: str) -> Response:
        text = playlist(self._show(lesson, camera), "../../../segments/{media}.mp4")
        return Response(text, media_type="application/vnd.apple.mpegurl", headers=_FRESH)

    def segment(self, identifier: str) -> FileResponse:
        """Serve a file with byte ranges."""
        row = self._recording(identifier)
        path = self._stage.files.locate(row.path)
        if not path.is_file():
            raise NotFoundError(f"{identifier}: the file is gone (文件缺失).", do="Run: edge-agent fsck")
        return FileResponse(path, media_type="video/mp4", headers=_FOR_EVER)

    def picture(
        self,
        identifier: str,
        at: Annotated[float, Query(ge=0, le=3600)] = 0.0,
        width: Annotated[int, Query(ge=16, le=3840)] = 160,
    ) -> Response:
        path = self._stage.files.locate(self._recording(identifier).path)
        return Response(self._pictures.picture(path, at, width), media_type="image/jpeg", headers=_FOR_EVER)

    def begin_download(self, lesson: str, camera: str, run: Annotated[int, Query(ge=0)] = 0) -> dict[str, Any]:
        """Make one MP4 of the files of one picture size; a lesson that changed it has several runs."""
        stage = self._stage
        runs = _runs(self._show(lesson, camera))
        if run >= len(runs):
            raise NotFoundError(f"run={run}: the recording has {len(runs)} (没有这一段).")
        with stage.reading() as connection:
            rows = [media.find(connection, piece.media) for piece in runs[run]]
        files = [Segment(stage.files.locate(row.path)) for row in rows if row is not None]
        name = f"{runs[run][0].start:%Y%m%d-%H%M}-{camera}{f'-{run + 1}' if len(runs) > 1 else ''}.mp4"
        return _told(self._downloads.begin(name, files))

    def download(self, identifier: str) -> dict[str, Any]:
        return _told(self._downloads.find(identifier))

    def download_file(self, identifier: str, name: str) -> FileResponse:
        made = self._downloads.find(identifier)
        if made.state != "ready" or made.name != name:
            raise NotFoundError(f"{name}: not ready (尚未完成).", do="Wait until it is.")
        return FileResponse(made.path, media_type="video/mp4", filename=made.name, headers=_FRESH)

    def static(self, name: str) -> Response:
        """Serve the player: `player.mjs`, `player.css` and a page that shows it."""
        path = STATIC / name
        if path.suffix not in _TYPES or path.parent != STATIC or not path.is_file():
            raise NotFoundError(f"{name}: no such file.")
        return Response(path.read_bytes(), media_type=_TYPES[path.suffix], headers=_FRESH)

    async def live(
        self,
        socket: WebSocket,
        camera: str,
        stream: Literal["main", "sub"] = "sub",
        form: Annotated[Form, Query(alias="as")] = "fragments",
    ) -> None:
        await relay(socket, self._stage.live_socket, camera, stream, form)

    def _show(self, lesson: str, camera: str) -> Show:
        stage = self._stage
        with stage.reading() as connection:
            row = get_lesson(connection, lesson)
            return read_show(connection, stage.files, lesson, camera, stage.span_of(connection, row))

    def _recording(self, identifier: str) -> Media:
        with self._stage.reading() as connection:
            row = media.find(connection, identifier)
        if row is None or row.kind is not MediaKind.RECORDING or row.deleted is not None:
            raise unknown(identifier, "录像", "recording")
        return row


def _recorders(connection: Connection, lesson: str, span: Span, cameras: dict[str, str]) -> list[str]:
    """Give the cameras that recorded the lesson."""
    own = {row.camera for row in media.of_lesson(connection, lesson, MediaKind.RECORDING)}
    return [
        each
        for each in cameras
        if each in own or media.of_camera(connection, each, MediaKind.RECORDING, span.start, span.end)
    ]


def _runs(show: Show) -> list[list[Piece]]:
    """Give pieces that follow each other with one codec and size: what one MP4 can hold."""
    grouped = groupby(show.pieces, key=lambda piece: (piece.codec, piece.width, piece.height))
    return [list(pieces) for _, pieces in grouped]


def _told(made: Download) -> dict[str, Any]:
    return {
        "id": made.id,
        "name": made.name,
        "state": made.state,
        "done": made.done,
        "total": made.total,
        "error": made.error,
    }
