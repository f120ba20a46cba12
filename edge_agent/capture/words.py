"""What the strip below a snapshot says; Chinese, because inspectors read it."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from edge_agent.errors import NotFoundError
from edge_agent.model.lesson import Lesson
from edge_agent.model.span import Slot, SlotKind
from edge_agent.model.stamp import Trust
from edge_agent.store.database import Connection
from edge_agent.store.training import get_class, list_rooms

_KINDS = {SlotKind.OPENING: "开课抓拍", SlotKind.MIDDLE: "课中抓拍", SlotKind.CLOSING: "结课抓拍"}
_SOURCES = {"live": "", "recording": "取自录像"}
_TRUST = {Trust.SYNCED: "", Trust.HOLDOVER: "时钟保持", Trust.UNTRUSTED: "时间未校准"}


class Words:
    """`venue` is the training place's name."""

    def __init__(self, connection: Connection, venue: str) -> None:
        self._connection = connection
        self._venue = venue

    def of_slot(self, slot: Slot) -> str:
        kind = _KINDS[slot.kind]
        return f"第{slot.period}节 {kind}" if slot.period else kind

    def lines(
        self, lesson: Lesson | None, what: str, camera: str, at: datetime, zone: ZoneInfo, *, source: str, trust: Trust
    ) -> list[str]:
        """Give two lines: where and what class, then which lesson, what of it, and when."""
        local = at.astimezone(zone)
        shown = f"{local:%Y-%m-%d %H:%M:%S} (UTC{local:%z})"
        where = [self._venue]
        which = [what]
        if lesson is not None:
            where += [list_rooms(self._connection).get(lesson.room, lesson.room), self._class_name(lesson.class_id)]
            which += [lesson.subject]
        return [_dotted(where), _dotted([*which, camera, shown, _SOURCES[source], _TRUST[trust]])]

    def _class_name(self, class_id: str) -> str:
        try:
            return get_class(self._connection, class_id).name
        except NotFoundError:
            return class_id


def _dotted(parts: list[str]) -> str:
    return " · ".join(part for part in parts if part)
