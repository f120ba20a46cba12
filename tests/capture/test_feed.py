"""A feed's pauses between connections, with a camera that is asked and refuses."""

from __future__ import annotations

import threading
import time

import pytest
from av.container import InputContainer

from edge_agent.capture.feed import Feed

ATTEMPTS = 6


class Doorbell:
    """A camera whose port refuses each connection, and is open when looked at right after: it has just come back."""

    def __init__(self, error: OSError) -> None:
        self.asked: list[str] = []
        self.enough = threading.Event()
        self._error = error

    def open(self) -> InputContainer:
        self.asked.append("open")
        if self.asked.count("open") == ATTEMPTS:
            self.enough.set()
        raise self._error

    def answers(self) -> bool:
        self.asked.append("look")
        return True


@pytest.mark.parametrize("error", [ConnectionRefusedError(111, "refused"), OSError(113, "no route")])
def test_a_camera_that_is_back_before_the_first_look_is_connected_at_once(error: OSError) -> None:
    """However long the pause has grown by then: at most one look passes."""
    camera = Doorbell(error)
    feed = Feed(camera, name="doorbell", boottime=time.monotonic)
    feed.start()
    assert camera.enough.wait(60)
    feed.stop(60)
    assert camera.asked[: 2 * ATTEMPTS - 1] == ["open", "look"] * (ATTEMPTS - 1) + ["open"]
