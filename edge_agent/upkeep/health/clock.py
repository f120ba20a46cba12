"""The clock: while it is not trusted every tap is provisional."""

from __future__ import annotations

from collections.abc import Iterator

from edge_agent.model.stamp import Trust
from edge_agent.upkeep.health.finding import Finding, Level
from edge_agent.upkeep.health.view import View


class ClockCheck:
    name = "clock"
    title = "时钟 / clock"

    def judge(self, view: View) -> Iterator[Finding]:
        if view.stamp.trust is Trust.UNTRUSTED:
            yield Finding(
                "clock",
                Level.CRITICAL,
                "时钟未校准，打卡暂记“待核定”",
                "The clock is not trusted; taps are provisional.",
                "接通网络等待校时，或由管理员在“系统”中确认时间",
                "Connect to an NTP server, or let an administrator confirm the time.",
            )
        elif view.stamp.trust is Trust.HOLDOVER and view.stamp.max_error > 1:
            error = f"{view.stamp.max_error:.1f}"
            yield Finding(
                "clock",
                Level.NOTICE,
                f"暂时无法校时，误差不超过 {error} 秒",
                f"No synchronisation for a while; the error is at most {error} s.",
                "检查网络；涉密场所请配置内网时间服务器",
                "Check the network, or configure a time server on the LAN.",
            )
