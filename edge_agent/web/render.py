"""Pages from templates: words, times, and static files by the digest of their content."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from edge_agent.web.words import languages, words

HERE = Path(__file__).parent
STATIC = HERE / "static"
_WEEKDAYS = ("周一", "周二", "周三", "周四", "周五", "周六", "周日")


@cache
def static_version(name: str) -> str:
    """Give the short digest of a static file: its address changes with its content, so browsers may keep it."""
    return hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]


def static(name: str) -> str:
    return f"/static/{name}?v={static_version(name)}"


@cache
def environment(language: str, zone: str) -> Environment:
    """Give the templates in one language; times are shown in `zone`."""
    jinja = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    translations = words(language)
    jinja.install_gettext_translations(translations, newstyle=True)  # type: ignore[attr-defined]  # the extension's
    jinja.globals |= {"static": static, "language": language, "languages": languages()}
    jinja.filters |= _filters(ZoneInfo(zone), translations.gettext)
    return jinja


def _filters(zone: ZoneInfo, gettext: Callable[[str], str]) -> dict[str, Callable[..., Any]]:
    def clock(at: datetime | None, *, seconds: bool = False) -> str:
        return "" if at is None else f"{at.astimezone(zone):{'%H:%M:%S' if seconds else '%H:%M'}}"

    def day(at: datetime | date | None) -> str:
        if at is None:
            return ""
        on = at.astimezone(zone).date() if isinstance(at, datetime) else at
        return f"{on.isoformat()} {gettext(_WEEKDAYS[on.weekday()])}"

    def moment(at: datetime | None) -> str:
        return "" if at is None else f"{at.astimezone(zone):%Y-%m-%d %H:%M:%S}"

    return {"clock": clock, "day": day, "moment": moment, "size": size, "masked": masked}


def size(count: float) -> str:
    """Give bytes in the largest unit in which they are more than one."""
    for unit in ("B", "KB", "MB", "GB"):
        if count < 1000:  # noqa: PLR2004 - as disks are sold
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"


def masked(document: str) -> str:
    """Show of a resident id or phone number what tells two people apart, and no more."""
    return document if len(document) < 8 else f"{document[:3]}{'*' * (len(document) - 7)}{document[-4:]}"  # noqa: PLR2004 - three and four stay
