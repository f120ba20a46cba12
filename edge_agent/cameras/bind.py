"""From what is printed on a camera to what is stored of it."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import urlsplit

from edge_agent.cameras import brands
from edge_agent.cameras.address import Login, split_login
from edge_agent.cameras.causes import CameraError, Cause
from edge_agent.cameras.device import Channel, Device, same_serial
from edge_agent.cameras.discovery import with_serial
from edge_agent.cameras.found import Found
from edge_agent.cameras.onvif import read_device
from edge_agent.cameras.probe import PORT, probe_hosts
from edge_agent.cameras.scan import ONVIF_PORTS, scan_hosts
from edge_agent.cameras.usb import UsbCamera
from edge_agent.errors import ConflictError, InputError
from edge_agent.model.camera import Camera, CameraKind

DEVICE_PATH = "/onvif/device_service"
LABEL_USER = "admin"  # whom the verification code belongs to on the common consumer cameras


@dataclass(frozen=True, slots=True)
class Binding:
    """What may be stored once a picture was seen: the cameras of one device, their login, and what the device said."""

    cameras: tuple[Camera, ...]
    login: Login | None
    device: Device | None = None


async def by_label(
    serial: str, login: Login, found: Sequence[Found], *, now: datetime, set_clock: bool = False
) -> tuple[Found, Device]:
    """The device among `found` whose serial number is the label's; the login is tried there, once, and nowhere else.

    Raises `CameraError`, or `ConflictError` where several devices end in that serial number: then none is tried.
    """
    matching = with_serial(found, serial)
    if len(matching) > 1:
        raise ConflictError(
            f"{serial}：{len(matching)} 台设备的序列号都以它结尾 / several devices' serial numbers end in it:"
            f" {', '.join(f'{one.host} ({one.serial})' for one in matching)}.",
            do="填完整序列号 / Give the whole serial number.",
        )
    if not matching:
        raise _not_found(serial, found)
    (one,) = matching
    if not one.xaddr:
        raise CameraError(Cause.NOT_ONVIF, one.host, do=brands.hint(one))
    return one, await read_device(one.xaddr, login, now=now, serial=serial, set_clock=set_clock)


def _not_found(serial: str, found: Sequence[Found]) -> CameraError:
    """Says where else it may be: no password is guessed to find out."""
    far = [one for one in found if not one.local]
    mute = [one for one in found if one.local and not one.serial]
    if mute:
        hosts = ", ".join(one.host for one in mute)
        return CameraError(
            Cause.NO_DEVICE,
            serial,
            detail=f"{hosts}: 登录前不报序列号 / these tell no serial number before a login",
            do="确认是哪一台后加 --host 绑定 / If you know which one it is, name it with --host.",
        )
    return CameraError(Cause.NO_DEVICE, serial, do=brands.hint(far[0]) if far else "")


async def by_host(
    host: str,
    login: Login | None,
    *,
    now: datetime,
    serial: str = "",
    port: int = 0,
    udp_port: int = PORT,
    set_clock: bool = False,
) -> tuple[Found, Device]:
    """The device at `host`, which the operator named; with `serial` it must be that one. Raises `CameraError`."""
    found = await probe_hosts([host], port=udp_port)
    if port:
        known = found[0] if found else Found(host)
        one = replace(known, xaddr=full_xaddr(f"{host}:{port}"))
    else:
        found = found or await scan_hosts([host], ports=ONVIF_PORTS)
        if not found:
            raise CameraError(Cause.UNREACHABLE, host)
        one = found[0]
    if not one.xaddr:
        raise CameraError(Cause.NOT_ONVIF, host, do=brands.hint(one))
    if serial and one.serial and not same_serial(one.serial, serial):
        raise CameraError(Cause.OTHER_SERIAL, host, detail=one.serial)
    return one, await read_device(one.xaddr, login, now=now, serial=serial, set_clock=set_clock)


def cameras_of(found: Found, device: Device, *, room: str, name: str, channel: int = 0) -> tuple[Camera, ...]:
    """The rows of a device's channels. A recorder's channels may hang in different rooms, so one is to be named, or
    all of them for this room with `channel` -1.
    """
    if len(device.channels) > 1 and channel == 0:
        raise InputError(
            f"{device.host}：这是录像机，有 {len(device.channels)} 个通道 / a recorder with several channels.",
            do="用 --channel N 选一个，或 --all-channels / Choose one, or take all of them for this room.",
        )
    chosen = [one for one in device.channels if channel in {0, -1, one.number}]
    if not chosen:
        raise InputError(f"--channel {channel}：没有这个通道 / no such channel.", do=f"1..{len(device.channels)}")
    return tuple(
        _camera(found, device, one, room=room, name=name or device.model, many=len(chosen) > 1) for one in chosen
    )


def _camera(found: Found, device: Device, channel: Channel, *, room: str, name: str, many: bool) -> Camera:
    return Camera(
        id=new_id(),
        name=f"{name} {channel.number}" if many else name,
        kind=CameraKind.ONVIF,
        room=room,
        main=channel.main.uri,
        sub="" if channel.sub is None else channel.sub.uri,
        snapshot=channel.main.snapshot,
        host=short_xaddr(device.xaddr),
        serial=device.serial,
        endpoint=found.endpoint,
        channel=channel.source,
        maker=device.maker,
        model=device.model,
        codec=channel.main.codec,
    )


def by_address(url: str, sub: str = "", *, room: str, name: str) -> Binding:
    """A plain RTSP address, with user and password in it if it wants them."""
    main, login = split_login(url)
    second, second_login = split_login(sub) if sub else ("", None)
    host = urlsplit(main).hostname or ""
    camera = Camera(new_id(), name or host, CameraKind.RTSP, room, main, second, host=host)
    return Binding((camera,), login or second_login)


def by_usb(device: UsbCamera, *, room: str, name: str, size: str = "1280x720", fps: int = 15) -> Binding:
    url = f"usb:{device.device}?size={size}&fps={fps}"
    camera = Camera(new_id(), name or device.name, CameraKind.USB, room, url, serial=device.serial, model=device.name)
    return Binding((camera,), None)


def by_csi(index: int, *, room: str, name: str, size: str = "1920x1080", fps: int = 25) -> Binding:
    url = f"csi:{index}?size={size}&fps={fps}"
    return Binding((Camera(new_id(), name or f"CSI {index}", CameraKind.CSI, room, url, serial=f"csi-{index}"),), None)


async def find_again(camera: Camera, login: Login | None, found: Sequence[Found], *, now: datetime) -> Camera | None:
    """The same camera at its new address, known by its serial number or its endpoint; None if it is not among `found`.

    The stored login is tried there once, since it is the same device; not where it was, for there it was tried.
    """
    same = [
        one
        for one in found
        if one.xaddr
        and one.xaddr != full_xaddr(camera.host)
        and (
            same_serial(one.serial, camera.serial)
            if one.serial
            else bool(one.endpoint) and one.endpoint == camera.endpoint
        )
    ]
    if len(same) != 1:
        return None
    device = await read_device(same[0].xaddr, login, now=now, serial=camera.serial)
    channel = next((one for one in device.channels if one.source == camera.channel), None)
    if channel is None:
        return None
    here = _camera(same[0], device, channel, room=camera.room, name=camera.name, many=False)
    return replace(here, id=camera.id, secret=camera.secret, audio=camera.audio, codec=camera.codec)


def short_xaddr(xaddr: str) -> str:
    """How an ONVIF address is stored and shown: `192.168.1.64:80`, in full only where its path is unusual."""
    middle = xaddr.removeprefix("http://").removesuffix(DEVICE_PATH)
    return middle if xaddr == f"http://{middle}{DEVICE_PATH}" else xaddr


def full_xaddr(host: str) -> str:
    return host if "://" in host else f"http://{host}{DEVICE_PATH}"


def new_id() -> str:
    return f"cam-{secrets.token_hex(4)}"
