"""Tables read from the facts themselves: outages, what operators did, consents."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from edge_agent.evidence.tables import Cell, Table
from edge_agent.evidence.words import cause_text
from edge_agent.model.fact import Fact
from edge_agent.store.supplements import Supplement

_OUTAGES = {"power": "断电", "network": "网络中断", "broker": "消息服务中断", "centre": "中心中断", "disk": "磁盘已满"}
_MEDIA = {
    "recording": "录像",
    "snapshot": "抓拍",
    "clip": "随机录像",
    "checkin": "打卡照片",
    "card": "证件照片",
    "supplement": "补充材料",
    "export": "证据包",
}
_CONFIRMED = {"centre": "中心", "archive": "归档盘"}
_LOST = {"missing": "文件丢失", "damaged": "文件损坏", "replaced_device": "更换设备"}
_TRIGGERS = {
    "plan": "自动",
    "hand": "手动",
    "untrusted_clock": "时钟未校准",
    "association": "关联设备",
    "restart": "程序重启后续录",
    "return": "设备恢复后续录",
}
_PURPOSES = {"recognise": "人脸识别", "upload": "上传人脸图像"}
# What an operator did, by the kind of its fact: how it is called, and which of its values say on what.
_ACTIONS: dict[str, tuple[str, tuple[str, ...]]] = {
    "class.saved": ("保存班级", ("code", "name", "revision")),
    "class.state": ("班级状态", ("state", "warnings")),
    "roster.saved": ("保存花名册", ("revision", "warnings")),
    "timetable.imported": ("导入课表", ("revision", "warnings")),
    "lesson.saved": ("保存课程", ("lesson", "change", "reason")),
    "lesson.cancelled": ("取消课程", ("lesson", "reason")),
    "lesson.substituted": ("代课", ("lesson", "teacher", "replaces", "reason")),
    "recording.requested": ("手动录制", ("lesson", "camera", "action")),
    "camera.associated": ("关联设备", ("lesson", "cameras")),
    "attendance.corrected": ("更正考勤", ("unit", "trainee", "direction", "reason")),
    "attendance.explained": ("情况说明", ("unit", "trainee", "text")),
    "supplement.filed": ("提交补充材料", ("lesson", "reason", "sha256")),
    "supplement.recognised": ("区县认可", ("supplement", "document", "periods")),
    "package.made": ("导出证据包", ("scope", "sha256")),
    "copy.made": ("水印副本", ("of", "subject", "purpose", "sha256")),
    "inspection.recorded": ("检查记录", ("inspector", "occasion", "heads", "text")),
    "operator.action": ("操作", ("action", "subject", "reason")),
    "clock.anchor": ("时间确认", ("source", "offset", "max_error")),
}


READ = (
    *_ACTIONS,
    *("outage.closed", "gap.closed", "clock.stepped", "consent.given", "consent.withdrawn"),
    *("retention.deleted", "media.lost", "recording.started"),
)
"""The kinds of facts that these tables read."""


def started(facts: Iterable[Fact]) -> dict[str, str]:
    """Say by lesson what started its recordings: the plan, a person by name, or a return after something failed."""
    asked: dict[str, str] = {}
    found: dict[str, list[str]] = {}
    for fact in facts:
        if fact.kind == "recording.requested" and fact.data["action"] == "start":
            asked[fact.data["lesson"]] = fact.by
        elif fact.kind == "recording.started":
            lesson, trigger = fact.data["lesson"], fact.data["trigger"]
            by = asked.get(lesson, "") if trigger == "hand" else ""
            found.setdefault(lesson, []).append(_TRIGGERS[trigger] + (f"（{by}）" if by else ""))
    return {lesson: "、".join(dict.fromkeys(each)) for lesson, each in found.items()}


def outages(facts: Iterable[Fact], zone: ZoneInfo) -> Table:
    """停电断网记录, gaps of cameras among them."""
    rows: list[list[Cell]] = []
    lasting: dict[str, Any] = {}
    for fact in facts:
        data = fact.data
        if fact.kind == "outage.opened":
            lasting[data["what"]] = data
        elif fact.kind == "outage.closed":
            lasting.pop(data["what"], None)
            rows.append([_OUTAGES[data["what"]], _time(data["start"], zone), _time(data["end"], zone), data["detail"]])
        elif fact.kind == "gap.closed":
            cause = cause_text(data["cause"])
            rows.append([f"录像缺失（{data['camera']}）", _time(data["start"], zone), _time(data["end"], zone), cause])
        elif fact.kind == "clock.stepped":
            rows.append(["时钟跳变", _time(fact.stamp.wall, zone), "", f"{data['step']:+.3f} 秒"])
    rows += [[_OUTAGES[what], _time(data["at"], zone), "尚未恢复", data["detail"]] for what, data in lasting.items()]
    return Table("故障记录", "停电、断网、录像缺失与时钟记录", ["类别", "开始", "结束", "说明"], rows)


def actions(facts: Iterable[Fact], zone: ZoneInfo) -> Table:
    """操作记录: who changed what, when and why."""
    rows: list[list[Cell]] = []
    for fact in facts:
        if fact.kind not in _ACTIONS:
            continue
        name, fields = _ACTIONS[fact.kind]
        said = "，".join(_plain(fact.data.get(each)) for each in fields if fact.data.get(each))
        rows.append([fact.name, _time(fact.stamp.wall, zone), fact.by or "设备", name, said])
    return Table("操作记录", "操作记录", ["记录号", "时间", "操作人", "操作", "内容"], rows)


def consents(facts: Iterable[Fact], zone: ZoneInfo, name_of: Callable[[str], str]) -> Table:
    """授权记录: consents and withdrawals, never a face."""
    rows: list[list[Cell]] = []
    for fact in facts:
        if fact.kind not in {"consent.given", "consent.withdrawn"}:
            continue
        data = fact.data
        given = fact.kind == "consent.given"
        rows.append(
            [
                name_of(data["trainee"]),
                _PURPOSES[data["purpose"]],
                "同意" if given else "撤回",
                _time(data["at"], zone),
                data["text"] if given else "",
                fact.by or "本人",
            ]
        )
    return Table("授权记录", "人脸信息授权记录", ["学员", "用途", "意思表示", "时间", "文本版本", "经办"], rows)


def deletions(facts: Iterable[Fact], zone: ZoneInfo) -> Table:
    """删除记录: which file was deleted when, under which rule, and who had confirmed it when."""
    rows: list[list[Cell]] = []
    for fact in facts:
        if fact.kind in {"retention.deleted", "media.lost"}:
            data = fact.data
            why = data.get("rule") or _LOST.get(data.get("cause", ""), "")
            confirmed = data.get("confirmed_at")
            rows.append(
                [
                    _time(fact.stamp.wall, zone),
                    _MEDIA.get(data.get("media_kind", ""), data.get("media_kind", "")),
                    _time(data["start"], zone) if "start" in data else "",
                    data["sha256"],
                    why,
                    _CONFIRMED.get(data.get("confirmed_by", ""), data.get("confirmed_by", "")),
                    _time(confirmed, zone) if confirmed else "",
                ]
            )
    columns = ["删除时间", "类别", "拍摄时间", "SHA-256", "规则或原因", "由谁确认", "确认时间"]
    return Table("删除记录", "媒体删除与丢失记录（留存证明）", columns, rows)


def supplements(filed: Iterable[Supplement], zone: ZoneInfo) -> Table:
    """补充材料: filed for outages, recognised by the district or not; never counted as automatic."""
    rows: list[list[Cell]] = [
        [
            each.lesson,
            _time(each.start, zone),
            _time(each.end, zone),
            each.reason,
            each.filed_by,
            each.document or "未认可",
            each.periods if each.document else 0,
            len(each.trainees),
        ]
        for each in filed
    ]
    columns = ["课程", "开始", "结束", "原因", "提交人", "区县认可文号", "认可课时", "认可人数"]
    notes = ("补充材料的课时不计入自动考勤，仅在区县书面认可后另行计列。",)
    return Table("补充材料", "补充材料与认可", columns, rows, notes=notes)


def _plain(value: Any) -> str:
    return "、".join(map(str, value)) if isinstance(value, list) else str(value)


def _time(at: str | datetime, zone: ZoneInfo) -> str:
    moment = datetime.fromisoformat(at) if isinstance(at, str) else at
    return moment.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")
