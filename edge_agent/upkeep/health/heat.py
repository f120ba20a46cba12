"""Heat and power of small boards: a Pi slows down at 80 °C and drops USB disks when its supply sags."""

from __future__ import annotations

from collections.abc import Iterator

from edge_agent.upkeep.health.finding import Finding, Level
from edge_agent.upkeep.health.view import View

WARM, HOT = 75.0, 82.0
"""Degrees Celsius: the Pi's firmware begins to throttle at 80, and holds at 85."""


class HeatCheck:
    name = "heat"
    title = "温度与供电 / heat and power"

    def judge(self, view: View) -> Iterator[Finding]:
        if view.celsius is not None and view.celsius >= WARM:
            yield Finding(
                "heat",
                Level.CRITICAL if view.celsius >= HOT else Level.WARNING,
                f"处理器温度 {view.celsius:.0f} °C",
                f"The processor is at {view.celsius:.0f} °C.",
                "改善通风或加装风扇",
                "Give it air, or a fan.",
            )
        if view.under_voltage:
            yield Finding(
                "power",
                Level.WARNING,
                "供电电压不足",
                "The supply voltage is too low.",
                "更换为原装电源（5 V 3 A 以上）",
                "Use the board's own supply (5 V, 3 A or more).",
            )
