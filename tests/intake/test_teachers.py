"""The district's list of teachers."""

from __future__ import annotations

from typing import Any

from edge_agent.intake.teachers import TeachersDraft, parse_teachers
from edge_agent.model.people import Teacher
from tests.intake.drafts import blocking, found
from tests.intake.workbooks import Cells, training, workbook, world

HEADINGS = ["讲师编号", "姓名", "专职/兼职", "联系电话", "任教班级"]


def parse(*rows: Cells, **known: Any) -> TeachersDraft:
    return parse_teachers(workbook([["讲师名单"], HEADINGS, *rows]), "讲师.xlsx", world(**known))


def test_a_list() -> None:
    known: dict[str, Any] = {"classes": (training(), training("c2"))}
    draft = parse(
        ["T1", "李老师", "专职", 13800000001, "PX-c1、育婴员c2期"], [None, "王老师", "兼职", None, None], **known
    )
    assert found(draft) == []
    assert [(row.change, row.teacher) for row in draft.rows] == [
        ("added", Teacher("T1", "李老师", full_time=True, phone="13800000001", classes=("c1", "c2"))),
        ("added", Teacher("", "王老师", full_time=False)),
    ]


def test_wrong_rows() -> None:
    draft = parse(
        ["T1", "李老师", "不详", None, None],
        ["T1", "李老师", "专职", "123", None],
        [None, "王老师", None, None, "九班"],
    )
    assert found(draft, "error") == ["flag_bad@3", "teacher_twice@4", "phone_bad@4", "cell_empty@5", "class_unknown@5"]


def test_teachers_added_at_the_venue_are_confirmed_by_the_list() -> None:
    known = (Teacher("te1", "李老师", full_time=False, confirmed=False, classes=("c1",)),)
    (row,) = parse(["T1", "李老师", "专职", None, None], teachers=known).rows
    assert (row.change, row.teacher) == ("changed", Teacher("te1", "李老师", full_time=True, classes=("c1",)))
    (again,) = parse([None, "李老师", "专职", None, None], teachers=(row.teacher,)).rows
    assert again.change == "unchanged"


def test_a_phone_tells_namesakes_apart() -> None:
    known = (Teacher("te1", "李老师", full_time=True, phone="13800000001"),)
    (row,) = parse([None, "李老师", "专职", "13800000002", None], teachers=known).rows
    assert row.change == "added"
    two = (*known, Teacher("te2", "李老师", full_time=True))
    assert blocking(parse([None, "李老师", "专职", None, None], teachers=two)) == ["teacher_ambiguous@3"]
