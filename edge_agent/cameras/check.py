"""`cameras test`: what is wrong with a bound camera, in words."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from edge_agent.cameras.address import Login
from edge_agent.cameras.bind import full_xaddr
from edge_agent.cameras.causes import CameraError, Cause
from edge_agent.cameras.looks import Looks
from edge_agent.cameras.onvif import read_device
from edge_agent.cameras.picture import FirstPicture
from edge_agent.model.camera import Camera, CameraKind

SKEW_TO_MENTION_S = 2.0  # the camera tells whole seconds


@dataclass(slots=True)
class Report:
    """What was found. `cause` is empty where the camera can be recorded; `skew` is its clock minus ours."""

    camera: str
    name: str
    cause: Cause | None = None
    words: str = ""
    do: str = ""
    skew: float | None = None
    clock_set: bool = False
    main: FirstPicture | None = None
    sub: FirstPicture | None = None
    warnings: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return self.cause is None


async def check(camera: Camera, login: Login | None, looks: Looks, *, now: datetime, set_clock: bool = False) -> Report:
    """Asks the device, then waits for a picture of each stream; after a wrong password nothing more is tried."""
    report, asked = Report(camera.id, camera.name), None
    if camera.kind is CameraKind.ONVIF:
        try:
            await _ask(camera, login, report, now=now, set_clock=set_clock)
        except CameraError as error:
            if error.cause in {Cause.UNAUTHORIZED, Cause.LOCKED, Cause.OTHER_SERIAL, Cause.UNREACHABLE}:
                return _fail(report, error)
            asked = error  # ONVIF may be off by now: the picture is what counts
    try:
        report.main = looks.first(camera, "main")
    except CameraError as error:
        if asked is not None and asked.cause is not error.cause:
            report.warnings.append(str(asked))
        return _fail(report, error)
    if asked is not None:
        report.warnings.append(str(asked))
    if report.main.codec != (camera.codec or report.main.codec):
        report.warnings.append(f"编码已变 / the codec changed: {camera.codec} → {report.main.codec}")
    if camera.sub:
        try:
            report.sub = looks.first(camera, "sub")
        except CameraError as error:
            report.warnings.append(f"子码流 / substream: {error}")
    return report


async def _ask(camera: Camera, login: Login | None, report: Report, *, now: datetime, set_clock: bool) -> None:
    device = await read_device(full_xaddr(camera.host), login, now=now, serial=camera.serial, set_clock=set_clock)
    report.skew, report.clock_set = device.skew, device.clock_set
    if device.skew is not None and abs(device.skew) > SKEW_TO_MENTION_S:
        done = "已校准 / set right" if device.clock_set else "未校准 / not set"
        report.warnings.append(f"摄像机时钟偏差 / its clock is off by {device.skew:+.1f} s，{done}")
    if camera.channel not in {channel.source for channel in device.channels}:
        raise CameraError(Cause.NO_STREAM, camera.name, detail=camera.channel)


def _fail(report: Report, error: CameraError) -> Report:
    report.cause, report.words, report.do = error.cause, error.message, error.do
    return report
