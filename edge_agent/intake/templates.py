"""Empty tables to fill in, made by the code that reads them, so that the two can't differ.

A template is a workbook of two sheets: the table with headings, formats and lists to choose from, its first row an
example that the importer skips (示例 in its first column); and 填写说明, which says what each column takes.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from io import BytesIO, StringIO

from openpyxl import Workbook, load_workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from edge_agent.intake import columns as at
from edge_agent.intake.identity import DOCUMENT_NAMES
from edge_agent.intake.sheet import letter
from edge_agent.intake.table import Field

ROWS = 200
"""Rows prepared with formats and lists; more may be filled in."""
NUMBER_HEADING = "序号"
EXAMPLE_MARK = "示例"
TEXT_FORMAT, DATE_FORMAT, TIME_FORMAT = "@", "yyyy-mm-dd", "hh:mm"
_HEADING = PatternFill("solid", fgColor="DDEBF7")
_REQUIRED = PatternFill("solid", fgColor="FCE4D6")
_EXAMPLE = Font(italic=True, color="808080")
_HELP_WIDTHS = (20, 10, 90)


@dataclass(frozen=True, slots=True)
class Column:
    field: Field
    example: str
    help: str
    form: str = TEXT_FORMAT
    choices: tuple[str, ...] = ()
    width: int = 16


@dataclass(frozen=True, slots=True)
class Template:
    """`above` are the fields of the class that stand over the table as `label | value`."""

    title: str
    columns: tuple[Column, ...]
    above: tuple[Field, ...] = ()


_CLASS_ABOVE = (at.CODE, at.CLASS_NAME, at.CATEGORY, at.OPENS, at.CLOSES, at.REQUIRED, at.ONLINE_REQUIRED)
_NAME = Column(at.NAME, "王小明", "与身份证一致。少数民族姓名的间隔号用“·”。")
_DOCUMENT = Column(
    at.DOCUMENT, "11010519491231002X", "18 位。本列已设为文本；从别处粘贴请用“只粘贴文本”，否则末三位会丢失。", width=24
)
_PHONE = Column(at.PHONE, "13800000000", "11 位手机号，用于通知和首次登录密码（后六位）。")
_CLASS = Column(at.CLASS, "", "一个文件导入几个班时才填：培训期次ID 或班级名称。")
_CERTIFICATE = Column(at.CERTIFICATE, "", "已取得的证书编号，没有可不填。")

_TEMPLATES: Mapping[str, Template] = {
    "roster": Template(
        "学员名册导入模板",
        (
            _NAME,
            _DOCUMENT,
            Column(
                at.DOCUMENT_TYPE, DOCUMENT_NAMES[0], "不填即居民身份证。临时身份证不能登记。", choices=DOCUMENT_NAMES
            ),
            _PHONE,
            Column(at.SUBGROUP, "", "分组上课时填组名，与课表的“分组”一致。"),
            _CLASS,
            Column(at.ONLINE, "", "已完成的线上课时，没有可不填。"),
            _CERTIFICATE,
        ),
        _CLASS_ABOVE,
    ),
    "timetable": Template(
        "课表导入模板",
        (
            Column(at.DATE, "2024-10-08", "每天每次课一行。写成 2024-10-08 或 2024年10月8日。", DATE_FORMAT, width=12),
            Column(at.TIME, "08:00", "开始时间 08:00，或起止时间 08:00-09:30。", width=18),
            Column(at.END, "", "可不填，由课时算出；填了就必须与课时相符。", width=10),
            Column(at.PERIODS, "2", "几课时（每课时 45 分钟）。超过 2 课时的行会自动拆开，各打一次卡。", width=8),
            Column(at.BREAK, "0", "课时之间休息几分钟；连上填 0。", width=10),
            Column(at.SUBJECT, "新生儿护理", "课程内容。写有“结业考核”“开班”的课会标记供现场检查。", width=30),
            Column(at.TEACHER, "李老师", "与讲师名单一致；两位用顿号分开，第一位为授课讲师。"),
            Column(at.ROOM, "101 教室", "与系统中的教室名称一致，摄像头按教室关联。"),
            _CLASS,
            Column(at.SUBGROUP, "", "只有一组上课时填组名，全班上课不填。", width=10),
            Column(at.KIND, "授课", "不填即授课。", choices=("授课", "开班", "结业考核"), width=10),
        ),
        _CLASS_ABOVE,
    ),
    "classes": Template(
        "班级批量导入模板",
        (
            Column(at.CODE, "PX2024001", "培训平台给出的期次编号。"),
            Column(at.CLASS_NAME, "育婴员第一期", "班级名称，不能重复。", width=24),
            Column(at.CATEGORY, "育婴员", "培训类别（工种）。"),
            Column(at.OPENS, "2024-10-08", "开班日期。", DATE_FORMAT),
            Column(at.CLOSES, "2024-10-18", "结班日期。", DATE_FORMAT),
            Column(at.REQUIRED, "60", "核定的总课时，是 80% 的分母。"),
            Column(at.ONLINE_REQUIRED, "0", "其中线上的课时，占 20%～40%；没有填 0。"),
            Column(at.EXCEPTION, "", "超过 50 人的班级填批准文号。"),
            Column(at.POLICY, "", "不填即本机默认的培训规则。"),
        ),
    ),
    "teachers": Template(
        "讲师名单导入模板",
        (
            Column(at.TEACHER_NAME, "李老师", "与区县名单一致。"),
            Column(at.FULL_TIME, "专职", "专职或兼职。每班至少一名专职。", choices=("专职", "兼职")),
            _PHONE,
            Column(at.TEACHER_NUMBER, "", "区县给出的编号；有编号的按编号更新。"),
            Column(at.TEACHER_CLASSES, "", "任教的班级，几个班用顿号分开。", width=30),
        ),
    ),
    "online": Template(
        "线上课时导入模板",
        (
            _NAME,
            _DOCUMENT,
            Column(at.ONLINE_DONE, "12", "已完成的线上课时，占核定课时的 20%～40%。"),
            _CERTIFICATE,
            Column(at.CLASS, "", "一个人在几个班时填写。"),
        ),
    ),
}


def make_template(kind: str) -> bytes:
    """Give the template's XLSX; `kind` is a key of `TEMPLATES`."""
    template = _TEMPLATES[kind]
    book = Workbook()
    table, guide = book.worksheets[0], book.create_sheet("填写说明")
    _fill_table(table, template)
    _fill_guide(guide, template)
    for sheet in book.worksheets:
        _lay_on_paper(sheet)
    stream = BytesIO()
    book.save(stream)
    return stream.getvalue()


