"""Attendance sheets as PDF, with lines to sign on, and the journal's head where a sealed venue has no other witness."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from reportlab.lib import colors
from reportlab.lib.enums import TA_CENTER, TA_LEFT
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.ttfonts import TTFError, TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    Flowable,
    KeepTogether,
    LongTable,
    PageBreak,
    Paragraph,
    SimpleDocTemplate,
    Spacer,
    TableStyle,
)

from edge_agent.evidence.tables import Cell, Table

# TrueType outlines only: reportlab can't embed the CFF outlines of Noto's CJK fonts.
_FONTS = (
    "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc",
    "/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc",
    "/usr/share/fonts/truetype/arphic/uming.ttc",
)
_NAMED = "STSong-Light"
_CELL, _CELL_PADDING = 8, 8.0  # points: a class of 50 fits a page, and no time or id is broken over two lines
_LEADING = 1.35
TEACHING = ("授课教师签字", "班主任签字", "培训机构（盖章）", "日期")
PERSONAL = ("学员签字", "班主任签字", "培训机构（盖章）", "日期")


@cache
def font() -> str:
    """Register the first Chinese font that can be embedded; else name the one that every reader for China has."""
    for path in _FONTS:
        if Path(path).exists():
            try:
                pdfmetrics.registerFont(TTFont("sheet", path, subfontIndex=0))
            except TTFError:
                continue
            return "sheet"
    pdfmetrics.registerFont(UnicodeCIDFont(_NAMED))
    return _NAMED


def is_embedded() -> bool:
    """Whether sheets bring their font along, or name one that the reader must have."""
    return font() != _NAMED


def write_sheets(
    tables: Iterable[Table], *, footer: str, head: str = "", signed_by: Sequence[str] = TEACHING, mark: str = ""
) -> bytes:
    """Give a PDF with each table on pages of its own.

    `head` is printed under each where a venue is sealed, `mark` across every page of a copy for one person.
    """
    stream = io.BytesIO()
    document = SimpleDocTemplate(
        stream, pagesize=A4, leftMargin=14 * mm, rightMargin=14 * mm, topMargin=12 * mm, bottomMargin=14 * mm
    )
    document.title = "签到签退表"
    story: list[Flowable] = []
    for table in tables:
        if story:
            story.append(PageBreak())
        story += _sheet(table, document.width, head, signed_by)

    def decorate(canvas: Canvas, _: SimpleDocTemplate) -> None:
        _watermark(canvas, mark)
        canvas.setFont(font(), 7)
        canvas.setFillColor(colors.grey)
        canvas.drawString(14 * mm, 9 * mm, footer)
        canvas.drawRightString(A4[0] - 14 * mm, 9 * mm, f"第 {canvas.getPageNumber()} 页")

    document.build(story or [Paragraph("无记录", _style(12))], onFirstPage=decorate, onLaterPages=decorate)
    return stream.getvalue()


def _watermark(canvas: Canvas, text: str) -> None:
    """Write `text` slanted across the page, under what the page says."""
    if not text:
        return
    canvas.saveState()
    canvas.setFont(font(), 15)
    canvas.setFillColor(colors.Color(0.45, 0.52, 0.65, alpha=0.28))
    canvas.translate(A4[0] / 2, A4[1] / 2)
    canvas.rotate(32)
    for line in range(-6, 7):
        canvas.drawCentredString(0, line * 26 * mm, text)
    canvas.restoreState()


def _sheet(table: Table, width: float, head: str, signed_by: Sequence[str]) -> list[Flowable]:
    found: list[Flowable] = [Paragraph(escape(table.title), _style(13, centred=True)), Spacer(1, 2 * mm)]
    found += [Paragraph(escape(note), _style(9, centred=True)) for note in table.notes]
    widths = _widths(table, width)
    rows = [[_cell(value, wide) for value, wide in zip(row, widths, strict=True)] for row in table.rows]
    head_row = [_cell(name, wide) for name, wide in zip(table.columns, widths, strict=True)]
    grid = LongTable([head_row, *rows], colWidths=widths, repeatRows=1)
    style: list[Any] = [
        ("FONT", (0, 0), (-1, -1), font(), _CELL, _CELL * _LEADING),
        ("GRID", (0, 0), (-1, -1), 0.4, colors.HexColor("#9AA3B2")),
        ("BACKGROUND", (0, 0), (-1, 0), colors.HexColor("#E8EEF7")),
        ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
        ("LEFTPADDING", (0, 0), (-1, -1), 3),
        ("RIGHTPADDING", (0, 0), (-1, -1), 3),
        ("TOPPADDING", (0, 0), (-1, -1), 0.5),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 1.5),
    ]
    style += [("BACKGROUND", (0, row + 1), (-1, row + 1), colors.HexColor("#FDEBEA")) for row in sorted(table.bad)]
    grid.setStyle(TableStyle(style))
    signatures = LongTable(
        [[Paragraph(f"{text}：", _style(9)) for text in signed_by]], colWidths=[width / len(signed_by)] * len(signed_by)
    )
    lines = [("LINEBELOW", (column, 0), (column, 0), 0.6, colors.black) for column in range(len(signed_by))]
    signatures.setStyle(
        TableStyle([*lines, ("BOTTOMPADDING", (0, 0), (-1, -1), 5), ("RIGHTPADDING", (0, 0), (-1, -1), 8)])
    )
    closing: list[Flowable] = [Spacer(1, 5 * mm), signatures]
    if head:
        closing.append(Spacer(1, 2 * mm))
        closing.append(Paragraph(f"记录链末端 {escape(head)}", _style(7)))
    return [*found, Spacer(1, 2 * mm), grid, KeepTogether(closing)]


def _cell(value: Cell, width: float) -> str | Paragraph:
    """Give plain text where it fits: a paragraph costs ten times as much."""
    text = str("" if value is None else value)
    if "\n" not in text and pdfmetrics.stringWidth(text, font(), _CELL) + _CELL_PADDING <= width + 0.01:
        return text
    return Paragraph(escape(text), _style(_CELL))


def _widths(table: Table, width: float) -> list[float]:
    """Give each column what its longest cell needs; only the widest ones share what is left, and wrap."""
    needs = [
        _CELL_PADDING
        + max(
            pdfmetrics.stringWidth(str(value), font(), _CELL)
            for value in (column, *(row[index] for row in table.rows if row[index] is not None))
        )
        for index, column in enumerate(table.columns)
    ]
    left, widest = width, width
    for position, need in enumerate(sorted(needs)):
        share = left / (len(needs) - position)
        if need > share:
            widest = share
            break
        left -= need
    widths = [min(need, widest) for need in needs]
    widths[-1] += width - sum(widths)  # the remarks take what nobody needs
    return widths


def _style(size: int, *, centred: bool = False) -> ParagraphStyle:
    return ParagraphStyle(
        f"sheet-{size}-{centred}",
        fontName=font(),
        fontSize=size,
        leading=size * _LEADING,
        wordWrap="CJK",
        alignment=TA_CENTER if centred else TA_LEFT,
    )
