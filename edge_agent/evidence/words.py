"""The package's Chinese words: the annex's own terms for columns, and a sentence for each code of a verdict."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType
from zoneinfo import ZoneInfo

from edge_agent.model.span import SlotKind
from edge_agent.rules.reasons import Code, Reason, Remedy
from edge_agent.rules.slots import Fate
from edge_agent.rules.standing import Prospect
from edge_agent.rules.verdict import Verdict

SUPPLEMENTS = "本材料用于补充市职业技能培训监管平台的记录；除区县人社部门书面认可外，不替代该平台。"

MISSING = "缺失"

VERDICTS: Mapping[Verdict, str] = {
    Verdict.COMPLETE: "完整",
    Verdict.PARTIAL: "部分缺失",
    Verdict.MISSING: "缺失",
    Verdict.NOT_YET: "未结束",
    Verdict.CANCELLED: "已取消",
}
PROSPECTS: Mapping[Prospect, str] = {Prospect.PASSED: "达标", Prospect.OPEN: "可达标", Prospect.LOST: "未达标"}
SLOTS: Mapping[SlotKind, str] = {
    SlotKind.OPENING: "课前10分钟",
    SlotKind.MIDDLE: "课中",
    SlotKind.CLOSING: "课后10分钟",
    SlotKind.CLIP: "随机录像",
}
FATES: Mapping[Fate, str] = {
    Fate.TAKEN: "已抓拍",
    Fate.MISSED: MISSING,
    Fate.VOID: "不需要",
    Fate.DUE: "未到时间",
    Fate.JUDGING: "判定中",
}
VOIDS: Mapping[str, str] = {"cancelled": "课程已取消", "ended_early": "已提前下课"}
"""Other reasons are an operator's own words."""

METHODS: Mapping[str, str] = {"face": "人脸", "manual": "手动"}
REASONS: Mapping[Code, str] = {
    Code.CANCELLED: "课程已取消：{reason}",
    Code.ENDED_EARLY: "提前下课（{at}）",
    Code.NO_CAMERA: "未关联设备",
    Code.NOT_RECORDED: "全程未录制（{cause}）",
    Code.GAP: "录像缺失 {start} 至 {end}（{cause}）",
    Code.CAMERA_INCOMPLETE: "设备“{camera}”缺录 {seconds}",
    Code.SNAPSHOT_MISSED: "缺抓拍 {slot}",
    Code.NOBODY_SIGNED_IN: "无人签到（{unit}）",
    Code.NOT_SIGNED_OUT: "{count} 人未签退（{unit}）",
    Code.UNIT_LOST: "未签到（{unit}，{periods} 课时）",
    Code.UNIT_OPEN: "未签退（{unit}，{periods} 课时）",
    Code.CREDIT_SHORT: "课时不足：已计 {credited}，至少需 {needed}，最多可达 {possible}",
    Code.ONLINE_SHORT: "线上课时不足：{credited}/{needed}",
    Code.STRICT_READING: "从严口径（按分钟）仅计 {strict} 课时，现计 {credited}",
    Code.CLASS_TOO_LARGE: "班级人数 {trainees} 超过上限 {most}",
    Code.TEACHERS_FEW: "教师 {teachers} 人，少于应配 {needed} 人",
    Code.FULL_TIME_FEW: "专职教师 {teachers} 人，少于应配 {needed} 人",
    Code.TEACHER_UNCONFIRMED: "教师 {teacher} 待区县确认",
    Code.ONLINE_SHARE: "线上课时占比 {percent}%，应为 {least}% 至 {most}%",
    Code.SUBMITTED_LATE: "开班前 {days} 天提交，应提前 {lead} 天",
    Code.TIMETABLE_SHORT: "课表仅排 {planned} 课时，应为 {required} 课时",
}
CAUSES: Mapping[str, str] = {
    "unknown": "原因不明",
    "offline": "设备离线",
    "unheard": "设备离线",
    "refused": "设备拒绝连接",
    "unreachable": "连不上设备",
    "unauthorized": "设备密码错误",
    "locked": "设备账号已锁定",
    "timeout": "设备无响应",
    "closed": "设备断开",
    "frozen": "画面停滞",
    "not_found": "设备没有这一路码流",
    "no_video": "没有视频",
    "no_keyframe": "视频没有关键帧",
    "codec": "视频编码不支持",
    "bad_data": "视频数据损坏",
    "other_serial": "地址上是另一台设备",
    "disk_full": "磁盘已满",
    "disk_error": "磁盘读写错误",
    "folder_gone": "媒体目录丢失",
    "connecting": "正在连接设备",
    "service_down": "录制服务未运行",
    "stopped": "录制服务停止",
    "power_loss": "断电",
    "started_late": "开课后才开始录制",
    "no_camera": "没有可用设备",
    "ended": "录制结束",
    "withdrawn": "录制取消或改用其他设备",
    "black": "画面全黑",
    "covered": "镜头被遮挡",
    "unjudged": "录制服务尚未说明原因",
}
REMEDIES: Mapping[Remedy, str] = {
    Remedy.ASSOCIATE_CAMERA: "请关联设备",
    Remedy.CHECK_CAMERA: "请检查设备",
    Remedy.DRAW_FROM_RECORDING: "可从录像补取",
    Remedy.SIGN_IN: "请签到",
    Remedy.SIGN_OUT: "请签退",
    Remedy.FILE_SUPPLEMENT: "请提交补充材料",
    Remedy.FILE_EXPLANATION: "请提交情况说明",
    Remedy.ADD_LESSONS: "请补排课程",
    Remedy.NAME_EXCEPTION: "请填写批准文号",
    Remedy.ADD_TEACHER: "请增配教师",
}


