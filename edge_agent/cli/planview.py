"""A plan as tables for people: `edge-agent rules plan` without `--json`. Each fits into 80 columns."""

from __future__ import annotations

from datetime import date, datetime

from rich.console import Console
from rich.table import Table

from edge_agent.model.span import Span
from edge_agent.rules.plan import Schedule
from edge_agent.rules.windows import lesson_times


def show_plan(schedule: Schedule) -> None:
    console = Console()
    for table in (_lessons(schedule), _units(schedule), _slots(schedule), _recordings(schedule)):
        console.print(table)


def _lessons(schedule: Schedule) -> Table:
    """What the file says, so that the ids of the other tables mean something."""
    table = Table(
        "编号\nlesson",
        "日期\ndate",
        "时间\ntime",
        "课时\nperiods",
        "内容\nsubject",
        "教室\nroom",
        title="课程 / lessons",
    )
    for lesson in schedule.timetable.lessons:
        when = _times(lesson_times(lesson, schedule.policy).taught, lesson.date)
        subject = f"{lesson.subject} 取消 / cancelled".strip() if lesson.cancelled else lesson.subject
        table.add_row(lesson.id, str(lesson.date), when, str(lesson.periods), subject, lesson.room)
    return table


def _units(schedule: Schedule) -> Table:
    table = Table(
        "单元\nunit", "日期\ndate", "课时\nperiods", "签到\nsign-in", "签退\nsign-out", title="签到签退 / attendance"
    )
    for unit in schedule.all_units:
        day = unit.teaching.start.date()
        table.add_row(unit.id, str(day), str(unit.periods), _times(unit.sign_in, day), _times(unit.sign_out, day))
    return table


def _slots(schedule: Schedule) -> Table:
    table = Table("抓拍\nslot", "日期\ndate", "时间\nwindow", title="抓拍 / snapshots")
    slots = [(lesson.date, slot) for lesson in schedule.timetable.lessons for slot in schedule.slots[lesson.id]]
    if any(slot.void for _, slot in slots):
        table.add_column("不需要\nvoid")
    for day, slot in slots:
        table.add_row(slot.id, str(day), _times(slot.window, day), *([slot.void] if slot.void else []))
    return table


def _recordings(schedule: Schedule) -> Table:
    table = Table("摄像机或教室\ncamera or room", "编号\nlesson", "日期\ndate", "时间\ntime", title="录制 / recordings")
    for each in schedule.recordings:
        day = schedule.lessons[each.lesson].date
        table.add_row(each.camera, each.lesson, str(day), _times(each.span, day))
    return table


def _times(span: Span, day: date) -> str:
    return f"{_clock(span.start, day)} - {_clock(span.end, day)}"


def _clock(at: datetime, day: date) -> str:
    """Give a time of day; one of another day than the lesson's says by how many days: `00:15 +1`."""
    text = f"{at:%H:%M:%S}" if at.second else f"{at:%H:%M}"
    away = (at.date() - day).days
    return f"{text} {away:+d}" if away else text
