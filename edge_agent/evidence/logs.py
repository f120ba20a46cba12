"""Tables read from the facts themselves: outages, what operators did, consents."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from edge_agent.evidence.record import ClassRecord
from edge_agent.evidence.tables import Cell, Table
from edge_agent.evidence.words import cause_text, unit_text
from edge_agent.model.fact import Fact

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
    "class.saved": ("保存班级", ("code", "name")),
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


_VALUES = {
    "draft": "草稿",
    "submitted": "已提交",
    "approved": "已批准",
    "closed": "已结班",
    "deleted": "已删除",
    "added": "新增",
    "moved": "调课",
    "ended_early": "提前下课",
    "overrun": "拖堂",
    "cameras": "更换设备",
    "teacher": "更换教师",
    "edited": "修改",
    "start": "开始录制",
    "stop": "停止录制",
    "extend": "延长录制",
    "in": "签到",
    "out": "签退",
    "opening": "开班检查",
    "exam": "结业考核检查",
    "sample": "抽查",
    "other": "其他检查",
    "snapshot": "抓拍",
    "sheet": "签到签退表",
    "record": "学员考勤表",
    "ntp": "网络校时",
    "rtc": "硬件时钟",
    "administrator": "管理员确认",
}

READ = (
    *_ACTIONS,
    *("outage.opened", "outage.closed", "gap.closed", "clock.stepped", "consent.given", "consent.withdrawn"),
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


class Logs:
    """The tables of one package: `facts` are those of `READ` that it shows."""

    def __init__(self, record: ClassRecord, facts: Iterable[Fact]) -> None:
        self._record, self._facts = record, list(facts)
        self._zone: ZoneInfo = record.policy.policy.zone
        self._names = {
            **record.people,
            **record.devices,
            **{trainee.id: trainee.name for trainee in record.trainees},
            **{teacher.id: teacher.name for teacher in record.teachers.values()},
            **{each.id: f"{each.date:%m-%d} {each.start:%H:%M} {each.subject}" for each in record.lessons},
        }

    def tables(self) -> list[Table]:
        return [
            outages(self._facts, self._zone, self._name),
            self.actions(),
            self.consents(),
            self.supplements(),
            self.deletions(),
        ]

    def actions(self) -> Table:
        """操作记录: who changed what, when and why."""
        rows: list[list[Cell]] = []
        for fact in self._facts:
            if fact.kind not in _ACTIONS:
                continue
            name, fields = _ACTIONS[fact.kind]
            said = "，".join(self._plain(fact.data[each]) for each in fields if fact.data.get(each))
            rows.append([fact.name, self._time(fact.stamp.wall), self._name(fact.by) or "设备", name, said])
        return Table("操作记录", "操作记录", ["记录号", "时间", "操作人", "操作", "内容"], rows)

    def consents(self) -> Table:
        """授权记录: consents and withdrawals, never a face."""
        rows: list[list[Cell]] = []
        for fact in self._facts:
            if fact.kind not in {"consent.given", "consent.withdrawn"}:
                continue
            data = fact.data
            given = fact.kind == "consent.given"
            rows.append(
                [
                    self._name(data["trainee"]),
                    _PURPOSES[data["purpose"]],
                    "同意" if given else "撤回",
                    self._time(data["at"]),
                    data["text"] if given else "",
                    self._name(fact.by) or "本人",
                ]
            )
        columns = ["学员", "用途", "意思表示", "时间", "文本版本", "经办"]
        return Table("授权记录", "人脸信息授权记录", columns, rows)

    def deletions(self) -> Table:
        """删除记录: which file was deleted when, under which rule, and who had confirmed it when."""
        rows: list[list[Cell]] = []
        for fact in self._facts:
            if fact.kind not in {"retention.deleted", "media.lost"}:
                continue
            data = fact.data
            kind, by, confirmed = data.get("media_kind", ""), data.get("confirmed_by", ""), data.get("confirmed_at")
            rows.append(
                [
                    self._time(fact.stamp.wall),
                    _MEDIA.get(kind, kind),
                    self._time(data["start"]) if "start" in data else "",
                    data["sha256"],
                    data.get("rule") or _LOST.get(data.get("cause", ""), ""),
                    _CONFIRMED.get(by, by),
                    self._time(confirmed) if confirmed else "",
                ]
            )
        columns = ["删除时间", "类别", "拍摄时间", "SHA-256", "规则或原因", "由谁确认", "确认时间"]
        return Table("删除记录", "媒体删除与丢失记录（留存证明）", columns, rows)

    def supplements(self) -> Table:
        """补充材料: filed for outages, recognised by the district or not; never counted as automatic."""
        rows: list[list[Cell]] = [
            [
                self._name(each.lesson),
                self._time(each.start),
                self._time(each.end),
                each.reason,
                self._name(each.filed_by),
                each.document or "未认可",
                each.periods if each.document else 0,
                len(each.trainees),
            ]
            for each in self._record.supplements
        ]
        columns = ["课程", "开始", "结束", "原因", "提交人", "区县认可文号", "认可课时", "认可人数"]
        notes = ("补充材料的课时不计入自动考勤，仅在区县书面认可后另行计列。",)
        return Table("补充材料", "补充材料与认可", columns, rows, notes=notes)

    def _name(self, identifier: str) -> str:
        """Say a person, camera, lesson or unit as people know it; what nobody knows stays as it is."""
        lesson, slash, _ = identifier.rpartition("/")
        if slash and lesson in self._names:
            return f"{self._names[lesson]} {unit_text(identifier)}"
        return self._names.get(identifier, identifier)

    def _plain(self, value: Any) -> str:
        if isinstance(value, list):
            return "、".join(map(self._plain, value))
        text = str(value)
        return _VALUES.get(text) or self._name(text)

    def _time(self, at: str | datetime) -> str:
        return _time(at, self._zone)


def outages(facts: Iterable[Fact], zone: ZoneInfo, name: Callable[[str], str] = str) -> Table:
    """停电断网记录, gaps of cameras among them; `name` says a camera by its id."""
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
            what, cause = f"录像缺失（{name(data['camera'])}）", cause_text(data["cause"])
            rows.append([what, _time(data["start"], zone), _time(data["end"], zone), cause])
        elif fact.kind == "clock.stepped":
            rows.append(["时钟跳变", _time(fact.stamp.wall, zone), "", f"{data['step']:+.3f} 秒"])
    rows += [[_OUTAGES[what], _time(data["at"], zone), "尚未恢复", data["detail"]] for what, data in lasting.items()]
    return Table("故障记录", "停电、断网、录像缺失与时钟记录", ["类别", "开始", "结束", "说明"], rows)


def _time(at: str | datetime, zone: ZoneInfo) -> str:
    moment = datetime.fromisoformat(at) if isinstance(at, str) else at
    return moment.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")
