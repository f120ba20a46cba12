"""概览, 培训点, 课程, 抓拍: what happens at the venues."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import Response

from edge_agent.central import commands
from edge_agent.central.instants import to_micros
from edge_agent.central.pages.guard import Reader, Visitor
from edge_agent.central.registry import get as get_agent
from edge_agent.central.views import classes, duplicates, lessons, venues

router = APIRouter()
Number = Annotated[int, Query(ge=1, le=1_000_000)]
Word = Annotated[str, Query(max_length=80)]


@router.get("/")
def overview(visitor: Reader) -> Response:
    """How the venues stand, today's lessons, and what waits for a person."""
    today = visitor.today
    with visitor.reading() as tx:
        states = venues.count_states(tx, visitor.scope, visitor.now)
        verdicts = lessons.count_verdicts(tx, visitor.scope, today.isoformat())
        late = venues.list_late(tx, visitor.scope, visitor.now)
        waiting = classes.count_waiting(tx, visitor.scope)
        edits = lessons.list_lessons(tx, visitor.scope, unconfirmed=True).total
        yesterday = lessons.count_verdicts(tx, visitor.scope, (today - timedelta(days=1)).isoformat())
        twice = len(duplicates.find_duplicates(tx, visitor.scope, visitor.now - timedelta(days=7), visitor.now))
    return visitor.page(
        "overview.html",
        states=states,
        verdicts=verdicts,
        late=late,
        waiting=waiting,
        edits=edits,
        yesterday=yesterday,
        twice=twice,
        today=today,
        before=today - timedelta(days=1),
    )


@router.get("/venues")
def all_venues(visitor: Reader, words: Word = "", state: Word = "", order: Word = "", page: Number = 1) -> Response:
    with visitor.reading() as tx:
        found = venues.list_venues(tx, visitor.scope, visitor.now, words=words, state=state, order=order, page=page)
        states = venues.count_states(tx, visitor.scope, visitor.now)
    return visitor.page("venues.html", found=found, states=states, late=venues.LATE)


@router.get("/venues/{number}")
def one_venue(visitor: Reader, number: int) -> Response:
    with visitor.reading() as tx:
        venue = visitor.venue(tx, number)
        sent = commands.of_agent(tx, get_agent(tx, number), limit=20)
        today = visitor.today.isoformat()
        return visitor.page(
            "venue.html",
            venue=venue,
            alarms=venues.list_alarms(tx, number),
            cameras=venues.list_cameras(tx, number),
            quarantine=venues.list_quarantine(tx, number),
            classes=classes.list_classes(tx, visitor.scope, venue=number),
            lessons=lessons.list_lessons(tx, visitor.scope, since=today, until=today, venue=number),
            sent=sent,
            late=venues.LATE,
        )


@router.get("/lessons")
def all_lessons(
    visitor: Reader,
    *,
    day: date | None = None,
    verdict: Word = "",
    venue: Annotated[int | None, Query(ge=1)] = None,
    edits: bool = False,
    page: Number = 1,
) -> Response:
    chosen = day or visitor.today
    span = {} if edits else {"since": chosen.isoformat(), "until": chosen.isoformat()}
    with visitor.reading() as tx:
        place = visitor.venue(tx, venue) if venue is not None else None
        found = lessons.list_lessons(
            tx, visitor.scope, **span, verdict=verdict, venue=venue, unconfirmed=edits, page=page
        )
        verdicts = lessons.count_verdicts(tx, visitor.scope, chosen.isoformat())
    return visitor.page(
        "lessons.html", found=found, verdicts=verdicts, day=chosen, place=place, edits=edits, step=timedelta(days=1)
    )


@router.get("/venues/{number}/lessons/{lesson}")
def one_lesson(visitor: Reader, number: int, lesson: str) -> Response:
    """Everything of a lesson on one screen."""
    with visitor.reading() as tx:
        venue = visitor.venue(tx, number)
        found = lessons.get_lesson(tx, number, lesson)
        segments, gaps = lessons.read_recordings(tx, found)
        return visitor.page(
            "lesson.html",
            venue=venue,
            lesson=found,
            taps=lessons.list_taps(tx, number, lesson),
            shots_found=lessons.list_shots(tx, number, lesson),
            segments=segments,
            gaps=gaps,
            cameras={each.id: each.name or each.id for each in venues.list_cameras(tx, number)},
            total=lessons.total(segments),
            stores_itself=visitor.centre.store.presigns,
        )


@router.get("/snapshots")
def shots(
    visitor: Reader,
    day: date | None = None,
    venue: Annotated[int | None, Query(ge=1)] = None,
    page: Number = 1,
) -> Response:
    """抓拍: a day's pictures of all venues."""
    chosen = day or visitor.today
    since, until = _day(visitor, chosen), _day(visitor, chosen + timedelta(days=1))
    with visitor.reading() as tx:
        place = visitor.venue(tx, venue) if venue is not None else None
        found = lessons.page_shots(
            tx, visitor.scope, since=to_micros(since), until=to_micros(until), venue=venue, page=page
        )
    return visitor.page("snapshots.html", found=found, day=chosen, place=place, step=timedelta(days=1))


def _day(visitor: Visitor, day: date) -> datetime:
    return datetime.combine(day, time(), visitor.zone).astimezone(UTC)