UNIT, PERIOD, CLIP, AND = "第{part}次打卡", "第{period}课时{name}", "随机录像{number}", "，"
WHY = "{word}：{why}"
MINUTES, SECONDS = "{minutes}分钟", "{seconds}秒"

Translate = Callable[[str], str]
"""A page in another language gives its catalogue's `gettext`; the package itself is Chinese."""


def reason_text(
    reason: Reason, zone: ZoneInfo, say: Translate = str, devices: Mapping[str, str] = MappingProxyType({})
) -> str:
    """Say a reason, with what can still be done; `devices` are the cameras' names by their ids."""
    params = {name: _param(name, value, zone, say) for name, value in reason.params.items()}
    if "camera" in params:
        params["camera"] = devices.get(params["camera"], params["camera"])
    text = say(REASONS[reason.code]).format(**params)
    return text if reason.remedy is None else say(AND).join((text, say(REMEDIES[reason.remedy])))


def _param(name: str, value: object, zone: ZoneInfo, say: Translate) -> str:
    if isinstance(value, datetime):
        return value.astimezone(zone).strftime("%H:%M:%S")
    if name == "seconds":
        return duration_text(int(str(value)), say)
    if name == "cause":
        return cause_text(str(value), say)
    if name == "slot":
        return slot_text(str(value), say)
    return unit_text(str(value), say) if name == "unit" else str(value)


def duration_text(seconds: int, say: Translate = str) -> str:
    """Say how long: in minutes from one minute on, with the seconds that are left."""
    minutes, rest = divmod(seconds, 60)
    parts = [say(MINUTES).format(minutes=minutes)] if minutes else []
    return "".join([*parts, say(SECONDS).format(seconds=rest)] if rest or not minutes else parts)


def cause_text(code: str, say: Translate = str) -> str:
    return say(CAUSES[code]) if code in CAUSES else code


def why_text(became: Fate, cause: str, say: Translate = str) -> str:
    """Say why a slot is missed or void (`ClassRecord.cause`)."""
    if became is Fate.MISSED:
        return cause_text(cause, say)
    return say(VOIDS[cause]) if cause in VOIDS else cause


def fate_text(became: Fate, cause: str, say: Translate = str) -> str:
    """Say what became of a slot, and why."""
    word, why = say(FATES[became]), why_text(became, cause, say)
    return say(WHY).format(word=word, why=why) if why else word


def unit_text(unit: str, say: Translate = str) -> str:
    """Say a unit's id (`LESSON/2`, `day/DATE`) as people count: the lesson itself stands beside it."""
    lesson, _, part = unit.rpartition("/")
    return part if lesson == "day" else say(UNIT).format(part=part)


def slot_text(slot: str, say: Translate = str) -> str:
    """Say a slot's id (`LESSON/p2/closing`, `LESSON/closing`, `LESSON/clip1`)."""
    *_, period, kind = slot.split("/")
    name = say(CLIP).format(number=kind[4:]) if kind.startswith("clip") else say(SLOTS[SlotKind(kind)])
    if period[:1] == "p" and period[1:].isdigit():
        return say(PERIOD).format(period=period[1:], name=name)
    return name
