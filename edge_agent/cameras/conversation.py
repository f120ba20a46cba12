"""One conversation with a device in SOAP: how and how often to log in, and what its failures mean.

zeep speaks the language, out of the WSDL files of `onvif-zeep-async`; transport, time-outs and the login are ours
(`soap`, and rule 1 of the package).
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from enum import Enum, auto
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element

import aiohttp
import defusedxml.ElementTree as SafeTree
import zeep.helpers
from zeep.exceptions import Error as ZeepError
from zeep.exceptions import Fault, TransportError, XMLSyntaxError
from zeep.loader import parse_xml

from edge_agent.cameras.address import Login
from edge_agent.cameras.causes import CameraError, Cause
from edge_agent.cameras.soap import ENVELOPE, BadAnswerError, GuardedTransport, UnauthorizedError, says_locked

# The library configures the root logger when it is imported; with a handler in place that does nothing.
_placeholder = logging.NullHandler()
logging.getLogger().addHandler(_placeholder)
import onvif  # type: ignore[import-untyped] # noqa: E402 - untyped; after the line above
from onvif.client import (  # type: ignore[import-untyped] # noqa: E402 - the same
    ONVIFService,
    UsernameDigestTokenDtDiff,
)
from onvif.definition import SERVICES  # type: ignore[import-untyped] # noqa: E402 - the same

logging.getLogger().removeHandler(_placeholder)

T = TypeVar("T")
REQUEST_S = 5.0
MEDIA = str(SERVICES["media"]["ns"])
MEDIA2 = "http://www.onvif.org/ver20/media/wsdl"
_WSDL = Path(onvif.__file__).parent / "wsdl"


class _Auth(Enum):
    """How this device wants to be logged in to; found out once, from its refusal of an anonymous request."""

    NONE = auto()
    TOKEN = auto()
    DIGEST = auto()


class Conversation:
    """With the device at `xaddr` (`http://host:port/onvif/device_service`). Every method raises `CameraError`.

    `skew` is the device's clock minus ours: a login by token bears the device's own time.
    """

    def __init__(self, xaddr: str, login: Login | None) -> None:
        parts = urlsplit(xaddr)
        self.xaddr = xaddr
        self.host = parts.hostname or ""
        self.port = parts.port or (443 if parts.scheme == "https" else 80)
        self.where = f"{self.host}:{self.port}"
        self.skew: timedelta | None = None
        self._login = login
        self._auth = _Auth.NONE
        self._session: aiohttp.ClientSession | None = None
        self._services: dict[str, ONVIFService] = {}

    async def __aenter__(self) -> Self:
        self._session = self._open_session()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._close()

    async def ask(self, service: str, operation: str, *, at: str = "", **given: Any) -> Any:
        """The answer as nested dicts and lists. `service` is one of the library's; `at` its address, if not `xaddr`."""
        return await self._with_login(lambda: self._call(service, operation, at or self.xaddr, given))

    async def ask_anonymously(self, service: str, operation: str) -> Any:
        """As `ask`, but a refusal raises `UnauthorizedError`, and no login follows."""
        return await self._call(service, operation, self.xaddr, {})

    async def ask_media2(self, at: str, operation: str, content: str = "") -> Element:
        """The answer's element. The library has no WSDL of the second media service; three operations need none."""
        return await self._with_login(lambda: self._call_media2(at, operation, content))

    async def _with_login(self, call: Callable[[], Awaitable[T]]) -> T:
        """First without a password; if the device wants one, once with it, in the way that it asked for.

        After the first refusal the way is known, and every further request is made in it.
        """
        if self._auth is _Auth.NONE:
            try:
                return await call()
            except UnauthorizedError as refusal:
                if refusal.locked:
                    raise CameraError(Cause.LOCKED, self.where) from refusal
                if self._login is None:
                    raise CameraError(Cause.UNAUTHORIZED, self.where, detail="it wants a password") from refusal
                await self._close()
                self._auth = _Auth.DIGEST if refusal.digest else _Auth.TOKEN
                self._session = self._open_session()
        try:
            return await call()
        except UnauthorizedError as refusal:
            raise CameraError(Cause.LOCKED if refusal.locked else Cause.UNAUTHORIZED, self.where) from refusal

    async def _call(self, service: str, operation: str, at: str, given: dict[str, Any]) -> Any:
        client = await self._service(service, at)
        prefix = "" if self._auth is _Auth.TOKEN else "authless_"
        with self._naming_errors(operation):
            answer = await getattr(client, prefix + operation)(given)
            return zeep.helpers.serialize_object(answer, dict)  # type: ignore[no-untyped-call] # zeep is half typed

    async def _call_media2(self, at: str, operation: str, content: str) -> Element:
        text = (
            f'<s:Envelope xmlns:s="{ENVELOPE}"><s:Header/><s:Body>'
            f'<m:{operation} xmlns:m="{MEDIA2}">{content}</m:{operation}></s:Body></s:Envelope>'
        )
        with self._naming_errors(operation):
            envelope, headers = parse_xml(text, None), {"Content-Type": "application/soap+xml; charset=utf-8"}
            if self._auth is _Auth.TOKEN and self._login is not None:
                token = UsernameDigestTokenDtDiff(
                    self._login.user, self._login.password, dt_diff=self.skew, use_digest=True
                )
                envelope, headers = token.apply(envelope, headers)
            reply = await GuardedTransport(self._http()).post_xml(at, envelope, headers)
            body = SafeTree.fromstring(reply.content).find(f"{{{ENVELOPE}}}Body")
            if body is None or not len(body):
                raise CameraError(Cause.NOT_ONVIF, self.where)
            if body[0].tag == f"{{{ENVELOPE}}}Fault":
                raise self._refused(" ".join(part.strip() for part in body[0].itertext()))
            return body[0]

    @contextmanager
    def _naming_errors(self, operation: str) -> Iterator[None]:
        try:
            yield
        except (CameraError, UnauthorizedError):
            raise
        except Fault as fault:
            codes = " ".join(str(getattr(code, "text", code)) for code in fault.subcodes or ())
            raise self._refused(f"{fault.code} {codes} {fault.message}") from fault
        except TransportError as error:
            raise CameraError(Cause.NOT_ONVIF, self.where, detail=f"HTTP {error.status_code}") from error
        except XMLSyntaxError as error:  # no envelope: a web page, say
            raise CameraError(Cause.NOT_ONVIF, self.where) from error
        except BadAnswerError as error:
            cause = Cause.NOT_ONVIF if error.web_page else Cause.BAD_ANSWER
            raise CameraError(cause, self.where, detail=f"{operation}: {error}") from error
        except TimeoutError as error:
            raise CameraError(Cause.TIMEOUT, self.where, detail=operation) from error
        except aiohttp.ClientConnectorError as error:
            refused = isinstance(error.os_error, ConnectionRefusedError)
            raise CameraError(Cause.REFUSED if refused else Cause.UNREACHABLE, self.where) from error
        except (aiohttp.ClientError, OSError) as error:
            raise CameraError(Cause.BAD_ANSWER, self.where, detail=type(error).__name__) from error
        except (ZeepError, SafeTree.ParseError, AttributeError, TypeError, ValueError, LookupError) as error:
            # What zeep's parts raise over an answer that is XML, but not the operation's.
            raise CameraError(Cause.BAD_ANSWER, self.where, detail=f"{operation}: {type(error).__name__}") from error

    def _refused(self, said: str) -> Exception:
        """Makers agree on no code for a refusal, so its words are looked at."""
        locked = says_locked(said)
        if locked or "auth" in said.lower():
            return UnauthorizedError(digest=False, locked=locked)
        return CameraError(Cause.BAD_ANSWER, self.where, detail=said[:120])

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
                dt_diff=self.skew,
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
        login = self._login if self._auth is _Auth.DIGEST else None
        return aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=REQUEST_S, connect=3.0),
            connector=aiohttp.TCPConnector(ssl=False),  # cameras sign their own certificates
            middlewares=() if login is None else (aiohttp.DigestAuthMiddleware(login.user, login.password),),
        )

    async def _close(self) -> None:
        for service in self._services.values():
            await service.close()
        self._services.clear()
        if self._session is not None:
            await self._session.close()
            self._session = None
