"""Files that can't be read, and tables that aren't there."""

from __future__ import annotations

from edge_agent.intake.words.message import ERROR, NOTICE, WARNING, Message

FILES = {
    "file_empty": Message(ERROR, "文件是空的。请选择填好的表格。", "The file is empty. Choose the filled-in table."),
    "file_large": Message(
        ERROR,
        "文件有 {size} MB，超过 {limit} MB。请删除图片和无关工作表后再导入。",
        "The file has {size} MB, more than {limit} MB. Remove pictures and other sheets.",
    ),
    "file_encrypted": Message(
        ERROR,
        "文件加了打开密码。请在 Excel/WPS 中取消密码，另存为 .xlsx 后再导入。",
        "The file is encrypted. Remove its password in Excel or WPS and save it as .xlsx.",
    ),
    "file_old": Message(
        ERROR,
        "这是旧格式 {kind}。请用 Excel/WPS 打开，“另存为”选“Excel 工作簿 (.xlsx)”后再导入。",
        "This is the old format {kind}. Open it in Excel or WPS and save it as an Excel workbook (.xlsx).",
    ),
    "file_kind": Message(
        ERROR,
        "这是 {kind} 文件，不是表格。请导入 .xlsx 或 .csv 文件（可先下载模板）。",
        "This is a {kind} file, not a table. Import an .xlsx or .csv file; a template can be downloaded.",
    ),
    "file_markup": Message(
        ERROR,
        "这是网页（或 XML）格式、只是改了扩展名的表格。请用 Excel/WPS 打开，另存为 .xlsx 后再导入。",
        "This is a web page (or XML) under a table's name. Open it in Excel or WPS and save it as .xlsx.",
    ),
    "file_broken": Message(
        ERROR,
        "文件已损坏，无法读取。请用 Excel/WPS 打开修复，另存为 .xlsx 后再导入。",
        "The file is damaged and can't be read. Repair it in Excel or WPS and save it as .xlsx.",
    ),
    "file_macros": Message(
        ERROR,
        "文件含有宏，不予读取。请另存为“Excel 工作簿 (.xlsx)”（不含宏）后再导入。",
        "The file contains macros and is not read. Save it as an Excel workbook (.xlsx) without macros.",
    ),
    "file_strict": Message(
        ERROR,
        "这是“严格的 Open XML”格式。请用 Excel 另存为普通的“Excel 工作簿 (.xlsx)”后再导入。",
        "This is the strict Open XML format. Save it as an ordinary Excel workbook (.xlsx).",
    ),
    "file_bomb": Message(
        ERROR,
        "文件解压后过大，不予读取。请新建工作簿，只粘贴表格内容后再导入。",
        "The file unpacks to too much data and is not read. Paste the table alone into a new workbook.",
    ),
    "rows_many": Message(
        ERROR,
        "表格超过 {limit} 行（空白但带格式的行也占位置）。请分成多个文件，或删除多余的行后再导入。",
        "The table has more than {limit} rows (blank rows with a format count, too). Split it or delete surplus rows.",
    ),
    "rows_none": Message(
        ERROR, "表头下面没有数据行。请填写后再导入。", "There is no row below the headings. Fill it in."
    ),
    "csv_quotes": Message(
        ERROR,
        "CSV 第 {line} 行的引号不成对。请改正，或用 Excel 另存为 .xlsx。",
        "The quotes in line {line} of the CSV don't match. Mend them, or save the table as .xlsx.",
    ),
    "csv_encoding": Message(
        ERROR,
        "无法识别文字编码。请另存为 UTF-8 编码的 CSV，或 .xlsx。",
        "The text's encoding can't be told. Save it as CSV in UTF-8, or as .xlsx.",
    ),
    "headings_none": Message(
        ERROR,
        "没有找到表头。表中应有这些列：{wanted}。请参照模板。",
        "No headings were found. The table needs these columns: {wanted}. See the template.",
    ),
    "headings_missing": Message(
        ERROR, "缺少这些列：{missing}。请补上后再导入。", "These columns are missing: {missing}. Add them."
    ),
    "heading_twice": Message(
        ERROR,
        "“{first}”列和“{second}”列是同一内容，不知以哪列为准。请删去或改名其中一列。",
        "Columns {first} and {second} have the same meaning. Delete or rename one of them.",
    ),
    "week_grid": Message(
        ERROR,
        "这是按星期排列的课表。请改成每行一次课（日期、上课时间、课时……），可参照模板。",
        "This timetable is a grid of weekdays. Write one lesson a row (date, time, periods); see the template.",
    ),
    "sheet_ignored": Message(
        WARNING,
        "只读取工作表“{read}”；工作表“{ignored}”也有数据，没有读取。",
        "Only sheet {read} is read; sheet {ignored} holds data, too, and is left out.",
    ),
    "cells_filled": Message(
        NOTICE,
        "“{heading}”列有合并单元格，按首行的值读取。",
        "Column {heading} has merged cells; each row takes the first one's value.",
    ),
}
