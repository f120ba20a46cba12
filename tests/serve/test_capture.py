"""The capture service, where its folder is not as it should be."""

from __future__ import annotations

from pathlib import Path

from edge_agent.cameras.child import Stream
from edge_agent.cameras.sources import Source
from edge_agent.capture.live_feeds import LiveFeeds
from edge_agent.model.camera import Camera
from edge_agent.serve.capture import open_live


def _nowhere(camera: Camera, stream: Stream) -> Source:
    raise AssertionError(f"{camera.id} {stream}: no camera is asked")


def test_a_path_too_long_for_a_socket_costs_live_video_alone(tmp_path: Path) -> None:
    feeds = LiveFeeds(dict, _nowhere, lambda _camera, _stream: None, lambda: 0.0)
    deep = tmp_path.joinpath(*["folder-of-a-long-name"] * 5)
    deep.mkdir(parents=True)
    assert open_live(deep / "live.sock", feeds) is None
