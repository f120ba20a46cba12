"""Cells that can't be read: text, numbers, documents, dates and times."""

from __future__ import annotations

from edge_agent.intake.words.message import ERROR, NOTICE, WARNING, Message

CELLS = {
    # Single cells.
    "cell_empty": Message(ERROR, "必填，不能为空。", "This cell must be filled in."),
    "cell_merged": Message(
        ERROR,
        "单元格与 {first} 合并，本行没有自己的值。请取消合并并逐行填写。",
        "The cell is merged with {first} and has no value of its own. Unmerge it and fill in each row.",
    ),
    "formula_uncalculated": Message(
        ERROR,
        "公式 {text} 没有计算结果。请用 Excel/WPS 打开并保存一次，或改填数值。",
        "The formula {text} has no stored result. Open and save the file in Excel or WPS, or type the value.",
    ),
    "cell_error": Message(ERROR, "单元格是错误值 {text}。请改正。", "The cell shows the error {text}. Mend it."),
    "text_long": Message(
        ERROR, "文字有 {length} 字，超过 {limit} 字。请缩短。", "The text has {length} characters, more than {limit}."
    ),
    "name_odd": Message(
        ERROR,
        "“{text}”不像姓名（不能有数字和符号）。请改正。",
        "“{text}” is not a name (no digits or symbols). Mend it.",
    ),
    "number_bad": Message(ERROR, "“{text}”不是数字。请填数字。", "“{text}” is not a number."),
    "number_whole": Message(ERROR, "“{text}”不是整数。请填整数。", "“{text}” is not a whole number."),
    "number_range": Message(
        ERROR, "{text} 超出范围，应为 {low} 到 {high}。", "{text} is out of range: {low} to {high}."
    ),
    "flag_bad": Message(
        ERROR, "“{text}”看不懂，请填“专职”或“兼职”。", "“{text}” is not understood; write full-time or part-time."
    ),
    "phone_lost": Message(
        ERROR,
        "电话号码被 Excel 存成了科学计数，号码已不完整。请把该列设为文本后重新填写。",
        "Excel has cut the phone number (scientific notation). Make the column text and type it again.",
    ),
    "phone_bad": Message(
        ERROR,
        "电话号码不对（{length} 位）。请填 11 位手机号，或带区号的固定电话。",
        "This is no phone number ({length} digits). Write an 11-digit mobile number, or a landline with area code.",
    ),
    # Documents.
    "id_digits_lost": Message(
        ERROR,
        "末三位已丢失：Excel 只保留数字的前 15 位。请把该列设为“文本”格式，重新填写完整的身份证号码。",
        "The last three digits are lost: Excel keeps 15 digits of a number. Make the column text, retype the id.",
    ),
    "id_15_digits": Message(
        ERROR,
        "这是 15 位旧号码（一代证），已停用。请填 18 位身份证号码。",
        "This is an old id of 15 digits, no longer valid. Write the one of 18 digits.",
    ),
    "id_length": Message(
        ERROR,
        "应为 18 位，现有 {length} 位。请核对身份证。",
        "An id has 18 characters, this has {length}. Check the card.",
    ),
    "id_characters": Message(
        ERROR,
        "第 {position} 个字符不对（只能是数字，最后一位可以是 X）。请核对身份证。",
        "Character {position} is wrong (digits only, the last may be X). Check the card.",
    ),
    "id_birth_date": Message(
        ERROR, "出生日期 {text} 不存在。请核对身份证。", "The date of birth {text} does not exist. Check the card."
    ),
    "id_checksum": Message(
        ERROR,
        "校验位不对，号码有错字。请对照身份证逐位核对。",
        "The checksum is wrong: a digit was mistyped. Compare it with the card.",
    ),
    "id_ends_000": Message(
        WARNING,
        "号码以 000 结尾，可能是 Excel 造成的末三位丢失。请对照身份证核对后勾选。",
        "The id ends in 000, as one that Excel has destroyed. Compare it with the card, then tick this.",
    ),
    "document_temporary": Message(
        ERROR,
        "临时身份证不能用于实名认证。请待正式身份证办好后再登记。",
        "A temporary id card can't be used. Register the person when the card itself is there.",
    ),
    "document_type": Message(
        ERROR, "不支持的证件类型“{text}”。可用：{accepted}。", "Unknown document type “{text}”. Accepted: {accepted}."
    ),
    # Dates and times.
    "date_unreadable": Message(
        ERROR, "“{text}”不是日期。请写成 2024-10-08。", "“{text}” is not a date. Write it like 2024-10-08."
    ),
    "date_impossible": Message(ERROR, "“{text}”这一天不存在。请改正。", "The day “{text}” does not exist. Mend it."),
    "date_range": Message(
        ERROR,
        "“{text}”是几天。请每天一行。",
        "“{text}” is several days. Write one row a day.",
    ),
    "date_ambiguous": Message(
        ERROR,
        "“{text}”分不清月和日。请写成 2024-10-08。",
        "In “{text}” month and day can't be told apart. Write it like 2024-10-08.",
    ),
    "date_no_year": Message(
        ERROR,
        "“{text}”没有年份，也不在开班到结班之间。请写成 2024-10-08。",
        "“{text}” has no year and does not lie within the class's dates. Write it like 2024-10-08.",
    ),
    "date_serial": Message(
        NOTICE,
        "日期是 Excel 的序号，读作 {date}。请核对。",
        "The date is one of Excel's serial numbers, read as {date}. Check it.",
    ),
    "weekday_differs": Message(
        WARNING, "{date} 是星期{weekday}，与所写不符。", "The weekday beside {date} is not its own (星期{weekday})."
    ),
    "outside_class": Message(
        WARNING,
        "{date} 不在开班 {opens} 到结班 {closes} 之间。",
        "{date} lies outside the class's dates, {opens} to {closes}.",
    ),
    "time_unreadable": Message(
        ERROR, "“{text}”不是时间。请写成 08:00 或 08:00-09:30。", "“{text}” is not a time. Write 08:00 or 08:00-09:30."
    ),
    "time_order": Message(
        ERROR, "结束时间不在开始时间之后。请改正。", "The end is not after the start. Mend one of them."
    ),
    "time_night": Message(
        WARNING,
        "{time} 是凌晨，是不是下午漏写了？若确为凌晨请勾选。",
        "{time} is at night; was the afternoon meant? Tick this if it is right.",
    ),
    "past_midnight": Message(
        WARNING,
        "这次课跨过零点，到 {end} 才结束；学时记在开始的那天。若时间无误请勾选。",
        "This lesson goes past midnight, to {end}; it counts for the day it began. Tick this if it is right.",
    ),
}
