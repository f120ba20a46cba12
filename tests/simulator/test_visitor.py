"""A small clip before a kiosk."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np

from edge_agent.simulator.visitor import FPS, read_person


def test_a_small_clip_is_enlarged_to_even_sides(tmp_path: Path) -> None:
    """176x144 at 480 lines would be 587 wide: Chromium shows a camera file of that width as black."""
    file = tmp_path / "person_a" / "clip.mp4"
    file.parent.mkdir()
    with av.open(str(file), "w") as container:
        stream = container.add_stream("mpeg4", rate=FPS)
        stream.width, stream.height, stream.pix_fmt = 176, 144, "yuv420p"
        for _ in range(2 * FPS):
            frame = av.VideoFrame.from_ndarray(np.full((144, 176, 3), 90, np.uint8), format="bgr24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    person = read_person(file)
    assert person.name == "person_a"
    assert {picture.shape for picture in person.pictures} == {(480, 586, 3)}
