"""The ONVIF client against the virtual camera: what it reads, how it logs in, what it does not fall for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from edge_agent.cameras.address import Login
from edge_agent.cameras.causes import CameraError, Cause
from edge_agent.cameras.device import Device
from edge_agent.cameras.onvif import read_device
from edge_agent.cameras.soap import says_locked
from edge_agent.simulator import Fault, StreamSpec, VirtualCamera
from tests.data import made_clip
from tests.servers import Go2rtc, free_port

SMALL = StreamSpec(width=320, height=180, seconds=1)
SUB = StreamSpec(width=160, height=90, seconds=1)


def camera(**options: object) -> VirtualCamera:
    return VirtualCamera(**{"main": SMALL, "sub": SUB, **options})  # type: ignore[arg-type] # a test's shorthand


async def ask(one: VirtualCamera, *, password: str | None = None, **options: object) -> Device:
    login = Login(one.user, one.password if password is None else password)
    return await read_device(one.onvif_url, login, now=datetime.now(UTC), **options)  # type: ignore[arg-type] # the same


@pytest.mark.parametrize("media2", [True, False])
@pytest.mark.parametrize("tells_serial", [True, False])
@pytest.mark.parametrize("onvif_login", ["token", "digest"])
async def test_reads_a_camera_however_it_wants_to_be_logged_in_to(
    onvif_login: str, *, tells_serial: bool, media2: bool
) -> None:
    with camera(onvif_login=onvif_login, tells_serial=tells_serial, media2=media2) as one:
        device = await ask(one, serial=one.serial)
        assert (device.serial, device.maker, device.model) == (one.serial, "Virtual", "VC-1")
        (channel,) = device.channels
        assert channel.main.uri == one.url(credentials=False)
        assert channel.main.snapshot == one.snapshot_url
        assert (channel.main.codec, channel.main.width) == ("h264", 320)
        assert channel.sub is not None
        assert channel.sub.uri == one.url("sub", credentials=False)
        assert one.wrong_guesses == 0


async def test_a_recorder_is_one_serial_number_with_many_channels() -> None:
    with camera(channels=3) as one:
        device = await ask(one)
    assert [(channel.number, channel.main.source) for channel in device.channels] == [
        (1, "ch1"),
        (2, "ch2"),
        (3, "ch3"),
    ]


async def test_an_h264_profile_is_taken_where_there_are_both() -> None:
    main = StreamSpec(codec="h265", width=640, height=360, seconds=1)
    large, small = StreamSpec(width=480, height=272, seconds=1), StreamSpec(width=320, height=180, seconds=1)
    with camera(main=main, sub=SUB, extra=[large]) as one:
        assert (await ask(one)).channels[0].main.width == 480
    with camera(main=main, sub=SUB, extra=[small]) as one:  # H.264, but only a quarter of the picture
        assert (await ask(one)).channels[0].main.codec == "h265"
    # Without the second media service it calls H.265 by its name in the first, as Dahua does.
    with camera(main=main, sub=SUB, media2=False) as one:
        assert (await ask(one)).channels[0].main.codec == "h265"


async def test_a_wrong_password_is_tried_once() -> None:
    for onvif_login in ("token", "digest"):
        with camera(onvif_login=onvif_login, lockout_after=2) as one:
            with pytest.raises(CameraError) as caught:
                await ask(one, password="WRONG1")
            assert caught.value.cause is Cause.UNAUTHORIZED
            assert "WRONG1" not in str(caught.value)
            assert one.wrong_guesses == 1
            assert (await ask(one)).serial == one.serial


async def test_no_password_is_tried_on_another_device() -> None:
    with camera() as one:
        with pytest.raises(CameraError) as caught:
            await ask(one, password="WRONG1", serial="VC7654321")
        assert caught.value.cause is Cause.OTHER_SERIAL
        assert one.wrong_guesses == 0


async def test_a_clock_that_is_wrong_does_not_keep_us_out_and_is_set_right() -> None:
    with camera() as one:
        one.fault(Fault.CLOCK_SKEW, offset=-90_000)
        device = await ask(one, set_clock=True)
        assert device.skew is not None
        assert abs(device.skew + 90_000) < 2
        assert abs((await ask(one)).skew or 0) < 2
        assert one.wrong_guesses == 0


async def test_addresses_of_another_host_are_brought_back_to_the_one_that_was_asked() -> None:
    with camera() as one:
        one.fault(Fault.FOREIGN_ADDRESS)
        (channel,) = (await ask(one)).channels
        assert channel.main.uri == one.url(credentials=False)
        assert channel.main.snapshot == one.snapshot_url


async def test_odd_but_valid_xml_is_read() -> None:
    with camera() as one:
        one.fault(Fault.ODD_XML)
        assert len((await ask(one)).channels) == 1


@pytest.mark.parametrize(
    ("fault", "cause"),
    [
        (Fault.XML_BOMB, Cause.BAD_ANSWER),
        (Fault.TRUNCATED_SOAP, Cause.BAD_ANSWER),
        (Fault.ENDLESS_SOAP, Cause.BAD_ANSWER),
        (Fault.NOT_SOAP, Cause.NOT_ONVIF),
        (Fault.NO_PROFILES, Cause.NO_PROFILE),
        (Fault.REFUSE, Cause.REFUSED),
        (Fault.LOCK_OUT, Cause.LOCKED),
        (Fault.WRONG_PASSWORD, Cause.UNAUTHORIZED),
        (Fault.OTHER_SERIAL, Cause.OTHER_SERIAL),
    ],
)
async def test_what_is_wrong_is_named(fault: Fault, cause: Cause) -> None:
    with camera() as one:
        one.fault(fault)
        with pytest.raises(CameraError) as caught:
            await ask(one, serial=one.serial)
    assert caught.value.cause is cause
    assert caught.value.do


async def test_a_camera_that_never_answers_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge_agent.cameras.conversation.REQUEST_S", 0.3)
    with camera() as one:
        one.fault(Fault.SILENT)
        with pytest.raises(CameraError) as caught:
            await ask(one)
    assert caught.value.cause is Cause.TIMEOUT


async def test_nobody_there() -> None:
    with pytest.raises(CameraError) as caught:
        await read_device(f"http://127.0.0.1:{free_port()}/onvif/device_service", None, now=datetime.now(UTC))
    assert caught.value.cause is Cause.REFUSED


async def test_a_camera_of_another_maker_without_a_password(tmp_path: Path) -> None:
    with Go2rtc(tmp_path, {"room": Go2rtc.looped(made_clip())}) as server:
        device = await read_device(server.onvif, None, now=datetime.now(UTC) - timedelta(hours=1))
        assert [channel.main.uri for channel in device.channels] == [server.rtsp("room")]
        assert device.skew is not None
        assert abs(device.skew - 3600) < 2


@pytest.mark.parametrize(
    ("said", "locked"),
    [
        ("The account is locked", True),
        ("userLocked", True),
        ("<lockStatus>lock</lockStatus>", True),
        ("illegal login, lockout 30 min", True),
        ("Sender not authorized: clock skew", False),
        ("ter:NotAuthorized", False),
    ],
)
def test_a_lock_out_is_told_from_a_clock(said: str, *, locked: bool) -> None:
    assert says_locked(said) is locked
