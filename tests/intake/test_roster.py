"""Rosters: the office's own sheets, people twice, people known, the limits of a class."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from edge_agent.intake.roster import RosterDraft, parse_roster
from edge_agent.model.people import ClassState, Teacher, Trainee
from tests.intake.drafts import blocking, found
from tests.intake.workbooks import Cells, resident_id, text, trainee, training, workbook, world

HEADINGS = ["姓名", "身份证号码", "手机号码"]


def person(number: int, name: str = "王小明", phone: str = "") -> list[object]:
    return [name, resident_id(number), phone or f"138{number:08d}"]


def parse(*rows: Cells, headings: Cells = HEADINGS, complete: bool = False, **known: Any) -> RosterDraft:
    here = world(**({"classes": (training(),)} | known))
    return parse_roster(workbook([headings, *rows]), "名册.xlsx", here, class_ref="PX-c1", complete=complete)


def read(draft: RosterDraft) -> list[Trainee]:
    return [row.trainee for group in draft.groups for row in group.rows]


def test_an_office_sheet() -> None:
    data = workbook(
        [
            ["济南市某某职业培训学校", None, None, None, None, None],
            ["育婴员第一期学员花名册", None, None, None, None, None],
            ["培训期次ID：PX2024001", None, None, "培训时间：2024年10月8日至10月18日", None, None],
            ["核定课时", 60, None, "培训类别：育婴员", None, None],
            ["序\n号", "姓　名", "性别", "身份证号码\n（18位）", "联系电话", "备注"],
            [1, "王 小明", "男", f" {resident_id(1)} ", 13800000001, "班长"],
            [2, "买买提•艾力", "男", "１１０１０５１９４９１２３１００２ｘ", "138-0000-0002", None],
            [3, "李\u3000四", "女", "440524188001010014", None, None],
            [4, None, None, None, None, None],
            ["合计：3人", None, None, None, None, None],
            ["制表人：赵六", None, None, "审核：", None, "（盖章）"],
        ],
        merges=["A1:F1", "A2:F2", "A3:C3", "D3:F3"],
    )
    draft = parse_roster(data, "名册.xlsx", world())
    assert found(draft) == ["class_incomplete@3"]
    (group,) = draft.groups
    target = group.target.training
    assert group.target.is_new
    assert (target.code, target.category, target.required_periods) == ("PX2024001", "育婴员", 60)
    assert (target.opens, target.closes) == (date(2024, 10, 8), date(2024, 10, 18))
    assert [(row.row, row.trainee.name, row.trainee.document, row.trainee.phone) for row in group.rows] == [
        (6, "王小明", resident_id(1), "13800000001"),
        (7, "买买提·艾力", "11010519491231002X", "13800000002"),
        (8, "李四", "440524188001010014", ""),
    ]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030"])
def test_the_same_as_text(encoding: str) -> None:
    data = text([HEADINGS, person(1)], encoding=encoding)
    draft = parse_roster(data, "名册.csv", world(classes=(training(),)))
    assert found(draft) == ["class_assumed@0"]
    assert [row.document for row in read(draft)] == [resident_id(1)]


def test_every_wrong_cell_is_named_by_row_and_column() -> None:
    draft = parse(
        ["王小明", 370102199003071234, "13800000001"],
        ["李四2", resident_id(2), "1380000000"],
        [None, "110105194912310021", None],
        ["赵六", resident_id(4), None],
    )
    places = [(problem.code, problem.row, problem.column, problem.heading) for problem in draft.problems]
    assert places == [
        ("id_digits_lost", 2, "B", "身份证号码"),
        ("name_odd", 3, "A", "姓名"),
        ("phone_bad", 3, "C", "手机号码"),
        ("cell_empty", 4, "A", "姓名"),
        ("id_checksum", 4, "B", "身份证号码"),
    ]
    first = draft.problems.found[0]
    assert "末三位已丢失" in first.zh
    assert (first.where_zh, first.where_en) == ("第 2 行 B 列（身份证号码）", "row 2, column B")


def test_no_problem_repeats_a_resident_id() -> None:
    draft = parse(person(1), person(1), ["李四", "110105194912310021", None], [resident_id(3), resident_id(3), None])
    texts = " ".join(problem.zh + problem.en for problem in draft.problems if problem.code != "name_odd")
    assert resident_id(1) not in texts
    assert "110105194912310021" not in texts


def test_temporary_cards_are_refused_and_types_read() -> None:
    headings = [*HEADINGS, "证件类型"]
    draft = parse([*person(1), "临时身份证"], [*person(2), "港澳居民居住证"], [*person(3), None], headings=headings)
    assert found(draft, "error") == ["document_temporary@2"]
    assert [row.document_type for row in read(draft)][1:] == ["residence_permit", "resident"]


def test_one_person_twice_in_a_class_is_an_error() -> None:
    draft = parse(person(1), person(2, "李四"), person(1))
    assert found(draft, "error") == ["trainee_twice@4"]
    assert "第 2 行" in draft.problems.errors[0].zh


def test_namesakes_and_shared_phones_are_noticed() -> None:
    draft = parse(person(1, phone="13811111111"), person(2, phone="13811111111"))
    assert found(draft) == ["name_twice@3", "phone_twice@3"]
    assert not blocking(draft)


def test_one_person_in_two_classes_is_ticked() -> None:
    data = workbook([[*HEADINGS, "班级"], [*person(1), "育婴员c1期"], [*person(1), "PX-c2"]])
    here = world(classes=(training(), training("c2")))
    draft = parse_roster(data, "名册.xlsx", here)
    assert [group.target.training.id for group in draft.groups] == ["c1", "c2"]
    assert blocking(draft) == ["trainee_two_classes@3"]
    assert not draft.problems.blocking({"trainee_two_classes@3"})


def test_someone_of_another_running_class_is_ticked() -> None:
    other = training("c2", name="保育员")
    known: dict[str, Any] = {"classes": (training(), other), "trainees": (trainee(1, "c2"),)}
    draft = parse(person(1), **known)
    assert blocking(draft) == ["trainee_other_class@2"]
    assert "保育员" in draft.problems.warnings[0].zh
    closed = known | {"classes": (training(), replace(other, state=ClassState.CLOSED))}
    assert not blocking(parse(person(1), **closed))
    left = known | {"trainees": (trainee(1, "c2", active=False),)}
    assert not blocking(parse(person(1), **left))


def test_known_trainees_keep_their_id_and_empty_cells_change_nothing() -> None:
    known = trainee(1, phone="13899999999", certificate="Z1", verified=True)
    same = parse(["王小明", resident_id(1), None], trainees=(known,))
    (row,) = same.groups[0].rows
    assert (row.change, row.trainee) == ("unchanged", known)
    (row,) = parse(person(1), trainees=(known,)).groups[0].rows
    assert (row.change, row.trainee.id, row.trainee.phone, row.trainee.verified) == (
        "changed",
        "t1",
        "13800000001",
        True,
    )


def test_another_name_on_a_known_id_is_ticked_and_must_be_verified_again() -> None:
    draft = parse(person(1, "王晓明"), trainees=(trainee(1, verified=True),))
    assert blocking(draft) == ["name_differs@2"]
    assert not read(draft)[0].verified


def test_who_left_may_come_back() -> None:
    (row,) = parse(person(1), trainees=(trainee(1, active=False),)).groups[0].rows
    assert (row.change, row.trainee.id, row.trainee.active) == ("changed", "t1", True)


def test_who_is_not_in_the_file_stays_unless_it_is_complete() -> None:
    known = (trainee(1), trainee(2), trainee(3, active=False))
    stays = parse(person(1), trainees=known)
    assert found(stays) == ["trainees_stay@0"]
    leaves = parse(person(1), trainees=known, complete=True)
    assert blocking(leaves) == ["trainees_leave@0"]
    assert [trainee.id for trainee in leaves.groups[0].others] == ["t2"]


def test_a_class_has_at_most_fifty() -> None:
    people = [person(number, f"学员{'甲乙丙丁戊己庚辛壬癸'[number % 10]}") for number in range(1, 51)]
    assert not parse(*people).problems.errors
    over = parse(*people, person(51))
    assert found(over, "error") == ["class_full@0"]
    with_those_who_stay = parse(*people, trainees=(trainee(60),))
    assert found(with_those_who_stay, "error") == ["class_full@0"]
    allowed = parse(*people, person(51), classes=(training(size_exception="济人社函〔2024〕1号"),))
    assert "class_exception@0" in found(allowed)
    assert not allowed.problems.errors


def test_too_few_teachers_are_ticked() -> None:
    people = [person(number, f"学员{'甲乙丙丁戊己庚辛壬癸'[number % 10]}") for number in range(1, 27)]
    one = (Teacher("te1", "李老师", full_time=True, classes=("c1",)),)
    assert blocking(parse(*people, teachers=one)) == ["teachers_few@0"]
    assert not blocking(parse(*people[:25], teachers=one))
    assert not blocking(parse(*people))


def test_children_need_a_guardian() -> None:
    draft = parse(["小明", resident_id(1, "20110101"), None], ["小红", resident_id(2, "20100920"), None])
    assert found(draft) == ["trainee_minor@2"]
    assert found(parse(["小明", resident_id(1, "20241001"), None]), "error") == ["id_birth_date@2"]


def test_an_id_that_ends_in_000_by_chance_is_ticked() -> None:
    number = next(resident_id(n) for n in range(0, 1000, 10) if resident_id(n).endswith("000"))
    assert blocking(parse(["王小明", number, None])) == ["id_ends_000@2"]


def test_rare_characters_stored_as_private_codes_are_ticked() -> None:
    assert blocking(parse(["王\ue863", resident_id(1), None])) == ["name_private@2"]


def test_merged_names_are_refused_and_merged_groups_read() -> None:
    data = workbook(
        [[*HEADINGS, "分组"], [*person(1), "一组"], [None, resident_id(2), "13800000002", None]],
        merges=["A2:A3", "D2:D3"],
    )
    draft = parse_roster(data, "名册.xlsx", world(classes=(training(),)))
    assert found(draft, "error") == ["cell_merged@3"]
    assert [row.subgroup for row in read(draft)] == ["一组", "一组"]


def test_a_file_without_rows() -> None:
    assert found(parse(), "error") == ["rows_none@0"]


def test_a_file_that_is_none() -> None:
    draft = parse_roster(b"%PDF-1.7", "名册.pdf", world())
    assert found(draft) == ["file_kind@0"]
    assert draft.groups == ()


def test_a_dry_run_is_the_same_each_time() -> None:
    data = workbook([HEADINGS, person(1), person(1)])
    first, second = (parse_roster(data, "名册.xlsx", world()) for _ in range(2))
    assert first == second
    assert first.problems.errors
