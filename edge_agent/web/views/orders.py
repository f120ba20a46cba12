"""What was asked of another service and is not there yet: 导出, 支持包."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from edge_agent.furniture.words import spoken
from edge_agent.store import requests
from edge_agent.store.database import Connection
from edge_agent.store.requests import Request
from edge_agent.web.words import mark, words

_MOST = 20


@dataclass(frozen=True, slots=True)
class Order:
    """`trouble` says why nothing will come of it; empty while it is being worked at."""

    request: Request
    trouble: str


def pending(connection: Connection, kind: str, now: datetime, language: str) -> list[Order]:
    """Give the newest requests of a kind that were not fulfilled."""
    found = requests.recent(connection, kind, _MOST)
    return [Order(each, _trouble(each, now, language)) for each in found if each.state != "done"]


def _trouble(order: Request, now: datetime, language: str) -> str:
    if order.state == "failed":
        return spoken((order.answer or {}).get("error", ""), language)
    if order.state == "expired" or order.expires < now:
        return words(language).gettext(mark("没有服务处理，请检查维护服务后重试"))
    return ""
