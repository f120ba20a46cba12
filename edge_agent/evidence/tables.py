"""The package's tables, as values: one content for the workbook, the PDF and the pages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from edge_agent.evidence.record import ClassRecord
from edge_agent.evidence.words import (
    FATES,
    METHODS,
    PROSPECTS,
    SLOTS,
    VERDICTS,
    reason_text,
    why_text,
)
from edge_agent.model.lesson import Lesson
from edge_agent.model.people import Trainee
from edge_agent.model.span import AttendanceUnit, Span
from edge_agent.rules.gaps import covered
from edge_agent.rules.reasons import Reason
from edge_agent.rules.slots import Fate
from edge_agent.rules.windows import lesson_times
from edge_agent.store.attendance import Tap

Cell = str | int | float | None


@dataclass(frozen=True)
class Table:
    """`name` is a sheet's name (at most 31 characters); `bad` are the rows, from 0, that want attention."""

    name: str
    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    notes: Sequence[str] = ()
    bad: frozenset[int] = field(default=frozenset())


def mask(document: str) -> str:
    """Show the first six and the last two digits of a resident id: region, and enough to tell two namesakes apart."""
    return document if len(document) <= 8 else document[:6] + "*" * (len(document) - 8) + document[-2:]  # noqa: PLR2004 - 6 + 2


