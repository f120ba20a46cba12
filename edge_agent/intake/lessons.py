"""One row of a timetable to its lessons."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Literal, TypeVar

from edge_agent.intake.classes import ClassDraft
from edge_agent.intake.moments import ReadDate, ReadTime, ending, read_date, read_times, split_moment
from edge_agent.intake.problems import Place
from edge_agent.intake.report import Report
from edge_agent.intake.shape import MINUTE, MOST_PERIODS, Block, Part, join, parts_of, shape_of
from edge_agent.intake.table import Row, Table
from edge_agent.intake.values import Unreadable, Value, fold, read_count, read_name, read_text
from edge_agent.intake.world import World
from edge_agent.model.lesson import Lesson, LessonKind
from edge_agent.model.people import Teacher
from edge_agent.rules.policy import Policy

# Before it an hour is more likely an afternoon's whose 下午 was left out.
EARLIEST_HOUR = 6
LONGEST_BREAK = 120
_DAY = timedelta(days=1)
_HALF_YEAR = timedelta(days=180)
_EXAM = re.compile(r"考核|考试|\bexam", re.IGNORECASE)
_OPENING = re.compile(r"开班|开学典礼|\bopening", re.IGNORECASE)
_REST = re.compile(r"^(?:午休|休息|午餐|就餐|晚餐|放假|午间休息)")
_NAMES = re.compile(r"[、,;/\n]")
_YEAR = re.compile(r"(20\d\d)\s*年?")

T = TypeVar("T")
Ranges = tuple[tuple[ReadTime, ReadTime | None], ...]

Change = Literal["added", "changed", "unchanged"]


@dataclass(frozen=True, slots=True)
class LessonRow:
    """One lesson as read; `lesson.id` is empty for a new one.

    `lesson.room` and `lesson.teacher` are ids, empty where the store doesn't know the names beside them.
    """

    place: Place
    lesson: Lesson
    room: str
    teacher: str
    assistants: tuple[str, ...]
    change: Change = "added"


@dataclass(frozen=True, slots=True)
class _When:
    day: date
    ranges: Ranges


class LessonReader:
    """Reads the rows of one table; a date without a year takes it from the class, the title or the row before."""

    def __init__(self, report: Report, world: World, table: Table) -> None:
        self._report, self._world, self._table = report, world, table
        years = [int(found[1]) for title in table.titles if (found := _YEAR.search(title))]
        self._year = years[0] if years else 0
        self._last: date | None = None
        self._rooms = {fold(name): room for room, name in world.rooms.items()} | {
            fold(room): room for room in world.rooms
        }

    def lessons(self, row: Row, target: ClassDraft) -> Iterator[LessonRow]:
        subject = self._report.read(row, "subject", read_text, "")
        if _REST.match(subject):
            self._report.add("rest_skipped", row.place("subject"), text=subject)
            return
        policy = self._world.policies[target.training.policy]
        when = self._when(row, target)
        room, room_name = self._room(row)
        teacher, names = self._teachers(row, target)
        kind = self._kind(row, subject)
        subgroup = self._report.read(row, "subgroup", read_text, "")
        if when is None:
            return
        for part in self._parts(row, when, policy):
            lesson = Lesson(
                id="",
                class_id=target.training.id,
                date=part.start.date(),
                start=part.start.time(),
                periods=part.periods,
                break_minutes=part.break_minutes,
                room=room,
                subject=subject,
                teacher=teacher,
                subgroup=subgroup,
                kind=kind,
            )
            yield LessonRow(row.place("time"), lesson, room_name, names[0] if names else "", names[1:])

    def _when(self, row: Row, target: ClassDraft) -> _When | None:
        """Read date and times; a table without a date column has both in one."""
        training = target.training
        between = (training.opens, training.closes) if training.opens and training.closes else None
        nearby = (self._last - _HALF_YEAR, self._last + _HALF_YEAR) if self._last and not self._year else None

        def day_of(value: Value) -> ReadDate:
            return read_date(value, epoch=self._table.sheet.epoch, between=between or nearby, year=self._year)

        day: ReadDate | None = None
        ranges: Ranges = ()
        column = "date" if "date" in self._table.columns else "time"
        if column == "date":
            day = self._report.read(row, "date", _optional(day_of), None, required=True)
            ranges = self._report.read(row, "time", read_times, ranges)
        elif both := self._report.read(row, "time", _optional(lambda value: _date_and_times(value, day_of)), None):
            day, ranges = both
        if day is None:
            return None
        self._last = day.date
        place = row.place(column)
        if day.serial:
            self._report.add("date_serial", place, date=day.date)
        if day.contradicts_weekday:
            self._report.add("weekday_differs", place, date=day.date, weekday="一二三四五六日"[day.date.weekday()])
        if between and not between[0] <= day.date <= between[1]:
            self._report.add("outside_class", place, date=day.date, opens=between[0], closes=between[1])
        ranges = self._with_end(row, ranges)
        return _When(day.date, ranges) if ranges else None

    def _with_end(self, row: Row, ranges: Ranges) -> Ranges:
        none: Ranges = ()
        ends = self._report.read(row, "end", read_times, none)
        if ends and len(ranges) == 1 and ranges[0][1] is None:
            ranges = ((ranges[0][0], ending(ranges[0][0], ends[0][0])),)
        for start, _ in ranges:
            if not start.part and time(0) < start.time < time(EARLIEST_HOUR):
                self._report.add("time_night", row.place("time"), time=f"{start.time:%H:%M}")
        return ranges

    def _parts(self, row: Row, when: _When, policy: Policy) -> Iterator[Part]:
        """Cut the row's times into lessons; a row whose times and periods don't fit gives none."""
        period = policy.period.length
        pair, limited = max(policy.pair_limit.periods, 1), policy.pair_limit.basis != "off"
        periods = self._report.read(row, "periods", lambda value: read_count(value, low=1, high=MOST_PERIODS), 0)
        pause = self._report.read(row, "break", _optional(_break), None)
        blocks = join([_block(when.day, start, end) for start, end in when.ranges], period)
        if len(blocks) == 1:
            only = blocks[0]
            blocks = [replace(only, periods=periods or only.periods, break_minutes=_first(only.break_minutes, pause))]
        made: list[Part] = []
        for block in blocks:
            try:
                shape = shape_of(block, period=period, pair=pair)
            except Unreadable as unreadable:
                self._report.add(unreadable.code, row.place("time"), **unreadable.params)
                return
            parts = parts_of(block.start, shape, period=period, pair=pair, limited=limited)
            if shape.guessed:
                words = {"periods": shape.periods, "length": f"{period / MINUTE:g}", "each": shape.pause}
                self._report.add("breaks_guessed", row.place("time"), **words)
            if len(parts) > 1:
                sizes = "+".join(str(part.periods) for part in parts)
                self._report.add("lesson_split", row.place("periods"), periods=shape.periods, sizes=sizes)
            made.extend(parts)
        found = sum(part.periods for part in made)
        if periods and periods != found:
            self._report.add("periods_differ", row.place("periods"), said=periods, found=found)
        end = made[-1].end(period)
        if (end - MINUTE).date() > when.day:
            self._report.add("past_midnight", row.place("time"), end=f"{end:%m-%d %H:%M}")
        yield from made

    def _room(self, row: Row) -> tuple[str, str]:
        name = self._report.read(row, "room", read_text, "")
        if not name and len(self._world.rooms) == 1:
            ((room, name),) = self._world.rooms.items()
            self._report.once("room_assumed", name=name)
            return room, name
        if not name:
            self._report.once("room_none")
            return "", ""
        room = self._rooms.get(fold(name), "")
        if not room:
            self._report.once("room_new", name=name)
        return room, name

    def _teachers(self, row: Row, target: ClassDraft) -> tuple[str, tuple[str, ...]]:
        """Give the first teacher's id where known, and all names of the cell."""
        none: tuple[str, ...] = ()
        names = self._report.read(row, "teacher", _people, none)
        if not names:
            if "teacher" in self._table.columns:
                self._report.add("teacher_none", row.place("teacher"))
            return "", ()
        if len(names) > 1:
            self._report.add("teachers_several", row.place("teacher"), first=names[0])
        found = [self._teacher(row, name, target) for name in names]
        return found[0], names

    def _teacher(self, row: Row, name: str, target: ClassDraft) -> str:
        known: list[Teacher] = [teacher for teacher in self._world.teachers if fold(teacher.name) == fold(name)]
        if not known:
            if self._world.teachers:
                self._report.add("teacher_unknown", row.place("teacher"), name=name)
            else:
                self._report.once("teacher_new", name=name)
            return ""
        mine = [teacher for teacher in known if target.training.id in teacher.classes] or known
        if len(mine) > 1:
            self._report.add("teacher_ambiguous", row.place("teacher"), name=name)
        return mine[0].id

    def _kind(self, row: Row, subject: str) -> LessonKind:
        said = self._report.read(row, "kind", read_text, "")
        for pattern, kind in ((_EXAM, LessonKind.EXAM), (_OPENING, LessonKind.OPENING)):
            if pattern.search(said) or (not said and pattern.search(subject)):
                if not said:
                    self._report.add("kind_inferred", row.place("subject"), text=subject)
                return kind
        return LessonKind.NORMAL


def _block(day: date, start: ReadTime, end: ReadTime | None) -> Block:
    begins = datetime.combine(day, start.time)
    if end is None:
        return Block(begins)
    length = (datetime.combine(day, end.time) - begins) % _DAY  # an end before the start is the next day's
    return Block(begins, length or _DAY)


def _first(*values: int | None) -> int | None:
    return next((value for value in values if value is not None), None)


def _optional(reader: Callable[[Value], T]) -> Callable[[Value], T | None]:
    """Tell the type checker that an empty cell is None."""
    return reader


def _break(value: Value) -> int:
    return read_count(value, low=0, high=LONGEST_BREAK)


def _people(value: Value) -> tuple[str, ...]:
    return tuple(read_name(part) for part in _NAMES.split(read_text(value)) if part.strip())


def _date_and_times(value: Value, day_of: Callable[[Value], ReadDate]) -> tuple[ReadDate, Ranges]:
    day, times = split_moment(value)
    return day_of(day), read_times(times)
