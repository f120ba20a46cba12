"""Certificates: a tablet whose trust ends can't open its camera."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from edge_agent.upkeep.health.finding import Finding, Level
from edge_agent.upkeep.health.view import View

AHEAD = timedelta(days=30)


class CertificateCheck:
    name = "certificate"
    title = "证书 / certificates"

    def judge(self, view: View) -> Iterator[Finding]:
        for name, ends in view.certificates.items():
            left = ends - view.stamp.wall
            if left < AHEAD:
                yield Finding(
                    f"certificate:{name}",
                    Level.CRITICAL if left < timedelta(0) else Level.WARNING,
                    f"证书“{name}”{ends:%Y-%m-%d} 到期",
                    f"The certificate {name} ends on {ends:%Y-%m-%d}.",
                    "联系中心换发；本机证书会自动续期",
                    "Ask the centre for a new one; the device's own renews itself.",
                )
