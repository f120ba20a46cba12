"""The tick goes on after failures and clock steps, and feeds the watchdog only with work that was done."""

from __future__ import annotations

import errno
import logging
import socket
import threading
from pathlib import Path

import pytest

from edge_agent.errors import StorageError
from edge_agent.serve.notify import Notifier
from edge_agent.serve.tick import Ticker


class Manager:
    """A service manager's end of the notification socket."""

    def __init__(self, path: Path) -> None:
        self.address = str(path)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(self.address)
        self._socket.settimeout(5)

    def said(self) -> list[str]:
        self._socket.settimeout(0)
        found = []
        while True:
            try:
                found.append(self._socket.recv(200).decode())
            except BlockingIOError:
                return found

    def close(self) -> None:
        self._socket.close()


def run(ticker: Ticker) -> None:
    thread = threading.Thread(target=ticker.run)
    thread.start()
    thread.join(20)
    assert not thread.is_alive()


def test_ready_alive_and_stopping_are_said(tmp_path: Path) -> None:
    manager = Manager(tmp_path / "notify")
    ticks = []

    def tick() -> None:
        ticks.append(1)
        if len(ticks) == 3:
            ticker.stop()

    ticker = Ticker(tick, interval=0.01, notifier=Notifier(manager.address))
    run(ticker)
    assert manager.said() == ["READY=1", "WATCHDOG=1", "WATCHDOG=1", "WATCHDOG=1", "STOPPING=1"]
    manager.close()


def test_a_failing_tick_starves_the_watchdog_and_the_next_one_tries_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    manager = Manager(tmp_path / "notify")
    ticks = []

    def tick() -> None:
        ticks.append(1)
        if len(ticks) == 3:
            ticker.stop()
        else:
            raise RuntimeError("a defect")

    ticker = Ticker(tick, interval=0.01, notifier=Notifier(manager.address))
    run(ticker)
    assert manager.said().count("WATCHDOG=1") == 1
    assert "a defect" in caplog.text
    manager.close()


@pytest.mark.parametrize(
    "state", [StorageError("the disk is full", do="Free space."), OSError(errno.ENOSPC, "the disk is full")]
)
def test_a_state_to_live_with_is_logged_once_and_kills_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, state: Exception
) -> None:
    manager = Manager(tmp_path / "notify")
    ticks = []

    def tick() -> None:
        ticks.append(1)
        if len(ticks) == 5:
            ticker.stop()
        raise state

    ticker = Ticker(tick, interval=0.01, notifier=Notifier(manager.address))
    with caplog.at_level(logging.ERROR):
        run(ticker)
    assert manager.said().count("WATCHDOG=1") == 5
    assert caplog.text.count("the disk is full") == 1
    manager.close()


def test_without_a_manager_nothing_is_said() -> None:
    notifier = Notifier("")
    notifier.ready()
    notifier.alive()


def test_a_manager_that_went_away_stops_nothing(tmp_path: Path) -> None:
    Notifier(str(tmp_path / "gone")).alive()


def test_a_manager_that_does_not_listen_stops_nothing(tmp_path: Path) -> None:
    address = tmp_path / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as deaf:
        deaf.bind(str(address))
        notifier = Notifier(str(address))
        for _ in range(2000):  # more than a socket's queue takes
            notifier.alive()
