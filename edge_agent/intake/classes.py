"""Classes: an import of their own, and how a roster or timetable says which class it is for."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from pathlib import PurePath
from typing import Protocol, TypeVar

from edge_agent.intake.columns import CLASS_NAME, CLASSES, CLOSES, CODE, OPENS, REQUIRED
from edge_agent.intake.limits import check_share
from edge_agent.intake.moments import read_date, read_span
from edge_agent.intake.problems import FILE, FileRefusedError, Place, Problems
from edge_agent.intake.read import Source, open_table
from edge_agent.intake.report import Report
from edge_agent.intake.table import Row, Table
from edge_agent.intake.values import Unreadable, Value, fold, read_count, read_text
from edge_agent.intake.world import World
from edge_agent.model.people import ClassState, TrainingClass

T = TypeVar("T")
MOST_PERIODS = 2_000

# 2024年焊工一期学员花名册: what stands before the word for a list is the class.
_TITLE = re.compile(
    r"^(.{2,80}?)(?:培训)?(?:学员|参训人员|培训人员|人员)?(?:信息)?(?:花名册|名册|名单|登记表|汇总表|课程表|课程安排表?|教学安排表?|授课计划表?|教学计划表?|课表|日程表)$"
)
_SPEAKS_FOR_NONE = re.compile(r"^(?:导入|模板|学员|课程|教学|sheet\d*|roster|timetable)*$", re.IGNORECASE)


class Reading(Protocol):
    """Read one field of a class, from a row or from the labels above a table."""

    def __call__(self, name: str, reader: Callable[[Value], T], default: T, /) -> T: ...


@dataclass(frozen=True, slots=True)
class ClassDraft:
    """A class that a file names. `training.id` is empty while the store doesn't know the class."""

    training: TrainingClass
    row: int = 0

    @property
    def is_new(self) -> bool:
        return not self.training.id


@dataclass(frozen=True, slots=True)
class ClassesDraft:
    source: Source
    problems: Problems
    classes: tuple[ClassDraft, ...] = ()


def parse_classes(data: bytes, name: str, world: World) -> ClassesDraft:
    """Read a list of classes (班级管理 - 批量导入), one a row."""
    source, report = Source.of(data, name), Report()
    try:
        table = open_table(data, name, CLASSES, report)
    except FileRefusedError as refused:
        return ClassesDraft(source, Problems((refused.problem,)))
    drafts: list[ClassDraft] = []
    seen: dict[str, int] = {}
    for row in table.rows():
        training = _training(_from_row(report, row), report, row.place(), world, table.sheet.epoch)
        for key in {training.code, fold(training.name)} - {""}:
            if (first := seen.setdefault(key, row.number)) != row.number:
                report.add("class_twice", row.place("code"), row=first)
        known = find_class(world, training.code) or find_class(world, training.name)
        if known is not None and known.code != training.code:
            report.add("class_name_taken", row.place("name"), code=known.code)
        elif known is not None:
            if known.state is ClassState.CLOSED:
                report.add("class_closed", row.place("code"), name=known.name)
            training = _updated(known, training)
            report.add("class_updated", row.place("code"), name=known.name)
        check_share(
            report, world, training, training.online_required, code="online_class_share", place=row.place("online")
        )
        drafts.append(ClassDraft(training, row.number))
    if not drafts:
        report.add("rows_none")
    return ClassesDraft(source, report.problems(), tuple(drafts))


