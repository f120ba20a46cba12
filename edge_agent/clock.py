"""The only place that tells the time, and how far it may be trusted.

The kernel says through `adjtimex` whether it is synchronised and how large the error can be. Without NTP its bound
grows by 500 ppm until, after some hours, it reports unsynchronised although the time is still good: so the last
synchronisation is noted in a file, and a bound of our own (`Drift`) carries on as `holdover`. Wall time alone never
orders anything; the boot clock (CLOCK_BOOTTIME) runs on through steps and suspends.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import json
import os
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

from edge_agent.model.stamp import Stamp, Trust

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_STA_UNSYNC = 0x0040
STEP_SECONDS = 0.5
"""A change of wall against boot time that no slewing makes: the kernel slews at most 500 ppm, 0.5 ms a second."""


NOTE_SECONDS = 60.0
"""How often the last synchronisation is noted: what a power cut can take from the holdover's knowledge."""


HOST_ERROR = 0.1
"""Seconds granted to a clock that a host keeps: its own error is not visible from inside."""


class Clock(Protocol):
    """What every part is given; `SystemClock` on a device, `SettableClock` in tests and replays."""

    def stamp(self) -> Stamp: ...

    def boottime(self) -> float:
        """Seconds since boot, suspends included: the time base of ticks, time-outs and ages."""
        ...


@dataclass(frozen=True, slots=True)
class KernelTime:
    """What `adjtimex` reports; `max_error` in seconds."""

    synchronised: bool
    max_error: float


@dataclass(frozen=True, slots=True)
class Drift:
    """Bounds for `holdover`.

    A Raspberry Pi's crystal is specified at 50 ppm, ageing and heat add to it, hence 100; a DS3231 RTC at 3.5 ppm over
    its range, cheaper PCF8523 boards at 20, hence 25. Above `limit` seconds a time is not worth calling known.
    """

    ppm: float = 100.0
    rtc_ppm: float = 25.0
    rtc_resolution: float = 1.0
    limit: float = 30.0


class _Timex(ctypes.Structure):
    # struct timex of <sys/timex.h> on 64-bit Linux; read-only use (modes=0) needs no privilege.
    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("constant", ctypes.c_long),
        ("precision", ctypes.c_long),
        ("tolerance", ctypes.c_long),
        ("time", ctypes.c_long * 2),
        ("tick", ctypes.c_long),
        ("ppsfreq", ctypes.c_long),
        ("jitter", ctypes.c_long),
        ("shift", ctypes.c_int),
        ("stabil", ctypes.c_long),
        ("jitcnt", ctypes.c_long),
        ("calcnt", ctypes.c_long),
        ("errcnt", ctypes.c_long),
        ("stbcnt", ctypes.c_long),
        ("tai", ctypes.c_int),
        ("_reserved", ctypes.c_int * 11),
    )


_libc = ctypes.CDLL(None, use_errno=True)


def read_kernel() -> KernelTime:
    """Ask the kernel; where a sandbox denies `adjtimex`, nothing is known and the time is not synchronised."""
    timex = _Timex()
    state = _libc.adjtimex(ctypes.byref(timex))
    if state < 0:
        return KernelTime(synchronised=False, max_error=float("inf"))
    return KernelTime(not timex.status & _STA_UNSYNC, timex.maxerror / 1e6)


def host_keeps_time() -> KernelTime:
    """Stand in for `read_kernel` where the host disciplines the clock and the guest's kernel does not know of it."""
    return KernelTime(synchronised=True, max_error=HOST_ERROR)


BORN = 1_704_067_200.0
"""2024-01-01: before this software. A clock that is earlier is wrong, whatever a kernel or a host says of it."""


@dataclass(frozen=True, slots=True)
class LastSync:
    """The last moment at which the kernel was synchronised, as noted in a file that survives boots."""

    boot_id: str
    boottime: float
    wall: float
    max_error: float


