"""Everything that checks judge, gathered once: plain values, so that each check is a pure function of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from edge_agent.model.stamp import Stamp
from edge_agent.store.cameras import Known
from edge_agent.upkeep.archivist import ArchiveView
from edge_agent.upkeep.board import Boards
from edge_agent.upkeep.disk import Forecast, Level


@dataclass(frozen=True)
class CameraView:
    """A bound camera. `wanted_at` is when the next lesson of its room starts, or None."""

    name: str
    known: Known | None
    wanted_at: datetime | None


@dataclass(frozen=True)
class LessonView:
    """A lesson's verdict as it was given `at`; `title` says day, time and subject."""

    class_code: str
    title: str
    verdict: str
    reasons: Sequence[str]
    at: datetime


@dataclass(frozen=True)
class View:
    """The device at one moment. What could not be read is None or empty, and the check that needs it says so.

    `archive` is None where none is configured.
    """

    stamp: Stamp
    cameras: Mapping[str, CameraView] = field(default_factory=dict)
    free_bytes: int | None = None
    disk_level: Level | None = None
    forecast: Forecast | None = None
    database_faults: Sequence[str] = ()
    model_states: Mapping[str, str] = field(default_factory=dict)
    faces_wanted: bool = True
    assessment: str = ""
    provisioned: bool = False
    sealed: bool = False
    unsent: int = 0
    unsent_for: timedelta = timedelta(0)
    certificates: Mapping[str, datetime] = field(default_factory=dict)
    policy_faults: Sequence[str] = ()
    celsius: float | None = None
    under_voltage: bool = False
    archive: ArchiveView | None = None
    lessons: Sequence[LessonView] = ()
    boards: Boards | None = None
