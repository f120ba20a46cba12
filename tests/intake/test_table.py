"""Tables in the layouts of offices: titles, notes, two rows of headings, signatures."""

from __future__ import annotations

import pytest

from edge_agent.intake.columns import CLASS_NAME, CODE, ROSTER, TIMETABLE
from edge_agent.intake.problems import FileRefusedError
from edge_agent.intake.sheet import Merge, Sheet
from edge_agent.intake.table import Table, find_table, normal
from edge_agent.intake.values import Unreadable
from tests.intake.workbooks import Cells


def sheet(*rows: Cells, merges: tuple[str, ...] = (), name: str = "Sheet1") -> Sheet:
    cells = {
        number: {column: value for column, value in enumerate(row, start=1) if value is not None}
        for number, row in enumerate(rows, start=1)
    }
    filled = {number: row for number, row in cells.items() if row}
    return Sheet(name, filled, tuple(Merge.parse(merge) for merge in merges))  # type: ignore[arg-type]  # plain values


def roster(*rows: Cells, merges: tuple[str, ...] = ()) -> Table:
    return find_table((sheet(*rows, merges=merges),), ROSTER)[0]


def names(table: Table) -> list[object]:
    return [row.value("name") for row in table.rows()]


HEADINGS = ["序号", "姓名", "身份证号码", "联系电话"]
ONE = [1, "王小明", "x", "y"]


@pytest.mark.parametrize(
    ("heading", "plain"),
    [
        ("*身份证号码（18位）", "身份证号码"),
        ("姓　 名", "姓名"),
        ("联系\n电话:", "联系电话"),
        ("【必填】Name ", "name"),
    ],
)
def test_headings_are_compared_without_notes_and_marks(heading: str, plain: str) -> None:
    assert normal(heading) == plain


def test_titles_and_labels_stand_above() -> None:
    table = roster(
        ["某某职业培训学校学员花名册", None, None, None],
        ["培训期次ID：PX01   班级名称：育婴员一期", None, "联系人：李四"],
        ["培训类别", "育婴员"],
        HEADINGS,
        ONE,
        merges=("A1:D1", "A2:B2"),
    )
    assert {name: value for name, (_, value) in table.above.items()} == {
        CODE.name: "PX01",
        CLASS_NAME.name: "育婴员一期",
        "category": "育婴员",
    }
    assert table.titles[0] == "某某职业培训学校学员花名册"
    assert names(table) == ["王小明"]


def test_two_rows_of_headings() -> None:
    table = roster(
        ["花名册"],
        ["序号", "姓名", "证件", None, "联系方式", None],
        [None, None, "类型", "身份证号", "手机", "座机"],
        [1, "王小明", "身份证", "x", "y", "z"],
        merges=("A2:A3", "B2:B3", "C2:D2", "E2:F2"),
    )
    assert {name: column.index for name, column in table.columns.items()} == {
        "name": 2,
        "document_type": 3,
        "document": 4,
        "phone": 5,
    }
    assert names(table) == ["王小明"]


def test_rows_that_are_none() -> None:
    table = roster(
        HEADINGS,
        ["示例", "张三", "x", "y"],
        ONE,
        [2, None, None, None],
        HEADINGS,
        [3, "李四", "x", None],
        ["合计", "2人"],
        ["备注：", None, None, "以上信息属实"],
        ["制表人：赵六", None, "审核："],
    )
    assert names(table) == ["王小明", "李四"]


def test_a_row_that_lacks_a_required_cell_is_still_a_row() -> None:
    assert names(roster(HEADINGS, ONE, [2, None, None, "13800000000"])) == ["王小明", None]


def test_merged_dates_hold_for_their_rows_and_merged_names_for_none() -> None:
    timetable, _ = find_table(
        (
            sheet(
                ["日期", "时间", "课程"],
                ["10月8日", "8:00", "甲"],
                [None, "10:00", "乙"],
                merges=("A2:A3", "B2:B3"),
            ),
        ),
        TIMETABLE,
    )
    first, second = timetable.rows()
    assert (first.value("date"), second.value("date")) == ("10月8日", "10月8日")
    assert [column.heading for column in timetable.filled_down()] == ["日期"]
    with pytest.raises(Unreadable) as error:
        second.value("time")
    assert (error.value.code, error.value.params) == ("cell_merged", {"first": "B2"})


def test_a_sheet_beside_the_best_one_is_told() -> None:
    other = sheet(HEADINGS, ONE, name="二班")
    empty = sheet(HEADINGS, name="空白")
    notes = sheet(["说明"], ["姓名必填"], name="说明")
    table, others = find_table((notes, sheet(HEADINGS, ONE, name="一班"), other, empty), ROSTER)
    assert (table.sheet.name, [each.name for each in others]) == ("一班", ["二班"])


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ([["通知"], ["各位学员"]], "headings_none"),
        ([["姓名", "联系电话"], ["王小明", "1"]], "headings_missing"),
        ([["姓名", "学员姓名", "身份证号"], ["王小明", "李四", "1"]], "heading_twice"),
        ([["节次", "星期一", "星期二", "星期三"], ["1-2", "育婴", "护理", "实操"]], "week_grid"),
    ],
)
def test_no_table(rows: list[Cells], code: str) -> None:
    with pytest.raises(FileRefusedError) as error:
        roster(*rows)
    assert error.value.problem.code == code


def test_missing_headings_are_named() -> None:
    with pytest.raises(FileRefusedError) as error:
        roster(["姓名", "联系电话"], ["王小明", "1"])
    assert "身份证号码" in error.value.problem.zh
    assert error.value.problem.row == 1
