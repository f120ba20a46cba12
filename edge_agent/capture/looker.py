"""Looks at a camera of this computer for whoever tests it: the recorder holds it, and nobody else can open it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from edge_agent.cameras.child import Stream
from edge_agent.cameras.looks import LOOK, SourceOf, answer_look
from edge_agent.model.camera import Camera
from edge_agent.store import requests
from edge_agent.store.database import Connection
from edge_agent.store.requests import Request
from edge_agent.store.writer import Writer


class Looker:
    """Answers requests of kind `camera.look`; `submit` runs the looks one after another, elsewhere."""

    def __init__(
        self,
        writer: Writer,
        connection: Connection,
        source_of: SourceOf,
        submit: Callable[[Callable[[], None]], object],
    ) -> None:
        self._writer = writer
        self._connection = connection
        self._source_of = source_of
        self._submit = submit

    def tick(self, cameras: Mapping[str, Camera]) -> None:
        if requests.waiting(self._connection, (LOOK,)):
            for request in self._writer.run(lambda tx: requests.take(tx, (LOOK,))):
                self._submit(partial(self._serve, request, cameras.get(str(request.args.get("camera", "")))))

    def _serve(self, request: Request, camera: Camera | None) -> None:
        if camera is None:
            answer, failed = {"cause": "no_device"}, True
        else:
            stream: Stream = "sub" if request.args.get("stream") == "sub" else "main"
            answer, failed = answer_look(self._source_of(camera, stream), camera)
        self._writer.run(partial(requests.answer, identifier=request.id, result=answer, failed=failed))
