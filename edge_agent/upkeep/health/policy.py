"""Policies: the files that judge must be there and sound."""

from __future__ import annotations

from collections.abc import Iterator

from edge_agent.upkeep.health.finding import Finding, Level
from edge_agent.upkeep.health.view import View


class PolicyCheck:
    name = "policy"
    title = "政策文件 / policies"

    def judge(self, view: View) -> Iterator[Finding]:
        for fault in view.policy_faults:
            yield Finding(
                "policy",
                Level.CRITICAL,
                f"政策文件有误：{fault}",
                f"A policy can't be used: {fault}",
                "改正或恢复该文件",
                "Mend or restore that file.",
            )
