"""The queue of `bench kiosk`: who comes, and that the real page serves them one by one."""

from __future__ import annotations

from pathlib import Path

from edge_agent.cli.benches._queue import visitors
from edge_agent.cli.benches.kiosk import _queue


def test_who_comes() -> None:
    people = list(visitors([f"t{number}" for number in range(50)], [1.0, 2.0, 3.0]))
    assert [each.trainee for each in people] == [f"t{number}" for number in range(50)]
    assert sum(each.challenged for each in people) == 3
    assert sum(each.unknown for each in people) == 2
    assert not any(each.challenged and each.unknown for each in people)
    assert [each.seconds for each in people[:4]] == [1.0, 2.0, 3.0, 1.0]


def test_the_page_serves_a_queue(tmp_path: Path) -> None:
    figures = _queue(tmp_path / "queue", 3, [0.5])
    assert (figures["queue_signed_in"], figures["queue_by_hand"]) == (3, 0)
    assert figures["queue_3_s"] >= 3 * (1.5 + 0.5)
