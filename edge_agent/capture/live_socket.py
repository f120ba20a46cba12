"""The one Unix socket through which pages get live video.

A viewer connects, sends one line of JSON, `{"camera": ID, "stream": "sub"|"main", "as": "fragments"|"jpeg"}`, and then
only reads: messages of one byte of kind (`live.Kind`), four bytes of length, big end first, and the body.
"""

from __future__ import annotations

import json
import logging
import select
import socket
import struct
import threading
from contextlib import suppress
from pathlib import Path

from edge_agent.cameras.child import Stream
from edge_agent.capture.jpeg import encode_jpeg
from edge_agent.capture.live import Kind
from edge_agent.capture.live_feeds import Live, LiveFeeds
from edge_agent.errors import DeviceError, EdgeAgentError, InputError

log = logging.getLogger(__name__)

MOST_VIEWERS = 64
REQUEST_SECONDS = 5.0
SEND_SECONDS = 10.0  # a page that reads nothing for so long is gone
JPEG_SECONDS = 1.0
_LONGEST_REQUEST = 1024


class LiveSocket:
    """Listens until `close`; a thread for each viewer, because each waits for its own network."""

    def __init__(self, path: Path, feeds: LiveFeeds) -> None:
        self._feeds = feeds
        self._path = path
        self._stopping = threading.Event()
        self._places = threading.BoundedSemaphore(MOST_VIEWERS)
        path.unlink(missing_ok=True)  # not media: a socket
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
        try:
            self._socket.bind(str(path))
        except OSError:
            self._socket.close()
            raise
        path.chmod(0o660)  # the kiosk's user is of our group
        self._socket.listen(16)
        self._thread = threading.Thread(target=self._accept, name="live", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        self._stopping.set()
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._path.unlink(missing_ok=True)  # not media: a socket

    def _accept(self) -> None:
        while not self._stopping.is_set():
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            if not self._places.acquire(blocking=False):
                connection.close()
                continue
            threading.Thread(target=self._serve, args=(connection,), name="viewer", daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            with connection, suppress(OSError):
                connection.settimeout(REQUEST_SECONDS)
                try:
                    camera, stream, as_jpeg = _read_request(connection)
                    live = self._feeds.open(camera, stream)
                except EdgeAgentError as error:
                    _send(connection, Kind.ERROR, json.dumps({"cause": error.message}).encode())
                    return
                try:
                    connection.settimeout(SEND_SECONDS)
                    (self._send_jpegs if as_jpeg else self._send_fragments)(connection, live)
                finally:
                    self._feeds.release(live)
        finally:
            self._places.release()

    def _send_fragments(self, connection: socket.socket, live: Live) -> None:
        viewer = live.broadcast.join()
        try:
            while not self._stopping.is_set():
                message = viewer.take(1.0)
                if message is not None:
                    _send(connection, message.kind, message.body)
                elif _hung_up(connection):
                    return
        finally:
            live.broadcast.leave(viewer)

    def _send_jpegs(self, connection: socket.socket, live: Live) -> None:
        """For browsers that can't decode the camera's codec: each keyframe as a picture, one a second at most."""
        shown = None
        while not self._stopping.wait(JPEG_SECONDS if shown else 0.1) and not _hung_up(connection):
            keyframe = live.feed.keyframe
            if keyframe is None or keyframe is shown:
                continue
            shown = keyframe
            with suppress(DeviceError):
                _send(connection, Kind.JPEG, encode_jpeg(keyframe.picture()))


def _read_request(connection: socket.socket) -> tuple[str, Stream, bool]:
    line = b""
    while not line.endswith(b"\n"):
        more = connection.recv(_LONGEST_REQUEST)
        line += more
        if not more or len(line) > _LONGEST_REQUEST:
            raise InputError("live: no request.", do='Send one line: {"camera": ID, "stream": "sub"}')
    try:
        asked = json.loads(line)
        camera, stream, form = str(asked["camera"]), asked.get("stream", "sub"), asked.get("as", "fragments")
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise InputError(f"live: not a request ({error}).", do='Send {"camera": ID, "stream": "sub"}') from None
    if stream not in {"main", "sub"} or form not in {"fragments", "jpeg"}:
        raise InputError(f"live: stream={stream}, as={form}: unknown.")
    return camera, stream, form == "jpeg"


def _send(connection: socket.socket, kind: Kind, body: bytes) -> None:
    connection.sendall(kind.value + struct.pack(">I", len(body)) + body)


def _hung_up(connection: socket.socket) -> bool:
    """Say whether the viewer closed its end; one that only reads sends nothing else."""
    readable, _, _ = select.select([connection], [], [], 0)
    return bool(readable) and not connection.recv(1)
