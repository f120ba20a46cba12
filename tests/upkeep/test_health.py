"""Each check: what it finds, what it lets pass, and that it says what to do."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from edge_agent import __version__
from edge_agent.clock import SettableClock
from edge_agent.model.camera import CameraState
from edge_agent.model.stamp import Trust
from edge_agent.store.alarms import OpenAlarm
from edge_agent.store.cameras import Known
from edge_agent.upkeep.alarms import Alarms
from edge_agent.upkeep.archivist import ArchiveState, ArchiveView
from edge_agent.upkeep.board import Boards
from edge_agent.upkeep.disk import Forecast
from edge_agent.upkeep.disk import Level as Space
from edge_agent.upkeep.health import Finding, Level, View, examine
from edge_agent.upkeep.health.view import CameraView, LessonView
from edge_agent.upkeep.metrics import write_metrics
from edge_agent.upkeep.sensors import celsius, under_voltage

NOW = datetime(2026, 3, 2, tzinfo=UTC)
HEARD = Known("c1", CameraState.ONLINE, NOW, "", "ok")
WELL = View(
    stamp=SettableClock(NOW).stamp(),
    cameras={"c1": CameraView("前方", HEARD, None)},
    free_bytes=10**11,
    disk_level=Space.ALL,
    forecast=Forecast(100, None),
    model_states={"yunet.onnx": "ok"},
    assessment="PIA-2026-01",
    provisioned=True,
    certificates={"agent": NOW + timedelta(days=300)},
    celsius=50.0,
)


def seen(view: View) -> dict[str, Level]:
    return {finding.alarm: finding.level for finding in examine(view)}


def camera(state: CameraState, *, wanted: timedelta | None = None, picture: str = "ok") -> View:
    known = replace(HEARD, state=state, picture=picture)
    return replace(WELL, cameras={"c1": CameraView("前方", known, None if wanted is None else NOW + wanted)})


def lesson(verdict: str, *, hours: int = 1) -> LessonView:
    return LessonView("JN-1", "03-02 08:00 低压电工", verdict, ("gap", "snapshot_missed"), NOW - timedelta(hours=hours))


def test_an_incomplete_lesson_is_said_the_same_day_with_its_reasons() -> None:
    [found] = examine(replace(WELL, lessons=[lesson("partial"), lesson("complete"), lesson("missing", hours=25)]))
    assert (found.alarm, found.level) == ("lessons:JN-1", Level.WARNING)
    assert "03-02 08:00 低压电工（录像有缺失、缺抓拍）" in found.zh
    assert examine(replace(WELL, lessons=[lesson("complete"), lesson("cancelled")])) == []


def test_a_well_device_has_no_findings() -> None:
    assert examine(WELL) == []


@pytest.mark.parametrize(
    ("view", "expected"),
    [
        (replace(WELL, cameras={}), {"camera:none": Level.CRITICAL}),
        (replace(WELL, cameras={"c1": CameraView("前方", None, None)}), {"camera:c1": Level.WARNING}),
        (camera(CameraState.OFFLINE), {"camera:c1": Level.WARNING}),
        (camera(CameraState.OFFLINE, wanted=timedelta(minutes=59)), {"camera:c1": Level.CRITICAL}),
        (camera(CameraState.LOCKED, wanted=timedelta(hours=3)), {"camera:c1": Level.WARNING}),
        (camera(CameraState.ONLINE, picture="black"), {"picture:c1": Level.WARNING}),
        (replace(WELL, disk_level=None), {"disk": Level.CRITICAL}),
        (replace(WELL, disk_level=Space.SUBSTREAM), {"disk": Level.WARNING}),
        (replace(WELL, disk_level=Space.CHECKIN), {"disk": Level.CRITICAL}),
        (replace(WELL, forecast=Forecast(3, date(2026, 3, 4))), {"disk:forecast": Level.WARNING}),
        (replace(WELL, database_faults=["page 7"]), {"database": Level.CRITICAL}),
        (replace(WELL, model_states={"yunet.onnx": "missing"}), {"models": Level.WARNING}),
        (replace(WELL, model_states={"yunet.onnx": "missing"}, faces_wanted=False, assessment=""), {}),
        (replace(WELL, assessment=""), {"law": Level.CRITICAL}),
        (replace(WELL, provisioned=False), {"sync:identity": Level.NOTICE}),
        (replace(WELL, provisioned=False, sealed=True), {}),
        (replace(WELL, unsent=9, unsent_for=timedelta(minutes=9)), {}),
        (replace(WELL, unsent=9, unsent_for=timedelta(hours=2)), {"sync:lag": Level.NOTICE}),
        (replace(WELL, unsent=9, unsent_for=timedelta(days=2)), {"sync:lag": Level.WARNING}),
        (replace(WELL, certificates={"agent": NOW + timedelta(days=29)}), {"certificate:agent": Level.WARNING}),
        (replace(WELL, certificates={"agent": NOW - timedelta(days=1)}), {"certificate:agent": Level.CRITICAL}),
        (replace(WELL, policy_faults=["period.length"]), {"policy": Level.CRITICAL}),
        (replace(WELL, celsius=76), {"heat": Level.WARNING}),
        (replace(WELL, celsius=83), {"heat": Level.CRITICAL}),
        (replace(WELL, under_voltage=True), {"power": Level.WARNING}),
        (replace(WELL, archive=ArchiveView(ArchiveState.WELL, 7)), {}),
        (replace(WELL, boards=Boards("10000000abcdef", "10000000abcdef")), {}),
        (replace(WELL, boards=Boards("10000000abcdef", "10000000123456")), {"board": Level.WARNING}),
        (replace(WELL, archive=ArchiveView(ArchiveState.ABSENT, 7)), {"archive": Level.WARNING}),
        (replace(WELL, archive=ArchiveView(ArchiveState.FULL, 7, "full")), {"archive": Level.WARNING}),
        (replace(WELL, stamp=replace(WELL.stamp, trust=Trust.UNTRUSTED)), {"clock": Level.CRITICAL}),
        (replace(WELL, stamp=replace(WELL.stamp, trust=Trust.HOLDOVER, max_error=5)), {"clock": Level.NOTICE}),
        (replace(WELL, stamp=replace(WELL.stamp, trust=Trust.HOLDOVER, max_error=0.5)), {}),
    ],
)
def test_what_is_wrong_is_found_at_its_level(view: View, expected: dict[str, Level]) -> None:
    assert seen(view) == expected
    for finding in examine(view):
        assert finding.zh
        assert finding.do_zh
        assert finding.en
        assert finding.do_en


def test_the_worst_comes_first() -> None:
    levels = [finding.level for finding in examine(replace(WELL, provisioned=False, assessment="", celsius=76))]
    assert levels == [Level.CRITICAL, Level.WARNING, Level.NOTICE]


def finding(level: Level = Level.WARNING) -> Finding:
    return Finding("camera:c1", level, "离线", "offline", "检查", "look")


def kinds(alarms: Alarms, *rounds: list[Finding]) -> list[str]:
    return [fact.KIND for each in rounds for fact in alarms.update(each)]


def test_a_trouble_must_last_to_be_raised_and_be_gone_to_be_cleared() -> None:
    alarms = Alarms()
    assert kinds(alarms, [finding()], [], [finding()]) == [], "once, gone, once again: no alarm"
    assert kinds(alarms, [finding()]) == ["alarm.raised"]
    assert kinds(alarms, [finding()], [], [], [finding()], [], []) == [], "still raised through a short absence"
    assert kinds(alarms, []) == ["alarm.cleared"]
    assert alarms.raised == []


def test_a_level_that_swings_is_raised_once_and_falls_when_it_has_been_calm_for_a_while() -> None:
    alarms, hot, warm = Alarms(), [finding(Level.CRITICAL)], [finding()]
    assert kinds(alarms, hot, hot, warm, hot, warm, warm, hot) == ["alarm.raised"]
    assert kinds(alarms, warm, warm, warm) == []
    assert [each.level for each in alarms.raised] == ["warning"]
    assert kinds(alarms, hot) == ["alarm.raised"]


def test_a_restart_neither_raises_again_nor_forgets_to_clear() -> None:
    before = Alarms()
    kinds(before, [finding()], [finding()])
    assert kinds(Alarms(before.raised), [finding()], [finding()]) == []
    assert kinds(Alarms(before.raised), [], [], []) == ["alarm.cleared"]


def test_an_alarm_that_gets_worse_is_raised_again_and_notices_never_are() -> None:
    alarms = Alarms()
    assert kinds(alarms, [finding()], [finding()], [finding(Level.CRITICAL)], [finding(Level.CRITICAL)]) == [
        "alarm.raised",
        "alarm.raised",
    ]
    assert kinds(Alarms(), *[[finding(Level.NOTICE)]] * 5) == []


def test_sensors_read_the_kernels_tree(tmp_path: Path) -> None:
    assert celsius(tmp_path) is None
    assert not under_voltage(tmp_path)
    for number, text in enumerate(("48312\n", "61500\n", "asleep")):
        zone = tmp_path / f"sys/class/thermal/thermal_zone{number}"
        zone.mkdir(parents=True)
        (zone / "temp").write_text(text)
    hwmon = tmp_path / "sys/class/hwmon/hwmon2"
    hwmon.mkdir(parents=True)
    (hwmon / "name").write_text("rpi_volt\n")
    (hwmon / "in0_lcrit_alarm").write_text("1\n")
    assert celsius(tmp_path) == 61.5
    assert under_voltage(tmp_path)


def test_metrics_are_written_whole_in_prometheus_form(tmp_path: Path) -> None:
    write_metrics(tmp_path / "metrics.prom", WELL, [OpenAlarm("camera:c1", "warning", "", "", "", "")])
    text = (tmp_path / "metrics.prom").read_text()
    assert 'edge_agent_camera_online{camera="c1"} 1.0' in text
    assert 'edge_agent_alarm{alarm="camera:c1",level="warning"} 1.0' in text
    assert "edge_agent_disk_free_bytes 1e+" in text
    assert f'edge_agent_info{{version="{__version__}"}} 1.0' in text
    measured = {family.name: family.samples for family in text_string_to_metric_families(text)}
    (sample,) = measured["edge_agent_measured_timestamp_seconds"]
    assert sample.value == WELL.stamp.wall.timestamp()
    assert [path.name for path in tmp_path.iterdir()] == ["metrics.prom"]


@pytest.mark.parametrize(
    ("found", "fit"), [(Forecast(0, None), []), (Forecast(0, date(2026, 3, 2)), [0.0]), (Forecast(3, None), [3.0])]
)
def test_an_empty_timetable_is_no_full_disk(tmp_path: Path, found: Forecast, fit: list[float]) -> None:
    write_metrics(tmp_path / "metrics.prom", replace(WELL, forecast=found), [])
    families = text_string_to_metric_families((tmp_path / "metrics.prom").read_text())
    told = [sample.value for family in families for sample in family.samples if "lessons_that_fit" in family.name]
    assert told == fit
