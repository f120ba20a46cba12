"""Trust, holdover, steps and corrected time."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from edge_agent.clock import Drift, KernelTime, SettableClock, StepDetector, SystemClock, host_keeps_time, read_kernel
from edge_agent.model.anchor import Anchor, correct
from edge_agent.model.stamp import Trust, instant

SYNCED = KernelTime(synchronised=True, max_error=0.02)
ALONE = KernelTime(synchronised=False, max_error=16.0)


class Kernel:
    def __init__(self, says: KernelTime) -> None:
        self.says = says

    def __call__(self) -> KernelTime:
        return self.says


def test_the_real_clock_agrees_with_the_system() -> None:
    stamp = SystemClock(kernel=read_kernel).stamp()
    assert abs(stamp.wall.timestamp() - time.time()) < 5
    assert stamp.boottime <= time.clock_gettime(time.CLOCK_BOOTTIME)
    assert stamp.trust in Trust


def test_never_synchronised_is_untrusted(tmp_path: Path) -> None:
    stamp = SystemClock(tmp_path / "clock.json", kernel=Kernel(ALONE), has_rtc=False).stamp()
    assert stamp.trust is Trust.UNTRUSTED


def test_synchronised_then_alone_is_holdover_even_for_another_process(tmp_path: Path) -> None:
    note = tmp_path / "clock.json"
    assert SystemClock(note, kernel=Kernel(SYNCED)).stamp().trust is Trust.SYNCED
    stamp = SystemClock(note, kernel=Kernel(ALONE), has_rtc=False).stamp()
    assert stamp.trust is Trust.HOLDOVER
    assert 0.02 <= stamp.max_error < 1


def test_holdover_ends_when_its_own_bound_is_reached(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kernel = Kernel(SYNCED)
    clock = SystemClock(tmp_path / "clock.json", kernel=kernel, has_rtc=False, drift=Drift(ppm=100, limit=30))
    clock.stamp()
    kernel.says = ALONE
    wall, boot = time.time(), clock.boottime()
    later = 3 * 86_400
    monkeypatch.setattr(time, "time", lambda: wall + later)
    monkeypatch.setattr(clock, "boottime", lambda: boot + later)
    stamp = clock.stamp()
    assert stamp.trust is Trust.HOLDOVER
    assert stamp.max_error == pytest.approx(0.02 + later * 1e-4, abs=0.01)
    later = 4 * 86_400
    assert clock.stamp().trust is Trust.UNTRUSTED


def test_a_step_by_hand_ends_the_holdover(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kernel = Kernel(SYNCED)
    clock = SystemClock(tmp_path / "clock.json", kernel=kernel, has_rtc=False)
    clock.stamp()
    kernel.says = ALONE
    wall = time.time()
    monkeypatch.setattr(time, "time", lambda: wall + 3600)
    assert clock.stamp().trust is Trust.UNTRUSTED


@pytest.mark.parametrize(("rtc", "trust"), [(True, Trust.HOLDOVER), (False, Trust.UNTRUSTED)])
def test_after_a_reboot_only_an_rtc_holds_over(tmp_path: Path, *, rtc: bool, trust: Trust) -> None:
    note = tmp_path / "clock.json"
    note.write_text(f'{{"boot_id": "earlier", "boottime": 9.0, "wall": {time.time() - 3600}, "max_error": 0.05}}')
    stamp = SystemClock(note, kernel=Kernel(ALONE), has_rtc=rtc).stamp()
    assert stamp.trust is trust


def test_an_rtc_that_fell_behind_the_last_synchronisation_is_not_believed(tmp_path: Path) -> None:
    note = tmp_path / "clock.json"
    note.write_text(f'{{"boot_id": "earlier", "boottime": 9.0, "wall": {time.time() + 3600}, "max_error": 0.05}}')
    assert SystemClock(note, kernel=Kernel(ALONE), has_rtc=True).stamp().trust is Trust.UNTRUSTED


@pytest.mark.parametrize("text", ["", "{", '{"boot_id": 1}', "[]"])
def test_a_torn_note_only_costs_the_holdover(tmp_path: Path, text: str) -> None:
    note = tmp_path / "clock.json"
    note.write_text(text)
    assert SystemClock(note, kernel=Kernel(ALONE), has_rtc=True).stamp().trust is Trust.UNTRUSTED


def test_a_note_that_cannot_be_written_stops_no_stamp(tmp_path: Path) -> None:
    assert SystemClock(tmp_path / "no" / "folder" / "x", kernel=Kernel(SYNCED)).stamp().trust is Trust.SYNCED


def test_steps_are_seen_and_slewing_is_not() -> None:
    clock, detector = SettableClock(datetime(2024, 10, 8, tzinfo=UTC)), StepDetector()
    assert detector.step(clock.stamp()) == 0.0
    clock.advance(1)
    clock.step(0.0005)
    assert detector.step(clock.stamp()) == 0.0
    clock.step(-60)
    assert detector.step(clock.stamp()) == pytest.approx(-60)
    assert detector.step(clock.stamp()) == 0.0
    clock.reboot(off=300)
    assert detector.step(clock.stamp()) == 0.0, "another boot is no step"


def test_an_anchor_corrects_the_stamps_of_its_own_boot_alone() -> None:
    clock = SettableClock(datetime(1970, 1, 1, tzinfo=UTC), trust=Trust.UNTRUSTED)
    early = clock.stamp()
    clock.advance(600)
    true = datetime(2024, 10, 8, 8, 10, tzinfo=UTC)
    anchor = Anchor(clock.boot_id, clock.boottime(), true, 0.05)
    corrected = correct(early, [anchor])
    assert corrected is not None
    assert corrected.at == true - timedelta(minutes=10)
    assert corrected.max_error == pytest.approx(0.05 + 600 * 1e-4)
    clock.reboot()
    assert correct(clock.stamp(), [anchor]) is None


def test_the_nearest_anchor_decides_and_a_trusted_stamp_needs_none() -> None:
    clock = SettableClock(datetime(1970, 1, 1, tzinfo=UTC), trust=Trust.UNTRUSTED)
    stamp = clock.stamp()
    true = datetime(2024, 10, 8, 8, tzinfo=UTC)
    near = Anchor(clock.boot_id, clock.boottime() + 10, true, 0.05)
    far = Anchor(clock.boot_id, clock.boottime() + 86_400, true, 0.05)
    corrected = correct(stamp, [far, near])
    assert corrected is not None
    assert corrected.at == true - timedelta(seconds=10)
    clock.trust = Trust.SYNCED
    trusted = correct(clock.stamp(), [near])
    assert trusted is not None
    assert trusted.at == clock.wall


def test_instants_are_written_in_utc_with_milliseconds() -> None:
    shanghai = datetime.fromisoformat("2024-10-08T08:00:00.1234+08:00")
    assert instant(shanghai) == "2024-10-08T00:00:00.123Z"


def test_a_clock_before_this_software_is_wrong_whatever_the_kernel_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = SystemClock(tmp_path / "note", kernel=host_keeps_time)
    assert clock.stamp().trust is Trust.SYNCED
    monkeypatch.setattr("edge_agent.clock.time.time", lambda: 3600.0)
    assert clock.stamp().trust is Trust.UNTRUSTED
