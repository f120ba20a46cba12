"""What a kiosk says: each state with its words, colour, icon and tone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, tzinfo
from typing import Any, Literal

from edge_agent.checkin.board import Board
from edge_agent.checkin.sheets import Sheet
from edge_agent.checkin.visit import Reply, Said
from edge_agent.faces.answer import Action, Hint
from edge_agent.web.words import mark as _

Look = Literal["idle", "calm", "good", "warn", "bad"]
Words = Callable[[str], str]

RESULT_SECONDS = 1.5
REFUSAL_SECONDS = 3.0
"""A refusal has more words to read, and somebody to look for."""


@dataclass(frozen=True, slots=True)
class Message:
    """One state of the page. `hold` seconds it stays before the page is idle again; `speak` is for the voice.

    `frame` is the number of the last frame that was needed, `first` of the visit's first usable one.
    """

    state: str
    look: Look
    icon: str
    title: str = ""
    text: str = ""
    detail: str = ""
    hold: float = 0.0
    speak: bool = False
    frame: int = 0
    first: int = 0

    def json(self) -> dict[str, Any]:
        return {"type": "said"} | asdict(self)


HINTS: dict[Hint, tuple[str, str]] = {
    Hint.CLOSER: ("closer", _("请靠近一些")),
    Hint.BACK: ("back", _("请稍微后退")),
    Hint.ONE_AT_A_TIME: ("person", _("请一位一位来")),
    Hint.LOOK_HERE: ("eye", _("请正对摄像头")),
    Hint.HOLD_STILL: ("eye", _("请保持不动")),
    Hint.MORE_LIGHT: ("info", _("光线太暗，请换个位置")),
    Hint.LESS_LIGHT: ("info", _("光线太亮，请换个位置")),
    Hint.TAKE_OFF_MASK: ("mask", _("请摘下口罩或墨镜")),
    Hint.WAIT: ("wait", _("请稍候")),
}
ACTIONS: dict[Action, tuple[str, str]] = {
    Action.BLINK: ("eye", _("请看镜头并眨眼")),
    Action.TURN_LEFT: ("left", _("请向左转头")),
    Action.TURN_RIGHT: ("right", _("请向右转头")),
}
REPLIES: dict[Said, tuple[Look, str, str]] = {
    Said.SIGNED_IN: ("good", "check", _("签到成功")),
    Said.SIGNED_OUT: ("good", "out", _("签退成功")),
    Said.HELD: ("warn", "wait", _("本节尚未下课，%(time)s 后可签退")),
    Said.ALREADY_SIGNED_IN: ("calm", "check", _("已签到")),
    Said.ALREADY_SIGNED_OUT: ("calm", "check", _("已签退")),
    Said.NOT_SIGNED_IN: ("bad", "cross", _("本节没有签到，不能签退")),
    Said.TOO_LATE: ("bad", "cross", _("已过签到时间")),
    Said.OUTSIDE: ("calm", "wait", _("现在不是打卡时间")),
    Said.PROVISIONAL: ("good", "check", _("已记录，待核定")),
    Said.NO_LESSON: ("calm", "info", _("班级尚未开班")),
}


def guidance(hint: Hint, words: Words) -> Message | None:
    """Say what to do next; None where nobody stands there."""
    if hint is Hint.NOBODY:
        return None
    icon, text = HINTS[hint]
    return Message("guide", "calm", icon, words(text))


def challenge(action: Action, words: Words) -> Message:
    icon, text = ACTIONS[action]
    return Message("challenge", "calm", icon, words(text), words(_("确认是您本人")))


def look_again(words: Words) -> Message:
    return Message("look_again", "warn", "eye", words(_("请正对摄像头")))


def unknown(words: Words) -> Message:
    """Who has no template, no consent, or is on no roster here hears the same."""
    text = words(_("未识别到您，请找讲师办理签到"))
    return Message("unknown", "bad", "hand", text, hold=REFUSAL_SECONDS, speak=True)


def not_passed(words: Words) -> Message:
    return Message("refused", "bad", "hand", words(_("未通过，请找讲师")), hold=REFUSAL_SECONDS, speak=True)


def not_saved(words: Words) -> Message:
    """The disk refuses: nothing was recorded, and nobody may believe that it was."""
    return Message(
        "not_saved", "bad", "warn", words(_("没有记录，请找讲师")), words(_("本机无法保存")), hold=REFUSAL_SECONDS
    )


def outcome(replies: Sequence[Reply], name: str, board: Board, zone: tzinfo, words: Words) -> Message:
    """Say what a visit did: one reply, or 第1节已签退，第2节已签到."""
    first = replies[0]
    look, icon, text = REPLIES[first.said]
    counts = first.said.counts or first.said is Said.PROVISIONAL
    if len(replies) > 1:
        parts = [words(_("%(unit)s已签退")), words(_("%(unit)s已签到"))]
        labels = [label(board.sheet(reply.class_id, reply.unit), words) for reply in replies]
        text = words(_("，")).join(part % {"unit": unit} for part, unit in zip(parts, labels, strict=True))
        icon = "check"
    else:
        text = words(text) % {"time": _clock(first.until, zone)}
    return Message(
        first.said.value if len(replies) == 1 else "both",
        look,
        icon,
        name,
        text,
        _detail(first, board, zone, words),
        hold=RESULT_SECONDS if counts or look == "calm" else REFUSAL_SECONDS,
        speak=True,
    )


def label(sheet: Sheet | None, words: Words) -> str:
    """Give 第1节 or 第1-2节."""
    if sheet is None:
        return words(_("本节"))
    start, end = sheet.numbers
    return words(_("第%(number)s节")) % {"number": start if start == end else f"{start}-{end}"}


def _detail(reply: Reply, board: Board, zone: tzinfo, words: Words) -> str:
    if reply.said is Said.ALREADY_SIGNED_IN and reply.until is not None:
        return words(_("%(time)s 起可签退")) % {"time": _clock(reply.until, zone)}
    if reply.said in {Said.TOO_LATE, Said.NOT_SIGNED_IN}:
        return words(_("如有疑问请找讲师"))
    if reply.said is Said.SIGNED_IN:
        sheet = board.sheet(reply.class_id, reply.unit)
        return (
            "" if sheet is None else words(_("%(time)s 起可签退")) % {"time": _clock(sheet.unit.sign_out.start, zone)}
        )
    if reply.said is Said.OUTSIDE and board.upcoming is not None:
        return words(_("下一节 %(time)s 开始签到")) % {"time": _clock(board.upcoming.unit.sign_in.start, zone)}
    return ""


def _clock(at: datetime | None, zone: tzinfo) -> str:
    return "" if at is None else f"{at.astimezone(zone):%H:%M}"
