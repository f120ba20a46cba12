"""The disk: said five teaching days ahead, long before a recording suffers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal

from edge_agent.upkeep.disk import Level as Space
from edge_agent.upkeep.health.finding import Finding, Level
from edge_agent.upkeep.health.view import View

_DO = ("接上归档硬盘，或请中心下载录像后由系统清理", "Plug in the archive disk, or let the centre fetch recordings.")
_LEVELS = {
    Space.SUBSTREAM: (Level.WARNING, "磁盘空间紧张，改录子码流", "Space is short; the substream is recorded."),
    Space.SNAPSHOTS: (Level.CRITICAL, "磁盘空间不足，停止录像，只抓拍", "No space for video; snapshots go on."),
    Space.CHECKIN: (Level.CRITICAL, "磁盘已满，仅保留打卡", "The disk is full; only check-in goes on."),
}


class DiskCheck:
    name = "disk"
    title = "磁盘 / disk"

    def judge(self, view: View) -> Iterator[Finding]:
        if view.disk_level is None or view.free_bytes is None:
            yield Finding("disk", Level.CRITICAL, "媒体目录无法读取", "The media folder can't be read.", *_DO)
        elif view.disk_level in _LEVELS:
            level, zh, en = _LEVELS[view.disk_level]
            yield Finding("disk", level, zh, en, *_DO)
        elif view.forecast is not None and view.forecast.full_on is not None:
            lessons, day = view.forecast.lessons, view.forecast.full_on
            yield Finding(
                "disk:forecast",
                Level.WARNING,
                f"剩余空间还够 {lessons} 节课，预计 {day:%m月%d日} 录满",
                f"Space for {lessons} lessons; full on {day}.",
                *_DO,
            )


def without_space(findings: Iterable[Finding]) -> tuple[Literal["disk"], str] | None:
    """Say with what words the disk is an outage: when it takes no video, or can't be read."""
    return next(
        (("disk", each.zh) for each in findings if each.alarm == DiskCheck.name and each.level is Level.CRITICAL), None
    )
