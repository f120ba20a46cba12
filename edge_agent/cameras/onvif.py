"""Asks a device over ONVIF what it is, what time it has, and where its streams are."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from edge_agent.cameras import media2
from edge_agent.cameras.address import STREAM_SCHEMES, WEB_SCHEMES, Login, pinned
from edge_agent.cameras.causes import CameraError, Cause
from edge_agent.cameras.conversation import MEDIA, MEDIA2, Conversation
from edge_agent.cameras.device import Device, Profile, channels, codec_of, plausible_serial, same_serial
from edge_agent.cameras.soap import UnauthorizedError

log = logging.getLogger(__name__)

BUDGET_S = 20.0  # for all that is asked of one device; an NVR of 64 channels answers within 10
MAX_PROFILES = 256
MAX_SKEW_S = 2.0  # a camera tells whole seconds, and takes one to answer
_STREAM_SETUP = {"Stream": "RTP-Unicast", "Transport": {"Protocol": "RTSP"}}


async def read_device(
    xaddr: str, login: Login | None, *, now: datetime, serial: str = "", set_clock: bool = False
) -> Device:
    """Everything that binding needs. With `serial`, another device is left alone before its streams are asked for.

    `now` is our time as of the call. Raises `CameraError`.
    """
    async with Conversation(xaddr, login) as talk:
        try:
            async with asyncio.timeout(BUDGET_S):
                return await _describe(talk, now, serial=serial, set_clock=set_clock)
        except TimeoutError as error:
            raise CameraError(Cause.TIMEOUT, talk.where) from error


async def anonymous_serial(xaddr: str) -> str:
    """The serial number, where the device tells it before a login, as many consumer cameras do; else nothing."""
    async with Conversation(xaddr, None) as talk:
        try:
            answer = await talk.ask_anonymously("devicemgmt", "GetDeviceInformation")
        except (CameraError, UnauthorizedError):
            return ""
    return plausible_serial(_text(answer, "SerialNumber"))


async def speaks_onvif(xaddr: str) -> bool:
    """Everybody may ask the time, and a refusal is an answer too."""
    async with Conversation(xaddr, None) as talk:
        try:
            await talk.ask_anonymously("devicemgmt", "GetSystemDateAndTime")
        except UnauthorizedError:
            return True
        except CameraError:
            return False
    return True


async def _describe(talk: Conversation, now: datetime, *, serial: str, set_clock: bool) -> Device:
    clock = asyncio.get_running_loop().time
    started = clock()
    told_time = await _read_clock(talk, now)
    skew = None if talk.skew is None else round(talk.skew.total_seconds(), 1)
    information = await talk.ask("devicemgmt", "GetDeviceInformation")
    told = plausible_serial(_text(information, "SerialNumber"))
    if serial and not same_serial(told, serial):
        raise CameraError(Cause.OTHER_SERIAL, talk.where, detail=told or "it tells none")
    profiles = await _profiles(talk)
    clock_set = False
    if set_clock and skew is not None and abs(skew) > MAX_SKEW_S:  # last: the login lies on the clock as it was
        clock_set = await _set_clock(talk, told_time, now + timedelta(seconds=clock() - started))
    return Device(
        host=talk.host,
        port=talk.port,
        xaddr=talk.xaddr,
        maker=_text(information, "Manufacturer"),
        model=_text(information, "Model"),
        firmware=_text(information, "FirmwareVersion"),
        serial=told,
        skew=skew,
        clock_set=clock_set,
        channels=channels(profiles),
    )


async def _read_clock(talk: Conversation, now: datetime) -> Any:
    """What the device told of its clock; the conversation learns its skew."""
    started = asyncio.get_running_loop().time()
    try:
        answer = await talk.ask_anonymously("devicemgmt", "GetSystemDateAndTime")
    except UnauthorizedError:
        return None  # Axis asks for a login even here; then our own time has to do
    elapsed = asyncio.get_running_loop().time() - started
    theirs = _utc(_dig(answer, "UTCDateTime"))
    if theirs is not None:
        # The answer was made in the middle of the exchange, and drops the fraction of the second.
        talk.skew = theirs + timedelta(seconds=0.5) - (now + timedelta(seconds=elapsed / 2))
    return answer


async def _set_clock(talk: Conversation, told_time: Any, now: datetime) -> bool:
    """Whether it was allowed: an account that may only watch is not.

    Keeps the camera's zone and daylight saving, which only change what it writes into its picture.
    """
    utc = now.astimezone(UTC)
    wanted = {
        "DateTimeType": "Manual",
        "DaylightSavings": bool(_dig(told_time, "DaylightSavings")),
        "TimeZone": _dig(told_time, "TimeZone"),
        "UTCDateTime": {
            "Date": {"Year": utc.year, "Month": utc.month, "Day": utc.day},
            "Time": {"Hour": utc.hour, "Minute": utc.minute, "Second": utc.second},
        },
    }
    try:
        await talk.ask("devicemgmt", "SetSystemDateAndTime", **wanted)
    except CameraError as error:
        log.info("%s: its clock can't be set (%s)", talk.where, error.cause)
        return False
    return True


async def _profiles(talk: Conversation) -> list[Profile]:
    """From the second media service, where there is one: the first knows no H.265, and would show a substream alone."""
    first, second = await _media_addresses(talk)
    found: list[Profile] = []
    if second:
        try:
            found = await media2.profiles(talk, second, limit=MAX_PROFILES)
        except CameraError as error:
            if error.cause is not Cause.BAD_ANSWER or not first:
                raise
    if not found and first:
        found = await _media1_profiles(talk, first)
    usable = [profile for one in found if (profile := _here(talk, one)).uri]
    if not usable:
        raise CameraError(Cause.NO_PROFILE, talk.where)
    return usable


def _here(talk: Conversation, profile: Profile) -> Profile:
    return replace(
        profile,
        uri=pinned(profile.uri, talk.host, talk.port, STREAM_SCHEMES),
        snapshot=pinned(profile.snapshot, talk.host, talk.port, WEB_SCHEMES),
    )


async def _media_addresses(talk: Conversation) -> tuple[str, str]:
    try:
        services = _rows(await talk.ask("devicemgmt", "GetServices", IncludeCapability=False))
    except CameraError as error:
        if error.cause is not Cause.BAD_ANSWER:
            raise
        services = []  # devices of before 2010 don't know GetServices
    told = {_text(one, "Namespace"): _text(one, "XAddr") for one in services}
    if MEDIA not in told and MEDIA2 not in told:
        capabilities = await talk.ask("devicemgmt", "GetCapabilities", Category="All")
        told[MEDIA] = _text(capabilities, "Media", "XAddr")
    first, second = (pinned(told.get(name, ""), talk.host, talk.port, WEB_SCHEMES) for name in (MEDIA, MEDIA2))
    return first, second


async def _media1_profiles(talk: Conversation, media: str) -> list[Profile]:
    rows = _rows(await talk.ask("media", "GetProfiles", at=media))[:MAX_PROFILES]
    return [await _with_addresses(talk, media, profile) for row in rows if (profile := _profile(row)) is not None]


async def _with_addresses(talk: Conversation, media: str, profile: Profile) -> Profile:
    token = profile.token
    stream = await talk.ask("media", "GetStreamUri", at=media, StreamSetup=_STREAM_SETUP, ProfileToken=token)
    try:
        snapshot = await talk.ask("media", "GetSnapshotUri", at=media, ProfileToken=token)
    except CameraError as error:
        if error.cause is not Cause.BAD_ANSWER:
            raise
        snapshot = None  # optional in the specification
    return replace(profile, uri=_text(stream, "Uri"), snapshot=_text(snapshot, "Uri"))


def _profile(row: Any) -> Profile | None:
    encoder = _dig(row, "VideoEncoderConfiguration")
    codec = codec_of(_text(encoder, "Encoding"))
    if encoder is None or codec is None:
        return None
    return Profile(
        token=_text(row, "token"),
        name=_text(row, "Name"),
        source=_text(row, "VideoSourceConfiguration", "SourceToken"),
        codec=codec,
        width=_number(encoder, "Resolution", "Width"),
        height=_number(encoder, "Resolution", "Height"),
        fps=_number(encoder, "RateControl", "FrameRateLimit"),
        kbps=_number(encoder, "RateControl", "BitrateLimit"),
    )


def _dig(data: Any, *path: str) -> Any:
    for name in path:
        data = data.get(name) if isinstance(data, Mapping) else None
    return data


def _text(data: Any, *path: str) -> str:
    value = _dig(data, *path)
    return "" if value is None else str(value).strip()


def _number(data: Any, *path: str) -> int:
    value = _dig(data, *path)
    return int(value) if isinstance(value, int | float) else 0


def _rows(data: Any) -> Sequence[Any]:
    """A list with one element may come as that element."""
    return data if isinstance(data, list) else [] if data is None else [data]


def _utc(data: Any) -> datetime | None:
    try:
        return datetime(
            data["Date"]["Year"], data["Date"]["Month"], data["Date"]["Day"],
            data["Time"]["Hour"], data["Time"]["Minute"], min(data["Time"]["Second"], 59), tzinfo=UTC,
        )  # fmt: skip
    except (TypeError, KeyError, ValueError):
        return None
