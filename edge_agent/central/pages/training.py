"""班级, 打卡, 重复打卡, 名单下发."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import Response

from edge_agent.central.pages.guard import Administrator, Reader
from edge_agent.central.pages.watch import Number, Word
from edge_agent.central.views import classes, duplicates, lessons

router = APIRouter()


@router.get("/classes")
def all_classes(visitor: Reader, words: Word = "", state: Word = "", page: Number = 1) -> Response:
    with visitor.reading() as tx:
        found = classes.list_classes(tx, visitor.scope, state=state, words=words, page=page)
    return visitor.page("classes.html", found=found)


@router.get("/venues/{number}/classes/{class_id}")
def one_class(visitor: Reader, number: int, class_id: str, page: Number = 1) -> Response:
    """One screen shows the district everything of a class."""
    with visitor.reading() as tx:
        venue = visitor.venue(tx, number)
        found = classes.get_class(tx, number, class_id)
        return visitor.page(
            "class.html",
            venue=venue,
            training=found,
            trainees=classes.list_trainees(tx, found),
            lessons=lessons.list_lessons(tx, visitor.scope, venue=number, class_id=class_id, page=page),
        )


@router.get("/duplicates")
def twice(visitor: Reader, days: Annotated[int, Query(ge=1, le=400)] = 30) -> Response:
    """The same person at two venues at the same time."""
    with visitor.reading() as tx:
        found = duplicates.find_duplicates(tx, visitor.scope, visitor.now - timedelta(days=days), visitor.now)
    return visitor.page("duplicates.html", found=found, days=days, most=duplicates.MOST)


@router.get("/venues/{number}/import")
def tables(visitor: Administrator, number: int) -> Response:
    with visitor.reading() as tx:
        venue = visitor.venue(tx, number)
        known = classes.of_venue(tx, number)
    return visitor.page("import.html", venue=venue, classes=known)
