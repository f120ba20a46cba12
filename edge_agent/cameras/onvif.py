"""Asks a device over ONVIF what it is and where its streams are.

zeep speaks the language, out of the WSDL files of `onvif-zeep-async`; transport, time-outs and the decision of how and
how often to log in are ours (`soap`, and rule 1 of the package).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from enum import Enum, auto
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import aiohttp
import zeep.helpers
from zeep.exceptions import Error as ZeepError
from zeep.exceptions import Fault, TransportError, XMLSyntaxError

from edge_agent.cameras.address import STREAM_SCHEMES, WEB_SCHEMES, Login, pinned
from edge_agent.cameras.causes import CameraError, Cause
from edge_agent.cameras.device import Device, Profile, channels, plausible_serial, same_serial
from edge_agent.cameras.soap import BadAnswerError, GuardedTransport, UnauthorizedError

# The library configures the root logger when it is imported; with a handler in place that does nothing.
_placeholder = logging.NullHandler()
logging.getLogger().addHandler(_placeholder)
import onvif  # type: ignore[import-untyped] # noqa: E402 - untyped; after the line above
from onvif.client import ONVIFService  # type: ignore[import-untyped] # noqa: E402 - the same
from onvif.definition import SERVICES  # type: ignore[import-untyped] # noqa: E402 - the same

logging.getLogger().removeHandler(_placeholder)

log = logging.getLogger(__name__)

REQUEST_S = 5.0
BUDGET_S = 20.0  # for all that is asked of one device; an NVR of 64 channels answers within 10
MAX_PROFILES = 256
MAX_SKEW_S = 2.0  # a camera tells whole seconds, and takes one to answer
_WSDL = Path(onvif.__file__).parent / "wsdl"
_STREAM_SETUP = {"Stream": "RTP-Unicast", "Transport": {"Protocol": "RTSP"}}


class _Auth(Enum):
    """How this device wants to be logged in to; found out once, from its refusal of an anonymous request."""

    NONE = auto()
    TOKEN = auto()
    DIGEST = auto()


async def read_device(
    xaddr: str, login: Login | None, *, now: datetime, serial: str = "", set_clock: bool = False
) -> Device:
    """Everything that binding needs. With `serial`, another device is left alone before its streams are asked for.

    `now` is our time as of the call. Raises `CameraError`.
    """
    async with OnvifDevice(xaddr, login) as device:
        try:
            async with asyncio.timeout(BUDGET_S):
                return await device.describe(now, serial=serial, set_clock=set_clock)
        except TimeoutError as error:
            raise CameraError(Cause.TIMEOUT, device.where) from error


class OnvifDevice:
    """One conversation with the device at `xaddr` (`http://host:port/onvif/device_service`)."""

    def __init__(self, xaddr: str, login: Login | None) -> None:
        parts = urlsplit(xaddr)
        self.xaddr = xaddr
        self.host = parts.hostname or ""
        self.port = parts.port or (443 if parts.scheme == "https" else 80)
        self.where = f"{self.host}:{self.port}"
        self._login = login
        self._auth = _Auth.NONE
        self._clock: Any = None
        self._skew: timedelta | None = None
        self._session: aiohttp.ClientSession | None = None
        self._services: dict[str, ONVIFService] = {}

    async def __aenter__(self) -> Self:
        self._session = self._open_session()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._close()

    async def describe(self, now: datetime, *, serial: str = "", set_clock: bool = False) -> Device:
        started = asyncio.get_running_loop().time()
        skew = await self._read_clock(now)
        information = await self._ask("devicemgmt", "GetDeviceInformation")
        told = plausible_serial(_text(information, "SerialNumber"))
        if serial and not same_serial(told, serial):
            raise CameraError(Cause.OTHER_SERIAL, self.where, detail=told or "it tells none")
        media = await self._media_address()
        profiles = await self._profiles(media)
        clock_set = False
        if set_clock and skew is not None and abs(skew) > MAX_SKEW_S:  # last: the login lies on the clock as it was
            clock_set = await self._set_clock(now + timedelta(seconds=asyncio.get_running_loop().time() - started))
        return Device(
            host=self.host,
            port=self.port,
            xaddr=self.xaddr,
            maker=_text(information, "Manufacturer"),
            model=_text(information, "Model"),
            firmware=_text(information, "FirmwareVersion"),
            serial=told,
            skew=skew,
            clock_set=clock_set,
            channels=channels(profiles),
        )

    async def anonymous_serial(self) -> str:
        """The serial number, where the device tells it before a login, as many consumer cameras do; else nothing."""
        try:
            return plausible_serial(_text(await self._call("devicemgmt", "GetDeviceInformation"), "SerialNumber"))
        except (CameraError, UnauthorizedError):
            return ""

    async def answers(self) -> bool:
        """Whether this is ONVIF at all: everybody may ask the time, and a refusal is an answer too."""
        try:
            await self._call("devicemgmt", "GetSystemDateAndTime")
        except UnauthorizedError:
            return True
        except CameraError:
            return False
        return True

    # the clock

    async def _read_clock(self, now: datetime) -> float | None:
        """The specification has everybody allowed to ask the time: the login needs the camera's own."""
        started = asyncio.get_running_loop().time()
        try:
            answer = await self._call("devicemgmt", "GetSystemDateAndTime")
        except UnauthorizedError:
            return None  # Axis asks for a login even here; then our own time has to do
        elapsed = asyncio.get_running_loop().time() - started
        theirs = _utc(_dig(answer, "UTCDateTime"))
        if theirs is None:
            return None
        self._clock = answer
        # Its answer was made in the middle of the exchange, and drops the fraction of the second.
        self._skew = theirs + timedelta(seconds=0.5) - (now + timedelta(seconds=elapsed / 2))
        return round(self._skew.total_seconds(), 1)

    async def _set_clock(self, now: datetime) -> bool:
        """Keeps the camera's zone and daylight saving, which only change what it writes into its picture.

        Whether it was allowed: an account that may only watch is not.
        """
        utc = now.astimezone(UTC)
        wanted = {
            "DateTimeType": "Manual",
            "DaylightSavings": bool(_dig(self._clock, "DaylightSavings")),
            "TimeZone": _dig(self._clock, "TimeZone"),
            "UTCDateTime": {
                "Date": {"Year": utc.year, "Month": utc.month, "Day": utc.day},
                "Time": {"Hour": utc.hour, "Minute": utc.minute, "Second": utc.second},
            },
        }
        try:
            await self._ask("devicemgmt", "SetSystemDateAndTime", **wanted)
        except CameraError as error:
            log.info("%s: its clock can't be set (%s)", self.where, error.cause)
            return False
        return True

    # the streams

    async def _media_address(self) -> str:
        namespace = SERVICES["media"]["ns"]
        try:
            services = await self._ask("devicemgmt", "GetServices", IncludeCapability=False)
            told = next((_text(one, "XAddr") for one in _rows(services) if _text(one, "Namespace") == namespace), "")
        except CameraError as error:
            if error.cause is not Cause.BAD_ANSWER:
                raise
            told = ""  # devices of before 2010 don't know GetServices
        if not told:
            told = _text(_dig(await self._ask("devicemgmt", "GetCapabilities", Category="All"), "Media"), "XAddr")
        address = pinned(told, self.host, self.port, WEB_SCHEMES)
        if not address:
            raise CameraError(Cause.NO_PROFILE, self.where, detail="no media service")
        return address

    async def _profiles(self, media: str) -> list[Profile]:
        found = [
            profile
            for row in _rows(await self._ask("media", "GetProfiles", at=media))[:MAX_PROFILES]
            if (profile := _profile(row)) is not None
        ]
        complete = [profile for one in found if (profile := await self._with_addresses(media, one)).uri]
        if not complete:
            raise CameraError(Cause.NO_PROFILE, self.where)
        return complete

    async def _with_addresses(self, media: str, profile: Profile) -> Profile:
        stream = await self._ask(
            "media", "GetStreamUri", at=media, StreamSetup=_STREAM_SETUP, ProfileToken=profile.token
        )
        try:
            snapshot = await self._ask("media", "GetSnapshotUri", at=media, ProfileToken=profile.token)
        except CameraError as error:
            if error.cause is not Cause.BAD_ANSWER:
                raise
            snapshot = None  # optional in the specification
        return Profile(
            token=profile.token,
            name=profile.name,
            source=profile.source,
            codec=profile.codec,
            width=profile.width,
            height=profile.height,
            fps=profile.fps,
            kbps=profile.kbps,
            uri=pinned(_text(stream, "Uri"), self.host, self.port, STREAM_SCHEMES),
            snapshot=pinned(_text(snapshot, "Uri"), self.host, self.port, WEB_SCHEMES),
        )

    # asking

    async def _ask(self, service: str, operation: str, *, at: str = "", **given: Any) -> Any:
        """First without a password; if the device wants one, once with it, in the way that it asked for.

        After the first refusal the way is known, and every further request is made in it.
        """
        if self._auth is _Auth.NONE:
            try:
                return await self._call(service, operation, at=at, **given)
            except UnauthorizedError as refusal:
                if refusal.locked:
                    raise CameraError(Cause.LOCKED, self.where) from refusal
                if self._login is None:
                    raise CameraError(Cause.UNAUTHORIZED, self.where, detail="it wants a password") from refusal
                await self._log_in(_Auth.DIGEST if refusal.digest else _Auth.TOKEN)
        try:
            return await self._call(service, operation, at=at, **given)
        except UnauthorizedError as refusal:
            raise CameraError(Cause.LOCKED if refusal.locked else Cause.UNAUTHORIZED, self.where) from refusal

    async def _log_in(self, auth: _Auth) -> None:
        await self._close()
        self._auth = auth
        self._session = self._open_session()

    async def _call(self, service: str, operation: str, *, at: str = "", **given: Any) -> Any:
        client = await self._service(service, at or self.xaddr)
        prefix = "" if self._auth is _Auth.TOKEN else "authless_"
        try:
            answer = await getattr(client, prefix + operation)(given)
        except Fault as fault:
            raise self._of_fault(fault) from fault
        except TransportError as error:
            raise CameraError(Cause.NOT_ONVIF, self.where, detail=f"HTTP {error.status_code}") from error
        except XMLSyntaxError as error:  # no envelope: a web page, say
            raise CameraError(Cause.NOT_ONVIF, self.where) from error
        except BadAnswerError as error:
            raise CameraError(
                Cause.NOT_ONVIF if error.web_page else Cause.BAD_ANSWER, self.where, detail=f"{operation}: {error}"
            ) from error
        except TimeoutError as error:
            raise CameraError(Cause.TIMEOUT, self.where, detail=operation) from error
        except aiohttp.ClientConnectorError as error:
            refused = isinstance(error.os_error, ConnectionRefusedError)
            raise CameraError(Cause.REFUSED if refused else Cause.UNREACHABLE, self.where) from error
        except (aiohttp.ClientError, OSError) as error:
            raise CameraError(Cause.BAD_ANSWER, self.where, detail=type(error).__name__) from error
        except (ZeepError, AttributeError, TypeError, ValueError, LookupError) as error:
            # What zeep's parts raise over an answer that is XML, but not the operation's.
            raise CameraError(Cause.BAD_ANSWER, self.where, detail=f"{operation}: {type(error).__name__}") from error
        return zeep.helpers.serialize_object(answer, dict)  # type: ignore[no-untyped-call] # zeep is half typed

    def _of_fault(self, fault: Fault) -> Exception:
        said = f"{fault.code} {_subcodes(fault)} {fault.message}"
        if "lock" in said.lower():
            return UnauthorizedError(digest=False, locked=True)
        if "notauthorized" in said.lower().replace(" ", "") or "auth" in said.lower():
            return UnauthorizedError(digest=False, locked=False)
        return CameraError(Cause.BAD_ANSWER, self.where, detail=(fault.message or "")[:120])

    async def _service(self, name: str, address: str) -> ONVIFService:
        if name not in self._services:
            what = SERVICES[name]
            login = self._login or Login("", "")
            service = ONVIFService(
                address,
                login.user,
                login.password,
                str(_WSDL / what["wsdl"]),
                no_cache=True,  # the cache would be a database in the service's home folder
                dt_diff=self._skew,
                binding_name=f"{{{what['ns']}}}{what['binding']}",
            )
            self._services[name] = service
            service.transport = GuardedTransport(self._http())
            await service.setup()
        return self._services[name]

    def _http(self) -> aiohttp.ClientSession:
        if self._session is None:
            raise RuntimeError("not entered")
        return self._session

    def _open_session(self) -> aiohttp.ClientSession:
        digest = self._auth is _Auth.DIGEST and self._login is not None
        return aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=REQUEST_S, connect=3.0),
            connector=aiohttp.TCPConnector(ssl=False),  # cameras sign their own certificates
            middlewares=(aiohttp.DigestAuthMiddleware(self._login.user, self._login.password),)
            if digest and self._login
            else (),
        )

    async def _close(self) -> None:
        for service in self._services.values():
            await service.close()
        self._services.clear()
        if self._session is not None:
            await self._session.close()
            self._session = None


def _subcodes(fault: Fault) -> str:
    return " ".join(str(getattr(code, "text", code)) for code in fault.subcodes or ())


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


def _profile(row: Any) -> Profile | None:
    encoder = _dig(row, "VideoEncoderConfiguration")
    if encoder is None:
        return None
    codec = {"h264": "h264", "h265": "h265", "hevc": "h265", "": ""}.get(_text(encoder, "Encoding").lower())
    if codec is None:  # JPEG, MPEG4: neither is recorded
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
