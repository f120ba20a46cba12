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
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from edge_agent.furniture.words import catalogue, languages

HERE = Path(__file__).parent
WEEKDAYS = ("周一", "周二", "周三", "周四", "周五", "周六", "周日")


class Pages:
    """The pages of one program. `folder` holds its `templates`, `static` and `locale`; ours come after them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._static = [folder / "static", HERE / "static"]
        self.locales = folder / "locale"
        self.environment = cache(self._environment)
        self.static = cache(self._address)

    def files(self) -> StaticFiles:
        """Give what serves the static files, both folders as one."""
        return _Static(directory=self._static[0], packages=[(HERE.parent.name + "." + HERE.name, "static")])

    def _address(self, name: str) -> str:
        """Give a static file's address: it changes with its content, so browsers may keep the file."""
        file = next(folder / name for folder in self._static if (folder / name).is_file())
        return f"/static/{name}?v={hashlib.sha256(file.read_bytes()).hexdigest()[:12]}"

    def _environment(self, language: str, zone: str) -> Environment:
        """Give the templates in one language; times are shown in `zone`."""
        jinja = Environment(
            loader=FileSystemLoader([self._folder / "templates", HERE / "templates"]),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            extensions=["jinja2.ext.i18n"],
        )
        translations = catalogue(self.locales, language)
        jinja.install_gettext_translations(translations, newstyle=True)  # type: ignore[attr-defined]  # the extension's
        jinja.globals |= {"static": self.static, "language": language, "languages": languages()}
        jinja.filters |= _filters(ZoneInfo(zone), translations.gettext)
        return jinja


class _Static(StaticFiles):
    """Files whose address bears their digest may be kept for ever."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = (
            "public, max-age=31536000, immutable" if b"v=" in scope["query_string"] else "no-cache"
        )
        return response


def _filters(zone: ZoneInfo, gettext: Callable[[str], str]) -> dict[str, Callable[..., Any]]:
    def clock(at: datetime | None, *, seconds: bool = False) -> str:
        return "" if at is None else f"{at.astimezone(zone):{'%H:%M:%S' if seconds else '%H:%M'}}"

    def day(at: datetime | date | None) -> str:
        if at is None:
            return ""
        on = at.astimezone(zone).date() if isinstance(at, datetime) else at
        return f"{on.isoformat()} {gettext(WEEKDAYS[on.weekday()])}"

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
