"""A refused password is not tried again soon, whoever asks."""

from __future__ import annotations

from collections.abc import Iterator

import av.error
import pytest

from edge_agent.cameras.guard import AGAIN_SECONDS, LoginGuard
from edge_agent.cameras.sources import RtspSource
from edge_agent.simulator import Fault, StreamSpec, VirtualCamera


class Moment:
    now = 5000.0


@pytest.fixture
def camera() -> Iterator[VirtualCamera]:
    with VirtualCamera(main=StreamSpec(width=320, height=180, fps=25, kbps=200, seconds=10)) as camera:
        yield camera


def _try(source: RtspSource) -> None:
    with pytest.raises(av.error.HTTPUnauthorizedError):
        source.open()


def test_half_an_hour_passes_before_the_next_try(camera: VirtualCamera) -> None:
    guard = LoginGuard(lambda: Moment.now)
    wrong = camera.rtsp_url.replace(camera.password, "GUESS")
    for _ in range(3):
        _try(RtspSource(wrong, guard=guard))
    assert camera.wrong_guesses == 1
    Moment.now += AGAIN_SECONDS
    _try(RtspSource(wrong, guard=guard))
    assert camera.wrong_guesses == 2
    RtspSource(camera.rtsp_url, guard=guard).open().close()


def test_a_camera_that_was_away_is_asked_again(camera: VirtualCamera) -> None:
    source = RtspSource(camera.rtsp_url, guard=LoginGuard(lambda: Moment.now))
    camera.fault(Fault.WRONG_PASSWORD)
    _try(source)
    camera.clear()
    _try(source)
    camera.fault(Fault.REFUSE)
    assert not source.answers()
    camera.clear()
    source.open().close()
