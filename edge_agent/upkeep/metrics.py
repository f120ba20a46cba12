"""Metrics as Prometheus's node exporter reads them: a text file beside the data, written whole.

`upkeep` opens no port. The kiosk service hands the file out under `/metrics`, and a node exporter's textfile collector
may read it where it lies.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from prometheus_client import CollectorRegistry, Gauge, write_to_textfile

from edge_agent import __version__
from edge_agent.model.camera import CameraState
from edge_agent.model.stamp import Trust
from edge_agent.store.alarms import OpenAlarm
from edge_agent.upkeep.disk import NOTHING_PLANNED
from edge_agent.upkeep.health.view import View


def write_metrics(path: Path, view: View, raised: Sequence[OpenAlarm]) -> None:
    """Write the file; Prometheus names units in the metric's name."""
    registry = CollectorRegistry()

    def gauge(name: str, text: str, value: float) -> None:
        Gauge(f"edge_agent_{name}", text, registry=registry).set(value)

    software = Gauge("edge_agent_info", "The software that measured.", ["version"], registry=registry)
    software.labels(__version__).set(1)
    gauge(
        "measured_timestamp_seconds",
        "When this was measured: a file that grows old tells of nothing.",
        view.stamp.wall.timestamp(),
    )
    cameras = Gauge("edge_agent_camera_online", "1 while a camera is heard.", ["camera"], registry=registry)
    for identifier, camera in view.cameras.items():
        cameras.labels(identifier).set(camera.known is not None and camera.known.state is CameraState.ONLINE)
    alarms = Gauge("edge_agent_alarm", "1 for each alarm that is raised.", ["alarm", "level"], registry=registry)
    for alarm in raised:
        alarms.labels(alarm.alarm, alarm.level).set(1)
    gauge(
        "clock_trusted", "1 while the time is synchronised or within its holdover.", view.stamp.trust != Trust.UNTRUSTED
    )
    gauge("clock_error_seconds", "Bound of the clock's error.", view.stamp.max_error)
    gauge("disk_free_bytes", "Free space for media.", view.free_bytes or 0)
    gauge("unsent_facts", "Facts that the centre has not acknowledged.", view.unsent)
    gauge("unsent_age_seconds", "Age of the oldest of them.", view.unsent_for.total_seconds())
    if view.forecast is not None and view.forecast != NOTHING_PLANNED:
        gauge("lessons_that_fit", "Lessons for which there is space.", view.forecast.lessons)
    if view.celsius is not None:
        gauge("temperature_celsius", "The hottest zone of the board.", view.celsius)
    gauge("under_voltage", "1 while the board reports that its supply sags.", view.under_voltage)
    if view.archive is not None:
        gauge("archive_waiting_files", "Files that the archive disk has not got.", view.archive.waiting)
    write_to_textfile(str(path), registry)
