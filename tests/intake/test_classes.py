"""Lists of classes, and how a roster or timetable says its class."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from edge_agent.intake.classes import ClassesDraft, parse_classes
from edge_agent.intake.roster import RosterDraft, parse_roster
from edge_agent.model.people import ClassState
from tests.intake.drafts import blocking, found
from tests.intake.workbooks import NOW, POLICIES, Cells, resident_id, training, workbook, world

HEADINGS = ["培训期次ID", "班级名称", "培训类别", "开班时间", "结班时间", "核定课时", "线上课时"]
ROW = ["PX1", "育婴员一期", "育婴员", "2024-10-08", "2024年10月18日", 60, "12课时"]


def classes(*rows: Cells, **known: Any) -> ClassesDraft:
    return parse_classes(workbook([HEADINGS, *rows]), "班级.xlsx", world(**known))


def test_a_list_of_classes() -> None:
    draft = classes(ROW, ["PX2", "育婴员二期", None, 45573, 45583, 60, None])
    assert found(draft) == []
    first, second = (item.training for item in draft.classes)
    assert (first.code, first.name, first.category, first.opens, first.closes) == (
        "PX1",
        "育婴员一期",
        "育婴员",
        date(2024, 10, 8),
        date(2024, 10, 18),
    )
    assert (first.required_periods, first.online_required, first.state) == (60, 12, ClassState.DRAFT)
    assert (second.opens, second.online_required) == (date(2024, 10, 8), 0)


def test_a_known_class_is_updated_and_keeps_its_state() -> None:
    draft = classes(["PX-c1", *ROW[1:]], classes=(training(state=ClassState.APPROVED),))
    assert found(draft) == ["class_updated@2"]
    (item,) = draft.classes
    assert (item.training.id, item.training.name, item.training.state) == ("c1", "育婴员一期", ClassState.APPROVED)


@pytest.mark.parametrize(
    ("rows", "codes"),
    [
        ([[None, *ROW[1:]]], ["cell_empty@2"]),
        ([[*ROW[:3], "2024-10-18", "2024-10-08", 60, 12]], ["class_dates@2"]),
        ([[*ROW[:5], 60, 61]], ["online_over@2"]),
        ([[*ROW[:5], 0, 0]], ["number_range@2"]),
        ([ROW, ROW], ["class_twice@3", "class_twice@3"]),
        ([["PX9", "育婴员c1期", *ROW[2:]]], ["class_name_taken@2"]),
    ],
)
def test_wrong_rows(rows: list[Cells], codes: list[str]) -> None:
    assert found(classes(*rows, classes=(training(),)), "error") == codes


def test_a_closed_class_is_left_alone() -> None:
    closed = training(state=ClassState.CLOSED)
    assert found(classes(["PX-c1", *ROW[1:]], classes=(closed,)), "error") == ["class_closed@2"]


def roster(
    *above: Cells, file: str = "a.xlsx", class_ref: str = "", sheet: str = "Sheet1", **known: Any
) -> RosterDraft:
    rows = [*above, ["姓名", "身份证号"], ["王小明", resident_id(1)]]
    return parse_roster(workbook(rows, sheet=sheet), file, world(**known), class_ref=class_ref)


def named(draft: RosterDraft) -> str:
    return draft.groups[0].target.training.name


def test_the_caller_names_the_class() -> None:
    known: dict[str, Any] = {"classes": (training(), training("c2"))}
    assert named(roster(class_ref="c2", **known)) == "育婴员c2期"
    assert named(roster(class_ref="PX-c2", **known)) == "育婴员c2期"
    assert named(roster(["班级名称：育婴员c1期"], class_ref="育婴员c2期", **known)) == "育婴员c2期"


def test_a_row_that_names_another_class_is_refused() -> None:
    data = workbook([["姓名", "身份证号", "班级"], ["王小明", resident_id(1), "育婴员c1期"]])
    draft = parse_roster(data, "a.xlsx", world(classes=(training(), training("c2"))), class_ref="c2")
    assert found(draft, "error") == ["class_other@2"]


@pytest.mark.parametrize(
    "above",
    [
        ["班级名称：育婴员c1期"],
        ["班级名称", "育婴员c1期"],
        ["期次ID：PX-c1"],
        ["育婴员c1期学员花名册"],
        ["育婴员 C1 期 名单"],
    ],
)
def test_the_file_names_the_class(above: Cells) -> None:
    draft = roster(above, classes=(training(), training("c2")))
    assert named(draft) == "育婴员c1期"
    assert not blocking(draft)


def test_brackets_tell_classes_apart() -> None:
    known = (training(name="育婴员（一期）"), training("c2", name="育婴员（二期）"))
    assert named(roster(["班级名称：育婴员(二期)"], classes=known)) == "育婴员（二期）"


def test_the_only_class_is_taken() -> None:
    draft = roster(classes=(training(), training("c2", state=ClassState.CLOSED)))
    assert found(draft) == ["class_assumed@0"]
    assert named(draft) == "育婴员c1期"


def test_one_of_several_must_be_named() -> None:
    draft = roster(classes=(training(), training("c2")))
    assert found(draft, "error") == ["class_unnamed@0"]
    assert "育婴员c1期、育婴员c2期" in draft.problems.errors[0].zh


def test_a_new_class_is_a_draft_that_says_what_it_lacks() -> None:
    draft = roster(file="焊工三期名单.xlsx")
    assert found(draft) == ["class_incomplete@0"]
    assert not blocking(draft)
    target = draft.groups[0].target
    assert (target.is_new, target.training.name, target.training.opens) == (True, "焊工三期", None)
    assert "核定课时" in draft.problems.found[0].zh


def test_a_complete_head_makes_a_complete_class() -> None:
    draft = roster(
        ["培训期次ID", "PX9"],
        ["班级名称", "焊工"],
        ["开班时间", "2024-10-08"],
        ["结班时间", "2024-10-18"],
        ["核定课时", 40],
    )
    assert found(draft) == ["class_new@1"]


def test_a_head_that_differs_from_the_class_is_pointed_out() -> None:
    draft = roster(["期次ID：PX-c1"], ["核定课时", 99], classes=(training(),))
    assert found(draft) == ["class_differs@1"]
    assert draft.groups[0].target.training.required_periods == 40


def test_a_closed_class_takes_nobody() -> None:
    assert found(roster(["期次ID：PX-c1"], classes=(training(state=ClassState.CLOSED),)), "error") == ["class_closed@1"]


def test_a_class_may_name_its_policy() -> None:
    here = world(now=NOW, policies=POLICIES)
    rows: list[Cells] = [[*HEADINGS, "培训规则"], [*ROW, "fixed-clock-daily"], ["PX2", "二期", *ROW[2:], "nowhere"]]
    draft = parse_classes(workbook(rows), "班级.xlsx", here)
    assert draft.classes[0].training.policy == "fixed-clock-daily"
    assert found(draft, "error") == ["policy_unknown@3"]
