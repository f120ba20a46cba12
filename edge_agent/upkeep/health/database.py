"""The database: pages and chain, as the daily check found them."""

from __future__ import annotations

from collections.abc import Iterator

from edge_agent.upkeep.health.finding import Finding, Level
from edge_agent.upkeep.health.view import View


class DatabaseCheck:
    name = "database"
    title = "数据库 / database"

    def judge(self, view: View) -> Iterator[Finding]:
        if view.database_faults:
            first = view.database_faults[0]
            yield Finding(
                "database",
                Level.CRITICAL,
                f"数据库检查发现 {len(view.database_faults)} 处问题：{first}",
                f"The database check found {len(view.database_faults)} faults: {first}",
                "运行 edge-agent fsck 查看，并用最近的备份恢复",
                "Run: edge-agent fsck; then restore the last backup.",
            )
