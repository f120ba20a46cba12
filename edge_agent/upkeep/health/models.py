"""The face models: without them everybody is signed in by hand."""

from __future__ import annotations

from collections.abc import Iterator

from edge_agent.upkeep.health.finding import Finding, Level
from edge_agent.upkeep.health.view import View


class ModelCheck:
    name = "models"
    title = "人脸模型 / face models"

    def judge(self, view: View) -> Iterator[Finding]:
        wrong = sorted(name for name, state in view.model_states.items() if state != "ok")
        if view.faces_wanted and wrong:
            yield Finding(
                "models",
                Level.WARNING,
                f"人脸模型缺失或损坏：{'、'.join(wrong)}，只能手动打卡",
                f"Face models are missing or damaged: {', '.join(wrong)}; check-in is by hand.",
                "运行 edge-agent models fetch",
                "Run: edge-agent models fetch",
            )