TEMPLATES: Mapping[str, Callable[[], bytes]] = {kind: partial(make_template, kind) for kind in _TEMPLATES}


def _fill_table(sheet: Worksheet, template: Template) -> None:
    sheet.title = template.title.removesuffix("导入模板")
    sheet.append([template.title])
    sheet.merge_cells(start_row=1, start_column=1, end_row=1, end_column=len(template.columns) + 1)
    sheet["A1"].font = Font(bold=True, size=16)
    sheet["A1"].alignment = Alignment(horizontal="center")
    for field in template.above:
        sheet.append([f"{field.heading}：", ""])
        date = field in (at.OPENS, at.CLOSES)
        sheet.cell(sheet.max_row, 2).number_format = DATE_FORMAT if date else TEXT_FORMAT
    sheet.append([NUMBER_HEADING, *(_heading(column) for column in template.columns)])
    headings = sheet.max_row
    sheet.append([EXAMPLE_MARK, *(column.example for column in template.columns)])
    for index, column in enumerate(template.columns, start=2):
        sheet.column_dimensions[letter(index)].width = column.width
        sheet.cell(headings, index).fill = _REQUIRED if _is_required(column) else _HEADING
        sheet.cell(headings + 1, index).font = _EXAMPLE
        for row in range(headings + 1, headings + ROWS + 1):
            sheet.cell(row, index).number_format = column.form
        if column.choices:
            cells = f"{letter(index)}{headings + 2}:{letter(index)}{headings + ROWS}"
            sheet.add_data_validation(_choice(column.choices, cells))
    sheet.column_dimensions["A"].width = 14
    sheet.cell(headings + 1, 1).font = _EXAMPLE
    sheet.freeze_panes = f"A{headings + 1}"
    sheet.print_title_rows = f"{headings}:{headings}"


def _fill_guide(sheet: Worksheet, template: Template) -> None:
    lines = [
        "橙色表头必填；不要改动表头文字，可以增加自己的列（不读取）。",
        "灰色的示例行不会导入，可以留着，也可以删去。",
        "有一处错误，整个文件都不会导入；改好后重新导入即可。",
        "也可以直接导入自己的表：系统认识常用的表头名称、标题行和合并的标题。",
    ]
    if _DOCUMENT in template.columns:
        lines.insert(2, "号码各列是文本格式；从别的表粘贴时选“只粘贴文本”，否则 Excel 会抹掉身份证末三位。")
    sheet.append([f"{template.title}：填写说明"])
    sheet["A1"].font = Font(bold=True, size=14)
    for number, line in enumerate(lines, 1):
        sheet.append([f"{number}. {line}"])
    sheet.append([])
    sheet.append(["列", "是否必填", "说明"])
    for index in range(1, len(_HELP_WIDTHS) + 1):
        sheet.cell(sheet.max_row, index).fill = _HEADING
    for field in template.above:
        sheet.append([field.heading, "", "写在表的上方。系统里已有这个班级时，填培训期次ID 或班级名称即可。"])
    for column in template.columns:
        sheet.append([column.field.heading, "必填" if _is_required(column) else "", column.help])
    for index, width in enumerate(_HELP_WIDTHS, start=1):
        sheet.column_dimensions[letter(index)].width = width


def _lay_on_paper(sheet: Worksheet) -> None:
    """A4 across, all columns on one page, as many pages down as there are rows."""
    sheet.page_setup.paperSize = Worksheet.PAPERSIZE_A4
    sheet.page_setup.orientation = Worksheet.ORIENTATION_LANDSCAPE
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)


def _heading(column: Column) -> str:
    return f"*{column.field.heading}" if _is_required(column) else column.field.heading


def _is_required(column: Column) -> bool:
    return column.field.required or column.field in {at.DATE, at.PERIODS}


def _choice(choices: tuple[str, ...], cells: str) -> DataValidation:
    validation = DataValidation(type="list", formula1=f'"{",".join(choices)}"', allow_blank=True, showErrorMessage=True)
    validation.error = f"请从列表中选择：{'、'.join(choices)}"
    validation.add(cells)
    return validation


def as_csv(workbook: bytes) -> bytes:
    """Give a template's table as CSV, which Excel and WPS open as UTF-8 by its mark."""
    sheet = load_workbook(BytesIO(workbook), read_only=True).worksheets[0]
    lines = [["" if cell is None else cell for cell in row] for row in sheet.iter_rows(values_only=True)]
    out = StringIO()
    csv.writer(out).writerows(line for line in lines if any(line))
    return out.getvalue().encode("utf-8-sig")
