"""RTSP over TCP with digest: the part of RFC 2326 that recorders use."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from edge_agent.simulator import rtp
from edge_agent.simulator.accounts import Verdict
from edge_agent.simulator.device import Device, Profile
from edge_agent.simulator.faults import Fault
from edge_agent.simulator.play import play_audio, play_video

log = logging.getLogger(__name__)

_METHODS = "OPTIONS, DESCRIBE, SETUP, PLAY, PAUSE, TEARDOWN, GET_PARAMETER"
_REASONS = {
    200: "OK", 302: "Moved Temporarily", 400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found",
    455: "Method Not Valid in This State", 461: "Unsupported Transport", 501: "Not Implemented",
}  # fmt: skip
_MAX_REQUEST = 16 * 1024


class RtspServer:
    """Serves a device's profiles. `sessions` is how many clients are playing."""

    def __init__(self, device: Device) -> None:
        self._device = device
        self._server: asyncio.Server | None = None
        self._connections: set[_Connection] = set()

    @property
    def sessions(self) -> int:
        return sum(bool(connection.playing) for connection in self._connections)

    @property
    def stopped(self) -> bool:
        return self._server is None

    async def start(self) -> None:
        self._server = await asyncio.start_server(
            self._serve, self._device.host, self._device.rtsp_port, limit=_MAX_REQUEST
        )
        self._device.rtsp_port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Refuses new connections and cuts the ones there are."""
        server, self._server = self._server, None
        if server is not None:
            # asyncio loses, open, a connection that it has accepted but not yet attached when the server is closed.
            for sock in server.sockets:
                server.get_loop().remove_reader(sock.fileno())
            await asyncio.sleep(0)
            server.close()
        self.cut()

    def cut(self) -> None:
        for connection in list(self._connections):
            connection.writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = _Connection(self._device, reader, writer)
        self._connections.add(connection)
        try:
            await connection.run()
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # a client that went away, or that speaks something else
        finally:
            self._connections.discard(connection)
            await connection.close()


@dataclass(slots=True)
class _Request:
    method: str
    url: str
    headers: dict[str, str]

    @property
    def path(self) -> str:
        return urlsplit(self.url).path.rstrip("/") or "/"


@dataclass(eq=False, slots=True)
class _Connection:
    device: Device
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    session: str = field(default_factory=lambda: secrets.token_hex(4))
    profile: Profile | None = None
    channels: dict[str, int] = field(default_factory=dict)  # track to interleaved channel
    playing: list[asyncio.Task[None]] = field(default_factory=list)

    async def run(self) -> None:
        while (request := await self._read()) is not None:
            if self.device.board.active(Fault.SILENT):
                continue
            self._answer(request)
            await self.writer.drain()
            if request.method == "TEARDOWN":
                return

    async def close(self) -> None:
        for task in self.playing:
            task.cancel()
        await asyncio.gather(*self.playing, return_exceptions=True)
        self.writer.close()
        with contextlib.suppress(ConnectionError):
            await self.writer.wait_closed()

    async def _read(self) -> _Request | None:
        """The next request; receiver reports that come between are skipped."""
        while (first := await self.reader.read(1)) == b"$":
            head = await self.reader.readexactly(3)
            await self.reader.readexactly(int.from_bytes(head[1:], "big"))
        if not first:
            return None
        text = (first + await self.reader.readuntil(b"\r\n\r\n")).decode("utf-8", "replace")
        line, *rest = text.strip().split("\r\n")
        method, url, *_ = [*line.split(" "), "", ""]
        headers = {name.strip().lower(): value.strip() for name, _, value in (row.partition(":") for row in rest)}
        if (length := headers.get("content-length", "0")).isdigit():
            await self.reader.readexactly(int(length))
        return _Request(method, url, headers)

    def _answer(self, request: _Request) -> None:
        if request.method == "OPTIONS":
            self._reply(request, 200, Public=_METHODS)
            return
        match self.device.accounts.digest(request.method, request.headers.get("authorization")):
            case Verdict.LOCKED:
                self._reply(request, 403)
            case Verdict.ANONYMOUS | Verdict.WRONG:
                self._reply(request, 401, WWW_Authenticate=self.device.accounts.challenge(qop=False))
            case Verdict.WELCOME:
                handler = {
                    "DESCRIBE": self._describe,
                    "SETUP": self._setup,
                    "PLAY": self._play,
                    "GET_PARAMETER": self._keep_alive,
                    "TEARDOWN": self._keep_alive,
                }.get(request.method)
                if handler is None:
                    self._reply(request, 501)
                else:
                    handler(request)

    def _reply(self, request: _Request, code: int, body: str = "", **headers: str) -> None:
        lines = [f"RTSP/1.0 {code} {_REASONS[code]}", f"CSeq: {request.headers.get('cseq', '0')}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        if body:
            lines += ["Content-Type: application/sdp", f"Content-Length: {len(body)}"]
        self.writer.write("\r\n".join([*lines, "", body]).encode())

    def _keep_alive(self, request: _Request) -> None:
        self._reply(request, 200, Session=self.session)

    def _describe(self, request: _Request) -> None:
        if self.device.board.active(Fault.REDIRECT_LOOP):
            self._reply(request, 302, Location=request.url)
            return
        profile = self.device.profile(request.path)
        if profile is None:
            self._reply(request, 404)
            return
        lines = ["v=0", f"o=- 1 1 IN IP4 {self.device.host}", "s=Virtual camera", "c=IN IP4 0.0.0.0", "t=0 0"]
        lines += ["a=control:*", "a=range:npt=now-"]
        lines += rtp.media_description(profile.loop.spec.codec, profile.loop.parameter_sets)
        if self.device.audio:
            lines += ["m=audio 0 RTP/AVP 8", "a=rtpmap:8 PCMA/8000", "a=control:trackID=2"]
        self._reply(request, 200, "\r\n".join([*lines, ""]), Content_Base=f"{request.url.rstrip('/')}/")

    def _setup(self, request: _Request) -> None:
        path, _, track = request.path.rpartition("/")
        profile = self.device.profile(path)
        if profile is None or not track.startswith("trackID="):
            self._reply(request, 404)
            return
        options = dict(part.partition("=")[::2] for part in request.headers.get("transport", "").split(";"))
        if "RTP/AVP/TCP" not in options:
            self._reply(request, 461)
            return
        channel = int(options.get("interleaved", f"{2 * len(self.channels)}").partition("-")[0])
        self.profile = profile
        self.channels[track.removeprefix("trackID=")] = channel
        transport = f"RTP/AVP/TCP;unicast;interleaved={channel}-{channel + 1}"
        self._reply(request, 200, Transport=transport, Session=f"{self.session};timeout=60")

    def _play(self, request: _Request) -> None:
        if self.profile is None or self.playing:
            self._reply(request, 455)
            return
        self._reply(request, 200, Session=self.session, Range="npt=now-")
        players = {"1": play_video, "2": play_audio}
        for track, channel in self.channels.items():
            player = players[track](self.device, self.profile, channel, self.writer)
            self.playing.append(asyncio.get_running_loop().create_task(player))
