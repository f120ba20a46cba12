"""设备管理: what an operator does with cameras. The command line, the console and the capture service call this."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from edge_agent.cameras.address import Login
from edge_agent.cameras.bind import (
    LABEL_USER,
    Binding,
    by_address,
    by_csi,
    by_host,
    by_label,
    by_usb,
    cameras_of,
    find_again,
)
from edge_agent.cameras.causes import CameraError, Cause
from edge_agent.cameras.check import SKEW_TO_MENTION_S, Report, check
from edge_agent.cameras.discovery import discover
from edge_agent.cameras.found import Found, door
from edge_agent.cameras.looks import Looks, is_local
from edge_agent.cameras.picture import FirstPicture, first_picture
from edge_agent.cameras.registry import KEY_FILE, Registry
from edge_agent.cameras.sources import Sources
from edge_agent.cameras.usb import UsbCamera, usb_cameras
from edge_agent.cameras.wish import Wish
from edge_agent.clock import Clock
from edge_agent.errors import InputError
from edge_agent.model.camera import Camera, CameraKind
from edge_agent.model.stamp import Trust
from edge_agent.secrets import SecretBox
from edge_agent.settings import Settings
from edge_agent.store.cameras import get_camera, list_cameras
from edge_agent.store.database import connect
from edge_agent.store.writer import Writer

# Where it was there is nothing, or another one: whose serial number differs, or whose password does.
_MAY_HAVE_MOVED = {Cause.UNREACHABLE, Cause.REFUSED, Cause.TIMEOUT, Cause.OTHER_SERIAL, Cause.UNAUTHORIZED}


@dataclass(frozen=True, slots=True)
class Bound:
    camera: Camera
    picture: FirstPicture
    skew: float | None
    clock_set: bool


class CameraDesk:
    """Opens the key of the camera passwords; `close` ends the children of local cameras."""

    def __init__(self, settings: Settings, writer: Writer, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._database: Path = settings.store.database
        self.registry = Registry(writer, SecretBox.at(settings.store.data_dir / KEY_FILE))
        self._sources = Sources(self.login, csi_python=settings.cameras.csi_python)
        self._looks = Looks(writer, self._sources.of)

    def close(self) -> None:
        self._sources.close()

    def login(self, camera: Camera) -> Login | None:
        with closing(connect(self._database, readonly=True)) as connection:
            return self.registry.login(connection, camera)

    def cameras(self, names: Sequence[str] = (), *, room: str = "") -> list[Camera]:
        """The bound cameras, or those named by id, name or serial number. Raises `NotFoundError`."""
        with closing(connect(self._database, readonly=True)) as connection:
            bound = list_cameras(connection, room=room)
            chosen = [[one for one in bound if name in {one.id, one.name, one.serial}] for name in names]
            for name, those in zip(names, chosen, strict=True):
                if not those:
                    get_camera(connection, name)  # says that it is not bound
        return [one for those in chosen for one in those] if names else bound

    # finding

    async def discover(self, targets: Sequence[str] = (), *, multicast: bool = True) -> list[Found]:
        """A sealed venue is searched in its own networks alone."""
        return await discover(
            [*targets, *self._settings.cameras.search],
            multicast=multicast,
            factory_defaults=not self._settings.sealed,
        )

    # binding

    async def bind(self, wish: Wish, *, by: str, multicast: bool = True) -> list[Bound]:
        """Binds what `wish` says, once every camera of it has shown a picture. Raises `CameraError` or `InputError`."""
        ways = [bool(wish.serial and wish.code), bool(wish.host), bool(wish.rtsp), bool(wish.usb), wish.csi is not None]
        if sum(ways[1:]) > 1 or not any(ways):
            raise InputError(
                "绑定方式不明 / say how to bind it, in one way.",
                do="--serial 与 --code，或 --host，或 --rtsp，或 --usb，或 --csi / one of these.",
            )
        if not wish.room:
            raise InputError("--room：摄像机属于一间教室 / a camera belongs to a room.", do="--room 101")
        binding = await self._find(wish, multicast=multicast)
        pictures = self._look(binding)
        skew, clock_set = (binding.device.skew, binding.device.clock_set) if binding.device else (None, False)
        bound = []
        for camera, picture in zip(binding.cameras, pictures, strict=True):
            row = replace(camera, audio=wish.audio, codec=picture.codec)
            row = self.registry.bind(row, binding.login, by=by)
            if skew is not None:
                self.registry.note_clock(row.id, skew, corrected=clock_set)
            bound.append(Bound(row, picture, skew, clock_set))
        return bound

    def _look(self, binding: Binding) -> list[FirstPicture]:
        """A picture of each camera, with a login that is not stored yet."""
        if held := self._held(binding):
            return [self._looks.first(held)]
        trial = Sources(lambda _: binding.login, csi_python=self._settings.cameras.csi_python)
        try:
            return [first_picture(trial.of(camera), camera.name) for camera in binding.cameras]
        finally:
            trial.close()

    def _held(self, binding: Binding) -> Camera | None:
        """The bound camera whose device, on a plug of this computer, is bound once more: the recorder may hold it."""
        wanted = {camera.main.partition("?")[0] for camera in binding.cameras if is_local(camera)}
        return next((one for one in self.cameras() if one.main.partition("?")[0] in wanted), None)

    async def _find(self, wish: Wish, *, multicast: bool) -> Binding:
        if wish.rtsp:
            return by_address(wish.rtsp, wish.sub, room=wish.room, name=wish.name)
        if wish.csi is not None:
            return by_csi(wish.csi, room=wish.room, name=wish.name)
        if wish.usb:
            known = next((one for one in usb_cameras() if wish.usb in {one.device, one.serial}), None)
            return by_usb(known or UsbCamera(wish.usb, wish.usb, ""), room=wish.room, name=wish.name)
        login = self._login_of(wish)
        if wish.host:
            host, port = _host_and_port(wish.host)
            found, device = await by_host(
                host, login, now=self._now(), serial=wish.serial, port=port, set_clock=self._trusted()
            )
        else:
            candidates = await self.discover(wish.search, multicast=multicast)
            found, device = await by_label(
                wish.serial,
                login or Login(LABEL_USER, wish.code),
                candidates,
                now=self._now(),
                set_clock=self._trusted(),
            )
        cameras = cameras_of(found, device, room=wish.room, name=wish.name, channel=wish.channel)
        return Binding(cameras, login, device)

    def _login_of(self, wish: Wish) -> Login | None:
        """The operator's own user and password if given, else the label's code for `admin`."""
        if wish.user or wish.password:
            return Login(wish.user or LABEL_USER, wish.password or wish.code)
        return Login(LABEL_USER, wish.code) if wish.code else None

    # testing

    async def test(
        self, names: Sequence[str] = (), *, set_clock: bool = False, search: bool = True, by: str = ""
    ) -> list[Report]:
        """One after another. A camera that is not where it was is looked for by its serial number, if `search`."""
        reports = []
        for camera in self.cameras(names):
            report = await self._check(camera, set_clock=set_clock)
            if search and report.cause in _MAY_HAVE_MOVED and (moved := await self.find_again(camera)) is not None:
                self.registry.change(moved, by=by)
                report = await self._check(moved, set_clock=set_clock)
                report.warnings.insert(0, f"地址已变 / found again at {moved.host}, was {camera.host}")
            self.registry.note_identity(camera.id, other=report.cause is Cause.OTHER_SERIAL)
            if report.skew is not None:
                self.registry.note_clock(camera.id, report.skew, corrected=report.clock_set)
            reports.append(report)
        return reports

    async def find_again(self, camera: Camera, *, multicast: bool = True) -> Camera | None:
        """The camera with the address that it has now, not stored yet; None where it can't be found."""
        if camera.kind is not CameraKind.ONVIF:
            return None
        found = await self.discover(multicast=multicast)
        try:
            return await find_again(camera, self.login(camera), found, now=self._now())
        except CameraError:
            return None

    async def _check(self, camera: Camera, *, set_clock: bool) -> Report:
        report = await check(
            camera, self.login(camera), self._looks, now=self._now(), set_clock=set_clock and self._trusted()
        )
        if set_clock and not self._trusted() and report.skew is not None and abs(report.skew) > SKEW_TO_MENTION_S:
            report.warnings.append(
                "本机时间未经确认，不能用来校准摄像机 / this device's own time is unconfirmed: no camera is set by it"
            )
        return report

    def _now(self) -> datetime:
        return self._clock.stamp().wall

    def _trusted(self) -> bool:
        """A camera is not set by a clock that is itself in doubt."""
        return self._clock.stamp().trust is not Trust.UNTRUSTED


def _host_and_port(text: str) -> tuple[str, int]:
    return door(text) or (text, 0)
