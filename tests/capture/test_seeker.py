"""A camera that went away is looked for by its serial number, without being asked for more often than it bears."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from edge_agent.cameras.requests import TEST
from edge_agent.capture.seeker import PAUSES, Seeker
from edge_agent.model.camera import Camera, CameraKind, CameraState
from edge_agent.store import requests
from tests.venue import Venue

ONE = Camera("k1", "前门", CameraKind.ONVIF, "101", "rtsp://nowhere", host="192.168.1.64", serial="C1")
PLAIN = Camera("k2", "后门", CameraKind.RTSP, "101", "rtsp://nowhere")


Seek = Callable[[CameraState, int], int]
"""Let a state last so many seconds; give how many searches were asked for."""


@pytest.fixture
def seek(tmp_path: Path) -> Iterator[Seek]:
    venue = Venue(tmp_path)
    seeker = Seeker(venue.writer)

    def run(state: CameraState, seconds: int) -> int:
        taken = []
        for _ in range(seconds):
            venue.clock.advance(1)
            seeker.tick(venue.clock.stamp(), [ONE, PLAIN], {"k1": state, "k2": state})
            taken += venue.writer.run(lambda tx: requests.take(tx, (TEST,)))
        assert all(request.args == {"cameras": ["k1"]} for request in taken)
        return len(taken)

    yield run
    venue.close()


def test_it_is_looked_for_soon_then_ever_less_often(seek: Seek) -> None:
    assert seek(CameraState.ONLINE, 10) == 0
    assert seek(CameraState.OFFLINE, 10) == 1
    assert seek(CameraState.OFFLINE, 200) == 2
    assert seek(CameraState.OFFLINE, 6 * round(PAUSES[-1])) == 6
    assert seek(CameraState.ONLINE, 100) == 1, "it is asked who it is"


def test_a_refused_password_is_not_tried_over_and_over(seek: Seek) -> None:
    assert seek(CameraState.REFUSED, 2000) == 1
