"""What a kiosk's page shows while nobody stands there: what is open, what comes next, and what people should know."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, tzinfo
from typing import Any

from edge_agent.checkin.board import Board
from edge_agent.checkin.saved import Saved
from edge_agent.checkin.sheets import Sheet
from edge_agent.model.stamp import Stamp, instant
from edge_agent.web.kiosk.said import Words, label
from edge_agent.web.words import mark as _


def notice(
    board: Board, saved: Saved, stamp: Stamp, zone: tzinfo, words: Words, *, sealed: bool, recognises: bool
) -> dict[str, Any]:
    """Give the board as JSON. Worries of the staff (the disk, what sync meets) stand in the console."""
    told = []
    if not board.trusted:
        told.append(words(_("时间待校准：打卡照常，记录会注明")))
    if not recognises:
        told.append(words(_("人脸识别暂不可用，请找讲师办理签到")))
    if saved.away is not None and not sealed:
        away = words(_("%(time)s 起与中心断开：打卡照常，%(count)s 条记录已存本机，恢复后自动上传"))
        told.append(away % {"time": _clock(saved.away, zone), "count": saved.waiting})
    if sealed:
        told.append(words(_("涉密场所：数据不出本机")))
    return {
        "type": "board",
        "now": instant(stamp.wall),
        "quiet": board.teaching,
        "notices": told,
        "saved": words(_("截至 %(time)s，今天的 %(count)s 次打卡已存本机。"))
        % {"time": _clock(stamp.wall, zone), "count": saved.visits},
        "prompt": _prompt(board, words, recognises=recognises),
        "lines": [
            *_lines(board.signing_in, "sign_in", words(_("签到中")), zone, words),
            *_lines(board.signing_out, "sign_out", words(_("签退中")), zone, words),
        ],
        "next": None if board.upcoming is None else _next(board.upcoming, zone, words),
    }


def _clock(at: datetime, zone: tzinfo) -> str:
    return f"{at.astimezone(zone):%H:%M}"


def _prompt(board: Board, words: Words, *, recognises: bool) -> str:
    if not recognises:
        return words(_("请找讲师办理签到"))
    if board.trusted and not board.signing_in and not board.signing_out:
        return words(_("现在不是打卡时间")) if board.upcoming else words(_("近期没有课程"))
    return words(_("请正对摄像头"))


def _lines(sheets: Iterable[Sheet], kind: str, title: str, zone: tzinfo, words: Words) -> Iterable[dict[str, Any]]:
    for sheet in sheets:
        window = sheet.unit.sign_in if kind == "sign_in" else sheet.unit.sign_out
        yield {
            "kind": kind,
            "title": title,
            "lesson": _lesson(sheet, words),
            "done": len(sheet.signed_in if kind == "sign_in" else sheet.signed_out),
            "of": len(sheet.trainees if kind == "sign_in" else sheet.signed_in),
            "until": instant(window.end),
            "closes": words(_("%(time)s 截止")) % {"time": _clock(window.end, zone)},
        }


def _next(sheet: Sheet, zone: tzinfo, words: Words) -> dict[str, Any]:
    opens = sheet.unit.sign_in.start
    return {
        "title": words(_("下一节")),
        "lesson": _lesson(sheet, words),
        "opens": instant(opens),
        "at": words(_("%(time)s 开始签到")) % {"time": _clock(opens, zone)},
    }


def _lesson(sheet: Sheet, words: Words) -> str:
    return " ".join(part for part in (sheet.training.name, sheet.lesson.subject, label(sheet, words)) if part)