class Tables:
    """The tables of one class; `full_ids` shows resident ids whole."""

    def __init__(self, record: ClassRecord, *, full_ids: bool = False) -> None:
        self.record = record
        self._full_ids = full_ids
        self._zone = record.policy.policy.zone
        self._taps = {(tap.trainee, tap.unit, tap.direction): tap for tap in record.taps}

    def document(self, trainee: Trainee) -> str:
        return trainee.document if self._full_ids else mask(trainee.document)

    def attendance(self) -> Iterator[Table]:
        """签到签退表: one table an attendance unit, all trainees of it."""
        for unit in self.record.schedule.units(self.record.training.id):
            if unit.sign_in.start <= self.record.at:
                yield self.of_unit(unit)

    def personal(self) -> Iterator[Table]:
        """学员考勤表: one table a trainee, all units so far."""
        for trainee in self.record.trainees:
            yield self.of_trainee(trainee)

    def of_trainee(self, trainee: Trainee) -> Table:
        rows: list[list[Cell]] = []
        bad = set()
        units = [unit for unit in self.record.units(trainee) if unit.sign_in.start <= self.record.at]
        for number, unit in enumerate(units, 1):
            marked, is_hole = self._marked(trainee, unit)
            if is_hole:
                bad.add(len(rows))
            first = unit.teaching.start.astimezone(self._zone)
            rows.append([number, first.date().isoformat(), self._span(unit.teaching), self._subjects(unit), *marked])
        standing = self.record.standings[trainee.id]
        counted = (
            f"计入 {standing.credited} 课时，应修 {standing.required} 课时，合格需 {standing.needed} 课时，"
            f"{PROSPECTS[standing.prospect]}"
        )
        columns = ["序号", "日期", "授课时段", "课程", *_MARKED]
        title = f"{self._class_name} 学员考勤表 {trainee.name} {self.document(trainee)}"
        return Table(trainee.name, title, columns, rows, notes=(counted,), bad=frozenset(bad))

    def summary(self) -> Table:
        """学员考勤汇总: credited periods against the approved ones."""
        rows: list[list[Cell]] = []
        bad = set()
        for number, trainee in enumerate(self.record.trainees, 1):
            standing = self.record.standings[trainee.id]
            recognised = self.record.recognised(trainee)
            share = 100 * standing.credited / standing.required if standing.required else 0.0
            notes = "；".join(reason_text(reason, self._zone) for reason in standing.reasons if reason.is_fault)
            if standing.prospect.value == "lost":
                bad.add(len(rows))
            rows.append(
                [
                    number,
                    trainee.name,
                    self.document(trainee),
                    standing.credited,
                    recognised,
                    min(standing.credited + recognised, standing.required),
                    standing.online,
                    standing.required,
                    f"{share:.1f}%",
                    PROSPECTS[standing.prospect],
                    max(0, standing.spare_periods),
                    standing.strict,
                    notes,
                ]
            )
        columns = [
            "序号",
            "姓名",
            "身份证号",
            "计入课时",
            "区县认可课时",
            "合计课时",
            "线上课时",
            "应修课时",
            "出勤率",
            "结论",
            "还可缺课时",
            "从严口径课时",
            "备注",
        ]
        return Table("考勤汇总", f"{self._class_name} 学员考勤汇总", columns, rows, notes=_TOTALS, bad=frozenset(bad))

    def lessons(self) -> Table:
        """课程一览: each lesson's verdict with its reasons."""
        rows: list[list[Cell]] = []
        bad = set()
        for lesson in self.record.lessons:
            verdict = self.record.verdicts[lesson.id]
            if verdict.verdict.value in {"partial", "missing"}:
                bad.add(len(rows))
            rows.append(
                [
                    lesson.date.isoformat(),
                    self._time_of(lesson),
                    lesson.subject,
                    self._teacher(lesson),
                    self.record.rooms.get(lesson.room, lesson.room),
                    lesson.periods,
                    VERDICTS[verdict.verdict],
                    "；".join(self._say(reason) for reason in verdict.reasons),
                ]
            )
        columns = ["日期", "时间", "课程", "授课教师", "教室", "课时", "结论", "说明"]
        return Table("课程一览", f"{self._class_name} 课程一览", columns, rows, bad=frozenset(bad))

    def snapshots(self) -> Table:
        """抓拍清单: every slot, taken, missed with its cause, or void."""
        rows: list[list[Cell]] = []
        bad = set()
        for lesson in self.record.lessons:
            for slot in self.record.owed(lesson):
                state = self.record.slots.get(slot.id)
                picture = self.record.snapshots.get(state.media) if state and state.media else None
                became, cause = self.record.fate(slot), self.record.cause(slot)
                if became is Fate.MISSED:
                    bad.add(len(rows))
                rows.append(
                    [
                        lesson.date.isoformat(),
                        lesson.subject,
                        slot.period,
                        SLOTS[slot.kind],
                        self._span(slot.window),
                        self._clock(picture.start) if picture else "",
                        FATES[became],
                        why_text(became, cause),
                        picture.sha256 if picture else "",
                    ]
                )
        columns = ["日期", "课程", "第几课时", "类别", "时段", "抓拍时间", "结果", "原因", "SHA-256"]
        return Table("抓拍清单", f"{self._class_name} 抓拍清单", columns, rows, bad=frozenset(bad))

    def recordings(self, started: Mapping[str, str]) -> Table:
        """录像清单: planned and real, share, gaps with causes; `started` says by lesson what started it."""
        rows: list[list[Cell]] = []
        bad = set()
        for lesson in self.record.lessons:
            if lesson.cancelled:
                continue
            taught = lesson_times(lesson, self.record.policy.policy).taught
            found = self.record.found(lesson)
            verdict = self.record.verdicts[lesson.id]
            spans = [span for own in found.recorded.values() for span in own]
            share = covered(taught, spans) / taught.length if taught.length else 0.0
            if verdict.gaps:
                bad.add(len(rows))
            rows.append(
                [
                    lesson.date.isoformat(),
                    lesson.subject,
                    self._span(taught),
                    self._span(Span(min(span.start for span in spans), max(span.end for span in spans)))
                    if spans
                    else "",
                    f"{100 * share:.2f}%",
                    started.get(lesson.id, "自动" if spans else ""),
                    "、".join(sorted(self.record.devices.get(each, each) for each in found.cameras)),
                    len(self.record.recordings.get(lesson.id, ())),
                    "；".join(self._say(reason) for reason in verdict.reasons if reason.code.value in _RECORDING),
                ]
            )
        columns = ["日期", "课程", "计划时段", "实际时段", "录制占比", "启动方式", "设备", "分段数", "缺失与原因"]
        return Table("录像清单", f"{self._class_name} 录像清单", columns, rows, bad=frozenset(bad))

    def ledger(self) -> Table:
        """申请培训补贴资金业务明细台账, as far as its columns are known here."""
        training = self.record.training
        rows: list[list[Cell]] = []
        for number, trainee in enumerate(self.record.trainees, 1):
            standing = self.record.standings[trainee.id]
            rows.append(
                [
                    number,
                    trainee.name,
                    self.document(trainee),
                    trainee.phone if self._full_ids else trainee.phone[-4:].rjust(len(trainee.phone), "*"),
                    training.code,
                    training.name,
                    training.category,
                    _day(training.opens),
                    _day(training.closes),
                    standing.required,
                    standing.credited,
                    self.record.recognised(trainee),
                    trainee.certificate,
                    PROSPECTS[standing.prospect],
                ]
            )
        columns = [
            "序号",
            "姓名",
            "身份证号",
            "联系电话",
            "培训期次ID",
            "班级名称",
            "培训类别",
            "开班日期",
            "结班日期",
            "应修课时",
            "计入课时",
            "区县认可课时",
            "证书编号",
            "考勤结论",
        ]
        return Table("补贴明细台账", "申请培训补贴资金业务明细台账", columns, rows)

    @property
    def _class_name(self) -> str:
        return f"{self.record.training.name}（{self.record.training.code}）"

    def of_unit(self, unit: AttendanceUnit) -> Table:
        """签到签退表 of one attendance unit."""
        rows: list[list[Cell]] = []
        bad = set()
        first = unit.teaching.start.astimezone(self._zone)
        attending = [each for each in self.record.trainees if not unit.subgroup or each.subgroup == unit.subgroup]
        for number, trainee in enumerate(attending, 1):
            marked, is_hole = self._marked(trainee, unit)
            if is_hole:
                bad.add(len(rows))
            rows.append([number, trainee.name, self.document(trainee), *marked])
        title = f"{self._class_name} 签到签退表 {first:%Y-%m-%d} {self._span(unit.teaching)} {self._subjects(unit)}"
        windows = f"签到时段 {self._span(unit.sign_in)}，签退时段 {self._span(unit.sign_out)}，{unit.periods} 课时"
        name = f"{first:%m%d-%H%M} {unit.id[-4:].replace('/', '-')}"
        columns = ["序号", "姓名", "身份证号", *_MARKED]
        return Table(name, title, columns, rows, notes=(windows, self._attended(unit, attending)), bad=frozenset(bad))

    def _attended(self, unit: AttendanceUnit, attending: Sequence[Trainee]) -> str:
        """Say who taught where, and how many came: what a sheet on paper says at its head."""
        taught = [lesson for lesson in self.record.lessons if lesson.id in unit.lessons]
        teachers = "、".join(dict.fromkeys(filter(None, map(self._teacher, taught)))) or "未登记"
        rooms = "、".join(dict.fromkeys(self.record.rooms.get(each.room, each.room) for each in taught)) or "未登记"
        came, left = (sum((each.id, unit.id, way) in self._taps for each in attending) for way in ("in", "out"))
        return f"授课教师 {teachers}，教室 {rooms}，应到 {len(attending)} 人，签到 {came} 人，签退 {left} 人"

    def _marked(self, trainee: Trainee, unit: AttendanceUnit) -> tuple[list[Cell], bool]:
        """Give the cells of `_MARKED`, and whether a tap is lacking that can't come any more."""
        day = unit.teaching.start.astimezone(self._zone)
        arrived, left = (self._taps.get((trainee.id, unit.id, direction)) for direction in ("in", "out"))
        reasons = "；".join(dict.fromkeys(tap.reason for tap in (arrived, left) if tap and tap.reason))
        credited = unit.periods if arrived and left else 0
        lacking = (not arrived and unit.sign_in.end < self.record.at) or (
            not left and unit.sign_out.end < self.record.at
        )
        return [*self._tap(arrived, day), *self._tap(left, day), credited, reasons], lacking

    def _subjects(self, unit: AttendanceUnit) -> str:
        taught = {lesson.id: lesson for lesson in self.record.lessons}
        return "、".join(dict.fromkeys(taught[each].subject for each in unit.lessons if each in taught))

    def _tap(self, tap: Tap | None, day: datetime) -> tuple[str, str]:
        """Give time and method; the date only where midnight lies between."""
        if tap is None:
            return "", ""
        at = tap.at.astimezone(self._zone)
        return at.strftime("%H:%M:%S" if at.date() == day.date() else "%m-%d %H:%M:%S"), METHODS[tap.method]

    def _say(self, reason: Reason) -> str:
        return reason_text(reason, self._zone, devices=self.record.devices)

    def _teacher(self, lesson: Lesson) -> str:
        teacher = self.record.teachers.get(lesson.teacher)
        return teacher.name if teacher else lesson.teacher

    def _time_of(self, lesson: Lesson) -> str:
        return self._span(lesson_times(lesson, self.record.policy.policy).taught)

    def _span(self, span: Span) -> str:
        seconds = bool(span.start.second or span.end.second or span.length < timedelta(minutes=5))
        form = "%H:%M:%S" if seconds else "%H:%M"
        start, end = span.start.astimezone(self._zone), span.end.astimezone(self._zone)
        return f"{start.strftime(form)}-{end.strftime(form)}"

    def _clock(self, at: datetime) -> str:
        return at.astimezone(self._zone).strftime("%Y-%m-%d %H:%M:%S")


_MARKED = ("签到时间", "签到方式", "签退时间", "签退方式", "计入课时", "备注")


def _day(day: date | None) -> str:
    return "" if day is None else day.isoformat()


_TOTALS = (
    "“计入课时”只含签到签退；“区县认可课时”据认可文件另行计列，不计入出勤率与结论；“合计课时”为两者之和，以应修课时为限。",
)
_RECORDING = frozenset({"gap", "not_recorded", "no_camera", "camera_incomplete"})
