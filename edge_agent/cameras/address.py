"""Addresses that cameras and people give: without their passwords, and on the host that was asked."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from edge_agent.errors import InputError

STREAM_SCHEMES = ("rtsp", "rtsps")
WEB_SCHEMES = ("http", "https")
RTSP_PORT = 554


@dataclass(frozen=True, slots=True)
class Login:
    user: str
    password: str = field(repr=False)


def split_login(url: str) -> tuple[str, Login | None]:
    """The address without user and password, and those. Raises `InputError` for what is no RTSP address.

    FFmpeg would also open `file:` and `concat:`; nothing but a stream may be named here.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise InputError(f"RTSP address: {error}.", do="Write rtsp://user:password@host:554/path.") from error
    if parts.scheme not in STREAM_SCHEMES or not parts.hostname:
        raise InputError("RTSP address: not one (不是 RTSP 地址).", do="Write rtsp://user:password@host:554/path.")
    login = Login(unquote(parts.username), unquote(parts.password or "")) if parts.username else None
    return urlunsplit(parts._replace(netloc=netloc(parts.hostname, port))), login


def with_login(url: str, login: Login | None) -> str:
    """For the library that connects, and for nothing that is shown or stored."""
    if login is None:
        return url
    parts = urlsplit(url)
    who = f"{quote(login.user, safe='')}:{quote(login.password, safe='')}"
    return urlunsplit(parts._replace(netloc=f"{who}@{netloc(parts.hostname or '', parts.port)}"))


def pinned(url: str, host: str, port: int | None, schemes: tuple[str, ...]) -> str:
    """An address that the camera at `host:port` gave, brought back to that host; empty if it is of no use.

    Cameras behind a second interface, a NAT or a changed address tell the one they once had, and a hostile one would
    tell anybody's: credentials go to the host that the operator meant, and nowhere else. A web address of another host
    gets `port` as well, unless that is not known yet.
    """
    try:
        parts = urlsplit(url.strip())
        told_port = parts.port
    except ValueError:
        return ""
    if parts.scheme not in schemes or not parts.hostname:
        return ""
    if port is not None and host_of(url) != host.lower() and parts.scheme in WEB_SCHEMES:
        told_port = port
    return urlunsplit(parts._replace(netloc=netloc(host, told_port)))


def host_of(url: str) -> str:
    """Lower case; empty if there is none."""
    try:
        return urlsplit(url.strip()).hostname or ""
    except ValueError:
        return ""


def place(url: str) -> tuple[str, str, int | None, str, str]:
    """What makes two addresses one: the port that goes without saying, and capitals in a host's name, don't differ."""
    parts = urlsplit(url)
    port = parts.port or (RTSP_PORT if parts.scheme == "rtsp" else None)
    return parts.scheme, parts.hostname or "", port, parts.path, parts.query


def moved(url: str, host: str) -> str:
    """The same address on another host, after a camera was found again there."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=netloc(host, parts.port))) if parts.hostname else url


def netloc(host: str, port: int | None) -> str:
    name = f"[{host}]" if ":" in host else host
    return name if port is None else f"{name}:{port}"
