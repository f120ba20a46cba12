"""Health: one class a check, each a pure judgement of a `View`. `doctor` prints them, `alarms` raises them."""

from __future__ import annotations

from edge_agent.upkeep.health.archive import ArchiveCheck
from edge_agent.upkeep.health.board import BoardCheck
from edge_agent.upkeep.health.camera import CameraCheck
from edge_agent.upkeep.health.certificate import CertificateCheck
from edge_agent.upkeep.health.clock import ClockCheck
from edge_agent.upkeep.health.database import DatabaseCheck
from edge_agent.upkeep.health.disk import DiskCheck
from edge_agent.upkeep.health.finding import Check, Finding, Level
from edge_agent.upkeep.health.heat import HeatCheck
from edge_agent.upkeep.health.law import LawCheck
from edge_agent.upkeep.health.lessons import LessonCheck
from edge_agent.upkeep.health.models import ModelCheck
from edge_agent.upkeep.health.policy import PolicyCheck
from edge_agent.upkeep.health.sync import SyncCheck
from edge_agent.upkeep.health.view import View

CHECKS: tuple[Check, ...] = (
    DatabaseCheck(),
    DiskCheck(),
    ArchiveCheck(),
    ClockCheck(),
    CameraCheck(),
    ModelCheck(),
    LawCheck(),
    SyncCheck(),
    CertificateCheck(),
    PolicyCheck(),
    LessonCheck(),
    HeatCheck(),
    BoardCheck(),
)

__all__ = ["CHECKS", "Check", "Finding", "Level", "View", "examine"]


def examine(view: View, checks: tuple[Check, ...] = CHECKS) -> list[Finding]:
    """Give every check's findings, the worst first; a check without one is well."""
    found = [finding for check in checks for finding in check.judge(view)]
    return sorted(found, key=lambda finding: -finding.level)
