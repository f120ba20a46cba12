"""The face law of 2025: no recognition without an impact assessment (个人信息保护影响评估)."""

from __future__ import annotations

from collections.abc import Iterator

from edge_agent.upkeep.health.finding import Finding, Level
from edge_agent.upkeep.health.view import View


class LawCheck:
    name = "law"
    title = "人脸合规 / face law"

    def judge(self, view: View) -> Iterator[Finding]:
        if view.faces_wanted and not view.assessment:
            yield Finding(
                "law",
                Level.CRITICAL,
                "未登记个人信息保护影响评估编号，不启用人脸识别",
                "No impact assessment is registered; recognition stays off.",
                "按 docs 中的模板完成评估，在“系统”中填写编号",
                "Make the assessment from the template in docs, and enter its number.",
            )
