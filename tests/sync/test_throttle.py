"""What media may take of the line."""

from __future__ import annotations

import threading

import pytest

from edge_agent.sync.throttle import Throttle


class _Stopping(threading.Event):
    """Waits by moving the time on."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 1000.0

    def wait(self, timeout: float | None = None) -> bool:
        self.now += timeout or 0.0
        return False


@pytest.mark.parametrize(("rate", "size"), [(125_000, 65_536), (12_500, 65_536), (1_000_000, 4_000)])
def test_no_more_than_the_rate_goes_over_the_line(rate: int, size: int) -> None:
    stopping = _Stopping()
    throttle = Throttle(rate, lambda: stopping.now, stopping)
    pieces = 200
    for _ in range(pieces):
        throttle.take(size)
    took = stopping.now - 1000.0
    assert took >= pieces * size / rate - 1.0  # a burst of a second is free
    assert took <= pieces * size / rate


def test_what_was_not_used_is_not_saved_up() -> None:
    stopping = _Stopping()
    throttle = Throttle(1000, lambda: stopping.now, stopping)
    throttle.take(1000)
    stopping.now += 3600
    before = stopping.now
    throttle.take(5000)
    assert stopping.now - before >= 4.0


def test_without_a_bound_nothing_waits() -> None:
    stopping = _Stopping()
    Throttle(0, lambda: stopping.now, stopping).take(1 << 40)
    assert stopping.now == 1000.0
