"""Child processes: none is left behind, whenever the interrupt comes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from edge_agent.simulator.process import Process

_Popen = subprocess.Popen[bytes]
SLEEPER = [sys.executable, "-c", "import time; time.sleep(600)"]


class _Interrupted(_Popen):
    """Ctrl-C comes when the child is there and its parent does not know it yet."""

    number = signal.SIGINT

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        os.kill(os.getpid(), self.number)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_in_the_middle_of_a_start_leaves_a_child_that_can_be_ended(
    number: signal.Signals, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(number, interrupt)
    monkeypatch.setattr(_Interrupted, "number", number)
    monkeypatch.setattr(subprocess, "Popen", _Interrupted)
    child = Process("sleeper", SLEEPER, tmp_path)
    try:
        with pytest.raises(KeyboardInterrupt):
            child.start()
        assert signal.getsignal(number) is interrupt
        assert child.family() == [child.process.pid]
        child.stop()
    finally:
        signal.signal(number, before)


def test_a_child_is_interrupted_as_any_other(tmp_path: Path) -> None:
    """What waits for its parent does not for the child."""
    child = Process(
        "sleeper", [sys.executable, "-c", "import time; print('ready', flush=True); time.sleep(600)"], tmp_path
    )
    # A suite that a shell runs in the background ignores interrupts, and so would its children.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        child.start()
        # An interpreter that is still starting may swallow an interrupt.
        child.wait_until(lambda: b"ready" in child.log.read_bytes(), "start")
        child.process.send_signal(signal.SIGINT)
        assert child.process.wait(30) in {-signal.SIGINT, 1, 130}
    finally:
        signal.signal(signal.SIGINT, before)
        child.kill()