class SystemClock:
    """The device's clock. `note` is the file of the last synchronisation, shared by all services."""

    def __init__(
        self,
        note: Path | None = None,
        *,
        drift: Drift | None = None,
        has_rtc: bool | None = None,
        kernel: Callable[[], KernelTime] = read_kernel,
    ) -> None:
        self._note = note
        self._drift = drift or Drift()
        self._kernel = kernel
        self._boot_id = _BOOT_ID.read_text().strip()
        self._has_rtc = Path("/dev/rtc0").exists() if has_rtc is None else has_rtc
        self._last = _read_note(note)
        self._note_due = 0.0
        self._lock = threading.Lock()

    def boottime(self) -> float:
        return time.clock_gettime(time.CLOCK_BOOTTIME)

    def stamp(self) -> Stamp:
        boottime, wall, kernel = self.boottime(), time.time(), self._kernel()
        if wall < BORN:
            trust, error = Trust.UNTRUSTED, self._drift.limit
        elif kernel.synchronised:
            trust, error = Trust.SYNCED, kernel.max_error
            self._remember(LastSync(self._boot_id, boottime, wall, error))
        else:
            trust, error = self._hold_over(boottime, wall)
        return Stamp(datetime.fromtimestamp(wall, UTC), self._boot_id, boottime, trust, error)

    def _hold_over(self, boottime: float, wall: float) -> tuple[Trust, float]:
        last = self._last
        if last is None:
            return Trust.UNTRUSTED, self._drift.limit
        if last.boot_id == self._boot_id:
            error = last.max_error + (boottime - last.boottime) * self._drift.ppm / 1e6
            # A step since the last synchronisation was made by a person or a program, not by NTP.
            stepped = abs((wall - last.wall) - (boottime - last.boottime)) > STEP_SECONDS + error
        elif self._has_rtc and wall >= last.wall:
            # Without an RTC a Pi starts at the time of its last shutdown: plausible, and wrong.
            error = last.max_error + self._drift.rtc_resolution + (wall - last.wall) * self._drift.rtc_ppm / 1e6
            stepped = False
        else:
            return Trust.UNTRUSTED, self._drift.limit
        if stepped or error > self._drift.limit:
            return Trust.UNTRUSTED, max(error, self._drift.limit)
        return Trust.HOLDOVER, error

    def _remember(self, sync: LastSync) -> None:
        with self._lock:
            self._last = sync
            if self._note is not None and sync.boottime >= self._note_due:
                self._note_due = sync.boottime + NOTE_SECONDS
                _write_note(self._note, sync)


def _read_note(path: Path | None) -> LastSync | None:
    try:
        return None if path is None else LastSync(**json.loads(path.read_text()))
    except (OSError, ValueError, TypeError):
        return None  # a torn or missing note only costs the holdover


def _write_note(path: Path, sync: LastSync) -> None:
    temporary = path.with_suffix(f".{os.getpid()}")
    try:
        temporary.write_text(json.dumps(asdict(sync)))
        temporary.replace(path)
    except OSError:
        return  # a full disk must not stop a stamp; the next minute tries again


class SettableClock:
    """A clock that a test or a replay moves by hand; both clocks advance together, and a step moves the wall alone."""

    def __init__(self, wall: datetime, *, trust: Trust = Trust.SYNCED, max_error: float = 0.01) -> None:
        self.wall = wall
        self.trust = trust
        self.max_error = max_error
        self.boot_id = "boot-1"
        self._boottime = 1000.0

    def stamp(self) -> Stamp:
        return Stamp(self.wall.astimezone(UTC), self.boot_id, self._boottime, self.trust, self.max_error)

    def boottime(self) -> float:
        return self._boottime

    def advance(self, seconds: float) -> None:
        self.wall += timedelta(seconds=seconds)
        self._boottime += seconds

    def set(self, wall: datetime) -> None:
        """Let time pass until `wall`; to move the wall alone, `step`."""
        self.advance((wall - self.wall).total_seconds())

    def step(self, seconds: float) -> None:
        self.wall += timedelta(seconds=seconds)

    def reboot(self, *, off: float = 0.0, trust: Trust = Trust.UNTRUSTED) -> None:
        """Start again after `off` seconds without power."""
        self.wall += timedelta(seconds=off)
        self.boot_id = f"boot-{int(self.boot_id.removeprefix('boot-')) + 1}"
        self._boottime = 10.0
        self.trust = trust


class StepDetector:
    """Compares wall against boot time from reading to reading."""

    def __init__(self) -> None:
        self._last: Stamp | None = None

    def step(self, stamp: Stamp) -> float:
        """Give the seconds that the wall moved against the boot clock since the last reading; 0.0 where it did not."""
        last, self._last = self._last, stamp
        if last is None or last.boot_id != stamp.boot_id:
            return 0.0
        moved = (stamp.wall - last.wall).total_seconds() - (stamp.boottime - last.boottime)
        return moved if abs(moved) > STEP_SECONDS else 0.0
