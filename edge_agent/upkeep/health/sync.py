"""Sync: nothing is lost while the centre is away, but someone should know how long."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from edge_agent.upkeep.health.finding import Finding, Level
from edge_agent.upkeep.health.view import View

NOTICE, WARNING = timedelta(minutes=10), timedelta(days=1)


class SyncCheck:
    name = "sync"
    title = "上报 / sync"

    def judge(self, view: View) -> Iterator[Finding]:
        if view.sealed:
            return
        if not view.provisioned:
            yield Finding(
                "sync:identity",
                Level.NOTICE,
                "尚未接入中心，数据只保存在本机",
                "Not provisioned: everything stays on this device.",
                "运行 edge-agent provision",
                "Run: edge-agent provision",
            )
        elif view.unsent and view.unsent_for > NOTICE:
            hours = view.unsent_for.total_seconds() / 3600
            yield Finding(
                "sync:lag",
                Level.WARNING if view.unsent_for > WARNING else Level.NOTICE,
                f"{view.unsent} 条记录尚未上报，最早的已等待 {hours:.1f} 小时（本机已保存）",
                f"{view.unsent} facts are not acknowledged, the oldest for {hours:.1f} h (safe on this device).",
                "检查网络；恢复后自动补报",
                "Check the network; it catches up by itself.",
            )
