"""Lessons whose evidence is not complete: said on the day, while an explanation or a supplement is still fresh."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta

from edge_agent.upkeep.health.finding import Finding, Level
from edge_agent.upkeep.health.view import LessonView, View

RECENT = timedelta(hours=24)
_MOST = 3

_REASONS = {
    "no_camera": "未关联设备",
    "not_recorded": "未录制",
    "gap": "录像有缺失",
    "camera_incomplete": "部分设备缺录",
    "snapshot_missed": "缺抓拍",
    "nobody_signed_in": "无人签到",
    "not_signed_out": "有人未签退",
}


class LessonCheck:
    name = "lessons"
    title = "课程证据 / evidence of lessons"

    def judge(self, view: View) -> Iterator[Finding]:
        """One finding a class: the lessons of the last 24 hours whose verdict is partial or missing."""
        by_class: dict[str, list[LessonView]] = defaultdict(list)
        for lesson in view.lessons:
            if lesson.verdict in {"partial", "missing"} and view.stamp.wall - lesson.at < RECENT:
                by_class[lesson.class_code].append(lesson)
        for code, lessons in sorted(by_class.items()):
            said = "；".join(f"{each.title}（{_why(each)}）" for each in lessons[:_MOST])
            more = f"等 {len(lessons)} 节课" if len(lessons) > _MOST else ""
            yield Finding(
                f"lessons:{code}",
                Level.WARNING,
                f"班级 {code} 有 {len(lessons)} 节课证据不完整：{said}{more}",
                f"Class {code}: the evidence of {len(lessons)} lessons of the last day is not complete.",
                "请当日提交情况说明或补充材料，见控制台“课表”",
                "File an explanation or a supplement today: see the lesson in the console.",
            )


def _why(lesson: LessonView) -> str:
    return "、".join(dict.fromkeys(_REASONS.get(reason, reason) for reason in lesson.reasons)) or lesson.verdict
