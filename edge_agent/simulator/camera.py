"""`VirtualCamera`: one device with its servers, in a thread of its own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Sequence
from dataclasses import replace
from types import TracebackType
from typing import Any, Literal, Self
from urllib.parse import quote

from edge_agent.errors import DeviceError
from edge_agent.simulator.accounts import Accounts
from edge_agent.simulator.device import Device, OnvifLogin, Profile
from edge_agent.simulator.discovery import Responder
from edge_agent.simulator.faults import Fault, FaultBoard, parse
from edge_agent.simulator.http import HttpServer
from edge_agent.simulator.loop import Codec, Loop, StreamSpec, encode, encode_now
from edge_agent.simulator.rtsp import RtspServer

Discovery = Literal["off", "unicast", "multicast"]

_SUB = StreamSpec(width=320, height=180, fps=5, kbps=100)
_PICTURE_FAULTS: dict[Fault, dict[str, Any]] = {
    Fault.B_FRAMES: {"bframes": 2},
    Fault.RESOLUTION: {"width": 480, "height": 272},
    Fault.LONG_GOP: {"gop": 10, "seconds": 10},
    Fault.BLACK: {"scene": "black"},
    Fault.COVERED: {"scene": "covered"},
    Fault.STILL: {"scene": "still", "noise": 0},
}


CLEAR = "clear"


class VirtualCamera:
    """A camera on `host` with free ports (or the given ones), from `start` to `stop`, or in a `with` block.

    `main` and `sub` say what is streamed, `extra` adds profiles to each channel; `codec` is short for both. With
    `channels` above 1 it is a recorder (NVR): one serial number, that many sources. With `wall_clock` the blackboard
    shows the time of day, at the price of encoding all the time.
    """

    def __init__(
        self,
        *,
        serial: str = "VC0000001",
        user: str = "admin",
        password: str = "ABCDEF",  # noqa: S107 - the code that this camera's label would show
        codec: Codec = "h264",
        main: StreamSpec | None = None,
        sub: StreamSpec | None = _SUB,
        extra: Sequence[StreamSpec] = (),
        channels: int = 1,
        audio: bool = False,
        host: str = "127.0.0.1",
        rtsp_port: int = 0,
        http_port: int = 0,
        discovery: Discovery = "unicast",
        discovery_port: int = 0,
        manufacturer: str = "Virtual",
        model: str = "VC-1",
        onvif_login: OnvifLogin = "token",
        media2: bool = True,
        tells_serial: bool = True,
        lockout_after: int = 5,
        lockout_seconds: float = 1800,
        wall_clock: bool = False,
    ) -> None:
        board = FaultBoard()
        specs = {"main": main or StreamSpec(codec=codec)}
        if sub is not None:
            specs["sub"] = replace(sub, codec=codec) if main is None else sub
        specs |= {f"extra{index}": spec for index, spec in enumerate(extra, start=1)}
        self._device = Device(
            serial=serial,
            host=host,
            accounts=Accounts(user, password, board, lockout_after, lockout_seconds),
            board=board,
            profiles=[
                Profile(f"ch{number}", name, encode(_labelled(spec, number, channels)))
                for number in range(1, channels + 1)
                for name, spec in specs.items()
            ],
            manufacturer=manufacturer,
            model=model,
            onvif_login=onvif_login,
            media2=media2,
            tells_serial=tells_serial,
            audio=audio,
            http_port=http_port,
            rtsp_port=rtsp_port,
        )
        self._given = {profile.token: profile.loop for profile in self._device.profiles}
        self._rtsp = RtspServer(self._device)
        self._http = HttpServer(self._device, self._command)
        self._responder = (
            None if discovery == "off" else Responder(self._device, discovery_port, multicast=discovery == "multicast")
        )
        self._wall_clock = wall_clock
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name=f"camera {serial}", daemon=True)

    # its life

    def start(self) -> Self:
        self._thread.start()
        try:
            self._run(self._open())
            if self._wall_clock:
                asyncio.run_coroutine_threadsafe(self._show_time(), self._loop)
        except OSError as error:
            self.stop()
            raise DeviceError(
                f"camera {self.serial}: {error}.", do="Give free ports and an address of this host."
            ) from error
        return self

    def stop(self) -> None:
        self._run(self._finish())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result()

    async def _open(self) -> None:
        await self._http.start()
        await self._rtsp.start()
        if self._responder is not None:
            await self._responder.start()

    async def _shut(self) -> None:
        if self._responder is not None:
            self._responder.stop()
        await self._rtsp.stop()
        await self._http.stop()

    async def _finish(self) -> None:
        """Ends what is under way too: a connection that is just being taken would be left behind open."""
        await self._shut()
        await self._http.close()
        while others := asyncio.all_tasks() - {asyncio.current_task()}:
            self._rtsp.cut()
            await asyncio.wait(others, timeout=0.2)
            for task in others:
                task.cancel()

    async def _down(self, seconds: float | None) -> None:
        await self._shut()
        if seconds is not None:
            self._loop.call_later(seconds, lambda: self._loop.create_task(self._open()))

    async def _show_time(self) -> None:
        """Encodes the next second's GOPs while the present ones are shown."""
        while True:
            second = int(self._device.wall()) + 1
            due = [p for p in self._device.profiles if second % p.loop.spec.gop == 0]
            loops = {p.token: await asyncio.to_thread(encode_now, p.loop.spec, second) for p in due}
            await asyncio.sleep(second - self._device.wall())
            self._show(loops)

    # what others need to know of it

    @property
    def serial(self) -> str:
        return self._device.serial

    @property
    def user(self) -> str:
        return self._device.accounts.user

    @property
    def password(self) -> str:
        return self._device.accounts.password

    @property
    def onvif_host(self) -> str:
        return self._device.host

    @property
    def onvif_port(self) -> int:
        return self._device.http_port

    @property
    def onvif_url(self) -> str:
        return f"http://{self.onvif_host}:{self.onvif_port}/onvif/device_service"

    @property
    def discovery_port(self) -> int:
        return 0 if self._responder is None else self._responder.port

    @property
    def multicast(self) -> bool:
        """Whether a search that names no host finds it."""
        return self._responder is not None and self._responder.multicast

    @property
    def endpoint(self) -> str:
        return f"urn:uuid:{self._device.endpoint}"

    @property
    def rtsp_url(self) -> str:
        """The first channel's main stream, with user and password."""
        return self.url()

    def url(self, name: str = "main", *, channel: int = 1, credentials: bool = True) -> str:
        who = f"{quote(self.user)}:{quote(self.password)}@" if credentials else ""
        return f"rtsp://{who}{self._device.host}:{self._device.rtsp_port}/ch{channel}/{name}"

    @property
    def snapshot_url(self) -> str:
        return f"http://{self._device.host}:{self._device.http_port}/snapshot/ch1/main"

    @property
    def wrong_guesses(self) -> int:
        """Wrong credentials so far, over every protocol."""
        return self._device.accounts.failures

    @property
    def sessions(self) -> int:
        """Clients that are playing."""
        return self._rtsp.sessions

    # faults

    def fault(self, name: Fault | str, seconds: float | None = None, **options: Any) -> None:
        """Begins a fault, for `seconds` or until `clear`. Options are named beside each `Fault`."""
        fault = parse(name)
        if fault is Fault.CUT:
            self._loop.call_soon_threadsafe(self._rtsp.cut)
        elif fault in {Fault.REFUSE, Fault.REBOOT}:
            self._run(self._down(2.0 if fault is Fault.REBOOT and seconds is None else seconds))
        elif fault is Fault.CODEC:
            spec = self._device.profiles[0].loop.spec
            self._restream(seconds, {"codec": "h264" if spec.codec == "h265" else "h265"})
        elif fault in _PICTURE_FAULTS:
            self._restream(seconds, {**_PICTURE_FAULTS[fault], **options})
        else:
            self._device.board.set(fault, seconds, options)

    def _command(self, name: str, seconds: float | None, options: dict[str, Any]) -> None:
        """What is posted to it: a fault's name, or `clear`."""
        if name == CLEAR:
            self.clear()
        else:
            self.fault(name, seconds, **options)

    def clear(self, name: Fault | str | None = None) -> None:
        """Ends one fault, or all of them."""
        fault = None if name is None else parse(name)
        self._device.board.clear(fault)
        self._show(self._given)
        if self._rtsp.stopped:
            self._run(self._open())

    def _restream(self, seconds: float | None, changes: dict[str, Any]) -> None:
        """Streams another loop on every main profile; encoded here, in the caller's thread, before it is shown."""
        self._show({t: encode(replace(loop.spec, **changes)) for t, loop in self._given.items() if t.endswith("_main")})
        if seconds is not None:
            self._loop.call_soon_threadsafe(lambda: self._loop.call_later(seconds, self._show, self._given))

    def _show(self, loops: dict[str, Loop]) -> None:
        for profile in self._device.profiles:
            profile.loop = loops.get(profile.token, profile.loop)


def _labelled(spec: StreamSpec, number: int, channels: int) -> StreamSpec:
    """A recorder's channels look different; cameras don't, so that a row of them is encoded once."""
    return spec if channels == 1 else replace(spec, label=f"{spec.label} {number}".strip())
