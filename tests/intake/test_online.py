"""Online hours and certificates."""

from __future__ import annotations

from typing import Any

from edge_agent.intake.online import OnlineDraft, parse_online
from tests.intake.drafts import blocking, found
from tests.intake.workbooks import Cells, resident_id, trainee, training, workbook, world

HEADINGS = ["姓名", "身份证号", "已完成学时", "证书编号"]
KNOWN: dict[str, Any] = {"classes": (training(online_required=12),), "trainees": (trainee(1), trainee(2, name="李四"))}


def parse(*rows: Cells, class_ref: str = "", **known: Any) -> OnlineDraft:
    return parse_online(workbook([HEADINGS, *rows]), "线上.xlsx", world(**(KNOWN | known)), class_ref=class_ref)


def test_hours_are_laid_over_the_roster() -> None:
    draft = parse(["王小明", resident_id(1), "12学时", "Z1"], ["李四", resident_id(2), 10.5, None])
    assert found(draft) == []
    (group,) = draft.groups
    assert [(row.trainee.id, row.trainee.online_periods, row.trainee.certificate) for row in group.rows] == [
        ("t1", 12, "Z1"),
        ("t2", 10.5, ""),
    ]
    again = parse(["王小明", resident_id(1), 12, None], trainees=(group.rows[0].trainee,))
    assert [row.change for row in again.groups[0].rows] == ["unchanged"]


def test_wrong_rows() -> None:
    draft = parse(
        ["王小明", resident_id(1), "很多", None],
        ["李四", resident_id(2), 12, None],
        ["李四", resident_id(2), 12, None],
        ["赵六", resident_id(6), 12, None],
    )
    assert found(draft, "error") == ["number_bad@2", "trainee_twice@4", "trainee_unknown@5"]


def test_shares_outside_20_to_40_percent_are_ticked() -> None:
    assert blocking(parse(["王小明", resident_id(1), 7, None])) == ["online_share@2"]
    assert not blocking(parse(["王小明", resident_id(1), 8, None]))
    assert blocking(parse(["王小明", resident_id(1), 13, None])) == ["online_more@2"]
    over = parse(["王小明", resident_id(1), 17, None])
    assert sorted(blocking(over)) == ["online_more@2", "online_share@2"]
    assert "42%" in next(problem.zh for problem in over.problems if problem.code == "online_share")


def test_the_class_itself_must_keep_the_share() -> None:
    draft = parse(["王小明", resident_id(1), 12, None], classes=(training(online_required=20),))
    assert blocking(draft) == ["online_class_share@0"]


def test_another_name_is_ticked() -> None:
    assert blocking(parse(["王晓明", resident_id(1), 12, None])) == ["name_differs@2"]


def test_someone_in_two_classes_needs_one_named() -> None:
    two: dict[str, Any] = {
        "classes": (training(), training("c2")),
        "trainees": (trainee(1), trainee(1, "c2", id="t9")),
    }
    assert found(parse(["王小明", resident_id(1), 12, None], **two), "error") == ["trainee_in_classes@2"]
    draft = parse(["王小明", resident_id(1), 12, None], class_ref="PX-c2", **two)
    assert draft.groups[0].rows[0].trainee.id == "t9"
    assert found(parse(["王小明", resident_id(1), 12, None], class_ref="nowhere", **two), "error") == [
        "class_unknown@2"
    ]
