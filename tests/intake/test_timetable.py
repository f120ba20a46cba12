"""Timetables: the office's own sheets, periods and breaks, and lessons that can't both be held."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from openpyxl import Workbook
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from edge_agent.intake.timetable import TimetableDraft, parse_timetable
from edge_agent.model.lesson import Lesson, LessonKind
from edge_agent.model.people import Teacher
from tests.intake.drafts import blocking, found
from tests.intake.workbooks import ZONE, Cells, fill, first_sheet, saved, text, trainee, training, workbook, world

HEADINGS = ["日期", "上课时间", "课时", "课程", "讲师", "教室"]
TEACHER = Teacher("te1", "李老师", full_time=True)
KNOWN: dict[str, Any] = {"classes": (training(required_periods=0),), "rooms": {"r1": "101"}, "teachers": (TEACHER,)}


def row(day: object = "2024-10-08", start: object = "08:00", periods: object = 2, room: object = "101") -> list[object]:
    return [day, start, periods, "新生儿护理", "李老师", room]


def parse(*rows: Cells, headings: Cells = HEADINGS, complete: bool = False, **known: Any) -> TimetableDraft:
    here = world(**(KNOWN | known))
    return parse_timetable(workbook([headings, *rows]), "课表.xlsx", here, class_ref="c1", complete=complete)


def lessons(draft: TimetableDraft) -> list[Lesson]:
    return [read.lesson for group in draft.groups for read in group.rows]


def times(draft: TimetableDraft) -> list[tuple[str, int, int]]:
    return [
        (f"{lesson.date:%m-%d} {lesson.start:%H:%M}", lesson.periods, lesson.break_minutes) for lesson in lessons(draft)
    ]


def test_an_office_sheet() -> None:
    data = workbook(
        [
            ["育婴员第一期课程表", None, None, None, None, None],
            ["培训时间：2024年10月8日—10月18日", None, None, "培训地点：101教室", None, None],
            ["日期", "时间", "培训内容", "课时", "授课教师", "授课地点"],
            ["10月8日\n星期二", "上午8:00—11:10", "开班仪式、新生儿护理", 4, "李老师", "101"],
            [None, "12:00—13:30", "午休", None, None, None],
            [None, "下午1：30～3：00", "新生儿护理", 2, "李老师、王老师", "101"],
            ["10月9日（星期三）", "8:00-8:45\n8:55-9:40", "喂养", 2, "李老师", "102"],
            ["10月10日", "晚上7点-8点半", "结业考核", 2, "李老师", "101"],
            ["备注：请提前15分钟到教室", None, None, None, None, None],
        ],
        merges=["A1:F1", "A2:C2", "A4:A6", "A9:F9"],
    )
    draft = parse_timetable(data, "课表.xlsx", world())
    assert times(draft) == [
        ("10-08 08:00", 2, 0),
        ("10-08 09:40", 2, 0),
        ("10-08 13:30", 2, 0),
        ("10-09 08:00", 2, 10),
        ("10-10 19:00", 2, 0),
    ]
    assert not blocking(draft)
    assert {problem.code for problem in draft.problems} == {
        *("cells_filled", "class_incomplete", "kind_inferred", "lesson_split", "rest_skipped", "room_new"),
        *("teacher_new", "teachers_several"),
    }
    assert [lesson.kind for lesson in lessons(draft)] == [
        *(LessonKind.OPENING, LessonKind.OPENING, LessonKind.NORMAL, LessonKind.NORMAL, LessonKind.EXAM)
    ]
    assert draft.groups[0].rows[2].assistants == ("王老师",)
    assert draft.groups[0].target.training.closes == date(2024, 10, 18)


def test_the_same_as_text() -> None:
    data = text([HEADINGS, row("45573"), row("2024年10月9日")], encoding="gb18030")
    draft = parse_timetable(data, "课表.csv", world(**KNOWN))
    assert times(draft) == [("10-08 08:00", 2, 0), ("10-09 08:00", 2, 0)]
    assert found(draft) == ["class_assumed@0", "date_serial@2"]


def test_dates_and_times_as_a_spreadsheet_stores_them() -> None:
    day = datetime(2024, 10, 8)  # noqa: DTZ001 - as a spreadsheet has it
    draft = parse(row(day, time(8, 0)), row(45574, 1 / 3), row(date(2024, 10, 10), timedelta(hours=8)))
    assert times(draft) == [("10-08 08:00", 2, 0), ("10-09 08:00", 2, 0), ("10-10 08:00", 2, 0)]
    assert found(draft) == []


def test_a_workbook_that_began_on_a_mac() -> None:
    book = Workbook()
    book.epoch = CALENDAR_MAC_1904
    fill(first_sheet(book), [HEADINGS, row(44111), row(datetime(2024, 10, 9))])  # noqa: DTZ001 - the same
    draft = parse_timetable(saved(book), "课表.xlsx", world(**KNOWN))
    assert [lesson.date.day for lesson in lessons(draft)] == [8, 9]


def test_one_column_for_date_and_time() -> None:
    afternoon = datetime(2024, 10, 9, 14, 0)  # noqa: DTZ001 - as a spreadsheet has it
    rows: list[Cells] = [["上课时间", "课时"], ["2024-10-08 08:00-09:30", 2], [afternoon, 2]]
    draft = parse_timetable(workbook(rows), "课表.xlsx", world(**KNOWN))
    assert times(draft) == [("10-08 08:00", 2, 0), ("10-09 14:00", 2, 0)]


def test_start_and_end_in_two_columns() -> None:
    headings = ["日期", "开始时间", "结束时间", "课间休息"]
    draft = parse(["2024-10-08", "08:00", "09:40", 10], ["2024-10-08", "下午1:30", "3:00", None], headings=headings)
    assert times(draft) == [("10-08 08:00", 2, 10), ("10-08 13:30", 2, 0)]
    assert not blocking(draft)


def test_a_date_without_a_year_follows_the_row_before() -> None:
    draft = parse(row("2024-12-30"), row("1月3日"), classes=(training(opens=None, closes=None),))
    assert [lesson.date for lesson in lessons(draft)] == [date(2024, 12, 30), date(2025, 1, 3)]


@pytest.mark.parametrize(
    ("cells", "sizes"),
    [(row(periods=4), [2, 2]), (row(periods=3), [2, 1]), (row(start="8:00-11:00", periods=""), [2, 2])],
)
def test_rows_longer_than_one_sign_in_are_split(cells: Cells, sizes: list[int]) -> None:
    draft = parse(cells)
    assert [lesson.periods for lesson in lessons(draft)] == sizes
    assert [lesson.start for lesson in lessons(draft)][:2] == [time(8, 0), time(9, 30)]
    assert found(draft) == ["lesson_split@2"]


def test_a_policy_without_a_limit_splits_nothing() -> None:
    daily = (training(policy="fixed-clock-daily", required_periods=0),)
    assert times(parse(row(periods=4), classes=daily)) == [("10-08 08:00", 4, 0)]


def test_breaks_that_must_be_guessed_are_ticked() -> None:
    draft = parse(row(start="8:00-11:30", periods=4))
    assert blocking(draft) == ["breaks_guessed@2"]


@pytest.mark.parametrize(
    ("cells", "codes"),
    [
        (row(periods=""), ["lesson_no_end@2"]),
        (row(start="8:00-9:00"), ["lesson_short@2"]),
        (row(start="9:30-8:00"), ["time_order@2"]),
        (row(start="8:00-9:30\n10:00-11:30", periods=3), ["periods_differ@2"]),
        (row(start="上午"), ["time_unreadable@2"]),
        (row(day=None), ["cell_empty@2"]),
        (row(day="10月32日"), ["date_impossible@2"]),
        (row(day="10月8日至10日"), ["date_range@2"]),
        (row(periods=20), ["number_range@2", "lesson_no_end@2"]),
    ],
)
def test_wrong_rows(cells: Cells, codes: list[str]) -> None:
    assert sorted(found(parse(cells), "error")) == sorted(codes)


@pytest.mark.parametrize(
    ("cells", "key"),
    [
        (row(start="22:30", periods=4), "past_midnight@2"),
        (row(start="23:00-00:30"), "past_midnight@2"),
        (row(start="1:30-3:00"), "time_night@2"),
        (row(day="2024-10-08 星期三"), "weekday_differs@2"),
        (row(day="2024-11-08"), "outside_class@2"),
        ([*row(day="2024-10-08")[:4], "张老师", "101"], "teacher_unknown@2"),
    ],
)
def test_what_is_ticked(cells: Cells, key: str) -> None:
    draft = parse(cells)
    assert blocking(draft) == [key]
    assert not draft.problems.blocking({key})


def test_a_lesson_past_midnight_is_split_into_the_next_day() -> None:
    assert times(parse(row(start="22:30", periods=4))) == [("10-08 22:30", 2, 0), ("10-09 00:00", 2, 0)]
    assert not blocking(parse(row(start="22:30-24:00")))


def test_lessons_of_one_class_must_not_overlap() -> None:
    draft = parse(row(), row(start="09:00"), row(start="09:30", room="102"))
    assert found(draft, "error") == ["lessons_overlap@3", "lessons_overlap@4"]
    (said, _) = draft.problems.errors
    assert ("与第 2 行的课" in said.zh, "(row 2)" in said.en) == (True, True)
    assert not parse(row(), row(start="09:30")).problems.errors


def test_groups_of_a_class_may_be_taught_side_by_side() -> None:
    headings = [*HEADINGS, "分组"]
    other = [*row(room="102")[:4], "王老师", "102", "二组"]
    known: dict[str, Any] = {"teachers": (TEACHER, Teacher("te2", "王老师", full_time=False))}
    assert not blocking(parse([*row(), "一组"], other, headings=headings, **known))
    same_room = parse([*row(), "一组"], [*other[:5], "101", "二组"], headings=headings, **known)
    assert found(same_room, "error") == ["subgroups_overlap@3"]
    whole_class = parse([*row(), None], other, headings=headings, **known)
    assert found(whole_class, "error") == ["lessons_overlap@3"]


OTHERS = Lesson("x", "c2", date(2024, 10, 8), time(8, 45), 2, room="r1", teacher="te1")


def test_conflicts_between_classes_are_ticked() -> None:
    known: dict[str, Any] = {
        "classes": (*KNOWN["classes"], training("c2")),
        "lessons": (OTHERS,),
        "trainees": (trainee(1, "c1"), trainee(2, "c1"), trainee(1, "c2")),
    }
    draft = parse(row(), **known)
    assert sorted(blocking(draft)) == ["room_overlap@2", "teacher_overlap@2", "trainees_overlap@2"]
    assert all("育婴员c2期 10-08 08:45" in problem.zh for problem in draft.problems.warnings)
    assert not draft.problems.blocking(blocking(draft))
    assert not blocking(parse(row(start="10:15"), **known))
    only_another_group = (replace(OTHERS, room="", teacher="", subgroup="二组"),)
    assert not blocking(parse(row(), **(known | {"lessons": only_another_group})))


def test_two_classes_of_one_file_are_compared() -> None:
    data = workbook([[*HEADINGS, "班级"], [*row(), "PX-c1"], [*row(), "PX-c2"]])
    known = KNOWN | {"classes": (training(required_periods=0), training("c2", required_periods=0))}
    draft = parse_timetable(data, "课表.xlsx", world(**known))
    assert sorted(blocking(draft)) == ["room_overlap@3", "teacher_overlap@3"]


PLANNED = Lesson("l1", "c1", date(2024, 10, 8), time(8, 0), 2, room="r1", subject="新生儿护理", teacher="te1")


def test_a_lesson_at_the_same_time_keeps_its_id() -> None:
    unchanged = parse(row(), lessons=(PLANNED,))
    assert [(read.lesson.id, read.change) for read in unchanged.groups[0].rows] == [("l1", "unchanged")]
    changed = parse(row(periods=1), lessons=(PLANNED,))
    assert [(read.lesson.id, read.change, read.lesson.periods) for read in changed.groups[0].rows] == [
        ("l1", "changed", 1)
    ]


def test_other_lessons_stay_unless_the_file_is_complete() -> None:
    stays = parse(row("2024-10-09"), lessons=(PLANNED,))
    assert found(stays) == ["lessons_stay@0"]
    leaves = parse(row("2024-10-09"), lessons=(PLANNED,), complete=True)
    assert blocking(leaves) == ["lessons_leave@0"]
    assert leaves.groups[0].others == (PLANNED,)
    in_the_way = parse(row(start="08:45"), lessons=(PLANNED,))
    assert found(in_the_way, "error") == ["lessons_overlap@2"]
    assert not parse(row(start="08:45"), lessons=(PLANNED,), complete=True).problems.errors


def test_the_past_is_not_imported_by_the_way() -> None:
    at_noon = datetime(2024, 10, 8, 12, 0, tzinfo=ZONE)
    assert blocking(parse(row(), now=at_noon)) == ["lesson_past@2"]
    assert found(parse(row(periods=1), lessons=(PLANNED,), now=at_noon), "error") == ["lesson_begun@2"]
    assert not blocking(parse(row(), lessons=(PLANNED,), now=at_noon))
    assert not found(parse(row("2024-10-09"), lessons=(PLANNED,), complete=True, now=at_noon), "warning")


def test_hours_and_teachers_of_the_class_are_compared() -> None:
    many = tuple(trainee(number) for number in range(1, 27))
    draft = parse(row(), classes=(training(required_periods=40),), trainees=many)
    assert found(draft) == ["hours_differ@0", "teachers_few@0"]
    part_time = (replace(TEACHER, full_time=False),)
    assert blocking(parse(row(), teachers=part_time)) == ["teachers_part_time@0"]


def test_rooms() -> None:
    assert found(parse(row(room="103"), row(start="10:00", room="103"))) == ["room_new@0"]
    assert found(parse(row(room=None))) == ["room_assumed@0"]
    assert lessons(parse(row(room=None)))[0].room == "r1"
    assert found(parse(row(room=None), rooms={})) == ["room_none@0"]


def test_teachers_of_one_name() -> None:
    namesakes = (TEACHER, Teacher("te2", "李老师", full_time=True))
    assert blocking(parse(row(), teachers=namesakes)) == ["teacher_ambiguous@2"]
    mine = (TEACHER, replace(namesakes[1], classes=("c1",)))
    assert not blocking(parse(row(), teachers=mine))
    assert lessons(parse(row(), teachers=mine))[0].teacher == "te2"
    assert found(parse([*row()[:4], None, "101"])) == ["teacher_none@2"]


def test_a_grid_of_weekdays_is_named() -> None:
    grid = workbook([["节次", "星期一", "星期二", "星期三"], ["1-2", "甲", "乙", "丙"]])
    assert found(parse_timetable(grid, "课表.xlsx", world())) == ["week_grid@0"]
