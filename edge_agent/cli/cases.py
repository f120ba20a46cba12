"""Files of cases for `rules replay`: lessons, revisions and taps, each with what is expected of them."""

from __future__ import annotations

import codecs
import datetime as dt
from collections import Counter
from pathlib import Path
from typing import Annotated, Any, Self, TypeVar, cast

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, ValidationError, model_validator

from edge_agent.errors import InputError
from edge_agent.mistakes import describe
from edge_agent.model.lesson import Lesson, LessonKind, Timetable
from edge_agent.rules.replay import Case
from edge_agent.rules.revise import Changes, Edit


class _Form(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    note: str = ""


class _Noted(_Form):
    """A form that another tool may have put remarks into; a misspelt expectation is not one of them."""

    model_config = ConfigDict(extra="allow", frozen=True)

    @model_validator(mode="after")
    def _no_unknown_expectation(self) -> Self:
        for name in self.model_extra or {}:
            if name.startswith("expect"):
                raise ValueError(f"{name}: 不认识的期望 / an expectation that is not known")
        return self


def _local(moment: dt.time) -> dt.time:
    if moment.tzinfo is not None:
        raise ValueError("课程的时刻是当地时间，不带时区 / a lesson's times are local, without an offset")
    return moment


# Strict, or a number would be read as seconds since midnight; a year that has neighbours, so that windows can be told.
_Clock = Annotated[dt.time, Field(strict=True), AfterValidator(_local)]
_Date = Annotated[dt.date, Field(strict=True, ge=dt.date(1970, 1, 1), le=dt.date(2999, 12, 31))]
_Periods = Annotated[int, Field(ge=1, le=24)]


class _Changeable(_Form):
    """What a lesson has and a revision may set."""

    break_minutes: Annotated[int, Field(ge=0, le=24 * 60)] = 0
    end: _Clock | None = None
    cancelled: bool = False
    cancel_reason: str = ""
    room: str = ""
    subject: str = ""
    teacher: str = ""
    subgroup: str = ""
    cameras: tuple[str, ...] = ()
    kind: LessonKind = LessonKind.NORMAL


class LessonForm(_Changeable):
    id: str
    date: _Date
    start: _Clock
    periods: _Periods
    class_id: str = ""

    def lesson(self) -> Lesson:
        return Lesson(**self.model_dump(exclude={"note"}))


class ChangesForm(_Changeable):
    """Only what the file sets is a change; the defaults are never read."""

    date: _Date = dt.date.min
    start: _Clock = dt.time.min
    periods: _Periods = 1

    def changes(self) -> Changes:
        return cast("Changes", self.model_dump(exclude_unset=True, exclude={"note"}))


class RevisionForm(_Noted):
    at: AwareDatetime
    lesson: str
    set: ChangesForm


class TapForm(_Noted):
    at: AwareDatetime
    expect: list[dict[str, Any]] | None = None


class CaseForm(_Noted):
    """One trainee's case. What is expected is compared with the answer as it is written, so it has no form here."""

    id: str
    policy: str = ""
    lessons: tuple[LessonForm, ...]
    revisions: tuple[RevisionForm, ...] = ()
    taps: tuple[TapForm, ...] = ()
    subgroup: str = ""
    approved: Annotated[int, Field(ge=0)] | None = None
    expect_units: list[dict[str, Any]] | None = None
    expect_credit: int | None = None

    def case(self) -> Case:
        return Case(
            lessons=tuple(form.lesson() for form in self.lessons),
            taps=tuple(tap.at for tap in self.taps),
            edits=tuple(Edit(form.at, form.lesson, form.set.changes()) for form in self.revisions),
            subgroup=self.subgroup,
            approved=self.approved,
        )


class SnapshotsForm(_Noted):
    policy: str = ""
    lesson: LessonForm
    expect: list[dict[str, Any]] | None = None


class PassForm(_Form):
    credited: float
    required: float
    expected: bool = Field(alias="pass")


class CasesForm(BaseModel):
    """The whole file; sections that another tool may have added are left alone."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    policy: str
    timezone: str = ""
    attendance: tuple[CaseForm, ...] = ()
    snapshots: tuple[SnapshotsForm, ...] = ()
    pass_80_percent: tuple[PassForm, ...] = ()
    resident_id: dict[str, bool] = Field(default_factory=dict)
    teachers_needed: dict[int, int] = Field(default_factory=dict)

    @property
    def expects_something(self) -> bool:
        written = [snapshot.expect for snapshot in self.snapshots]
        for case in self.attendance:
            written += [case.expect_units, *(tap.expect for tap in case.taps)]
            if case.expect_credit is not None:
                return True
        return bool(self.pass_80_percent or self.resident_id or self.teachers_needed) or any(
            each is not None for each in written
        )

    @property
    def unused(self) -> tuple[str, ...]:
        """Names in cases, revisions, taps and snapshots that mean nothing here, each once."""
        forms: list[BaseModel] = [
            *self.attendance,
            *self.snapshots,
            *(revision for case in self.attendance for revision in case.revisions),
            *(tap for case in self.attendance for tap in case.taps),
        ]
        return tuple(dict.fromkeys(name for form in forms for name in form.model_extra or {}))


class _TimetableForm(_Form):
    lessons: tuple[LessonForm, ...]
    rooms: dict[str, tuple[str, ...]] = Field(default_factory=dict)


def read_cases(file: Path) -> CasesForm:
    """Read a file of cases; raises `InputError` that names the case and the field."""
    form = _read(file, CasesForm)
    for case in form.attendance:
        _refuse_twins(case.lessons, f"{file.name}: 案例 {case.id}")
        known = {lesson.id for lesson in case.lessons}
        for revision in case.revisions:
            if revision.lesson not in known:
                raise InputError(
                    f"{file.name}: 案例 {case.id} 没有它修改的课程 / it revises lesson {revision.lesson}, not its own",
                    do=f"该案例的课程有 / Name one of {', '.join(sorted(known))}.",
                )
    return form


def read_lessons(file: Path) -> Timetable:
    """Read a timetable in JSON: `lessons` as in a file of cases, and `rooms` with the ids of their cameras."""
    form = _read(file, _TimetableForm)
    _refuse_twins(form.lessons, file.name)
    return Timetable(tuple(each.lesson() for each in form.lessons), form.rooms)


def content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise InputError(
            f"{file}: 无法读取 / can't be read: {error.strerror}.", do="请给出可读的文件。Name a file that can be read."
        ) from error


def _refuse_twins(lessons: tuple[LessonForm, ...], where: str) -> None:
    for name, count in Counter(lesson.id for lesson in lessons).items():
        if count > 1:
            raise InputError(
                f"{where}: 课程编号 {name} 重复 / stands twice.",
                do="每节课的编号不能重复。Give each lesson an id of its own.",
            )


_FormT = TypeVar("_FormT", bound=BaseModel)


def _read(file: Path, form: type[_FormT]) -> _FormT:
    data = content(file).removeprefix(codecs.BOM_UTF8)  # editors on Windows put it there
    try:
        return form.model_validate_json(data)
    except ValidationError as error:
        raise InputError(f"{file.name}: {describe(error)}.", do="请改正所列的字段。Mend the fields named.") from error