class ClassChooser:
    """Says which class a roster or timetable is for.

    In this order: the one the caller names, the row's own column, a label above the table, the title, the only class
    there is, the file's name. A class that the store doesn't know becomes a draft, said in a notice.
    """

    def __init__(self, report: Report, world: World, table: Table, *, file: str, named: str = "") -> None:
        self._report, self._world, self._table, self._file = report, world, table, file
        self._drafts: dict[str, ClassDraft] = {}
        self._named = self._resolve(named, FILE) if named else None
        self._whole: ClassDraft | None = None

    @property
    def drafts(self) -> tuple[ClassDraft, ...]:
        return tuple(self._drafts.values())

    def of(self, row: Row) -> ClassDraft | None:
        """Give the row's class, or None after a problem was reported."""
        own = self._report.read(row, "class", read_text, "")
        if own:
            draft = self._resolve(own, row.place("class"))
            if self._named is not None and draft is not self._named:
                self._report.add("class_other", row.place("class"), named=self._named.training.name)
            return draft
        if self._named is not None:
            return self._named
        if self._whole is None:
            self._whole = self._of_file()
        return self._whole

    def _of_file(self) -> ClassDraft | None:
        above = self._table.above
        for name in ("code", "name"):
            if name in above:
                place, value = above[name]
                return self._resolve(self._report.read_at(place, value, read_text, ""), place)
        for title in (*self._table.titles, self._table.sheet.name):
            found = _TITLE.match(fold(title))
            if found and not _SPEAKS_FOR_NONE.match(found[1]):
                return self._resolve(found[1], FILE)
        running = [known for known in self._world.classes if known.state is not ClassState.CLOSED]
        if len(running) == 1:
            self._report.once("class_assumed", name=running[0].name)
            return self._resolve(running[0].code, FILE)
        if running:
            self._report.once("class_unnamed", names="、".join(known.name for known in running[:5]))
            return None
        stem = PurePath(self._file).stem
        found = _TITLE.match(fold(stem))
        return self._resolve(found[1] if found else stem, FILE)

    def _resolve(self, reference: str, place: Place) -> ClassDraft:
        key = fold(reference)
        if key in self._drafts:
            return self._drafts[key]
        known = find_class(self._world, reference)
        draft = self._known(known, place) if known else self._new(reference, place)
        same = next((other for other in self._drafts.values() if known and other.training.id == known.id), draft)
        if known and known.state is ClassState.CLOSED:
            self._report.add("class_closed", place, name=known.name)
        self._drafts[key] = same
        return same

    def _known(self, known: TrainingClass, place: Place) -> ClassDraft:
        """A roster or timetable changes nothing of its class; what its head says otherwise is pointed out."""
        said = _training(self._read_above, self._report, place, self._world, self._table.sheet.epoch)
        differing = [
            field.heading
            for field, one, other in (
                (OPENS, said.opens, known.opens),
                (CLOSES, said.closes, known.closes),
                (REQUIRED, said.required_periods, known.required_periods),
            )
            if one and one != other and fold(said.code or said.name) in {fold(known.code), fold(known.name)}
        ]
        if differing:
            self._report.once("class_differs", place, name=known.name, fields="、".join(differing))
        return ClassDraft(known)

    def _read_above(self, name: str, reader: Callable[[Value], T], default: T, /) -> T:
        above = self._table.above
        return self._report.read_at(*above[name], reader, default) if name in above else default

    def _new(self, reference: str, place: Place) -> ClassDraft:
        training = _training(self._read_above, self._report, place, self._world, self._table.sheet.epoch)
        if not training.code and not training.name:  # the title names it, the labels say the rest
            training = replace(training, name=reference)
        elif fold(reference) not in {fold(training.code), fold(training.name)}:
            training = _bare(reference, self._world)
        missing = [
            heading.heading
            for heading, value in (
                (CODE, training.code), (CLASS_NAME, training.name), (OPENS, training.opens), (CLOSES, training.closes),
                (REQUIRED, training.required_periods),
            )
            if not value
        ]  # fmt: skip
        name = training.name or training.code
        if missing:
            self._report.once("class_incomplete", place, name=name, missing="、".join(missing))
        else:
            self._report.once("class_new", place, name=name)
        return ClassDraft(training)


def _bare(name: str, world: World) -> TrainingClass:
    return TrainingClass("", "", name, category="", opens=None, closes=None, required_periods=0, policy=world.policy)


def _from_row(report: Report, row: Row) -> Reading:
    def read(name: str, reader: Callable[[Value], T], default: T) -> T:
        return report.read(row, name, reader, default)

    return read


def _training(read: Reading, report: Report, place: Place, world: World, epoch: date | None) -> TrainingClass:
    def day(value: Value) -> date | None:
        return read_date(value, epoch=epoch).date

    unknown: tuple[date | None, date | None] = (None, None)
    opens, closes = read("span", read_span, unknown)
    opens, closes = read("opens", day, opens), read("closes", day, closes)
    if opens and closes and closes < opens:
        report.add("class_dates", place, opens=opens, closes=closes)
    required = read("required", lambda value: read_count(value, low=1, high=MOST_PERIODS), 0)
    online = read("online", lambda value: read_count(value, low=0, high=MOST_PERIODS), 0)
    policy = read("policy", lambda value: _policy(value, world), world.policy)
    if required and online > required:
        report.add("online_over", place, online=online, required=required)
    return TrainingClass(
        id="",
        code=read("code", read_text, ""),
        name=read("name", read_text, ""),
        category=read("category", read_text, ""),
        opens=opens,
        closes=closes,
        required_periods=required,
        online_required=online,
        policy=policy,
        size_exception=read("exception", read_text, ""),
    )


def _policy(value: Value, world: World) -> str:
    name = read_text(value)
    if name not in world.policies:
        raise Unreadable("policy_unknown", text=name, known="、".join(world.policies))
    return name


def find_class(world: World, reference: str) -> TrainingClass | None:
    """Find a class by 培训期次ID, else id, else name: a name may be some other class's code."""
    key = fold(reference)
    for names in ("code", "id", "name"):
        for known in world.classes:
            if key and fold(getattr(known, names)) == key:
                return known
    return None


def _updated(known: TrainingClass, read: TrainingClass) -> TrainingClass:
    return replace(
        known,
        name=read.name,
        category=read.category or known.category,
        opens=read.opens,
        closes=read.closes,
        required_periods=read.required_periods,
        online_required=read.online_required,
        size_exception=read.size_exception or known.size_exception,
    )
