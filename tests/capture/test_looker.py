"""A camera on a plug of this computer has one owner: whoever tests it while the recorder holds it asks the recorder."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from edge_agent.cameras import looks
from edge_agent.cameras.causes import Cause
from edge_agent.cameras.check import Report
from edge_agent.cameras.desk import CameraDesk
from edge_agent.cameras.wish import Wish
from edge_agent.model.camera import CameraKind
from tests.cameras.venue import FAKES
from tests.capture.house import House, open_house

CSI = "csi:0?size=320x240&fps=10"


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    monkeypatch.setenv("PYTHONPATH", str(FAKES))
    monkeypatch.setenv("FAKE_CSI_DEVICE", str(tmp_path / "video0"))
    with open_house(tmp_path) as house:
        house.bind(CSI, kind=CameraKind.CSI, serial="csi-0")
        yield house


def desk_of(house: House) -> CameraDesk:
    """As another process has one: its children are not the recorder's."""
    return CameraDesk(house.agent.settings, house.agent.writer, house.agent.clock)


def asked(house: House) -> Report:
    """Test the camera while the service goes on."""
    with closing(desk_of(house)) as desk, ThreadPoolExecutor(1) as other:
        answer = other.submit(lambda: asyncio.run(desk.test(["k1"])))
        house.tick(answer.done, "the answer")
        (report,) = answer.result()
    return report


def test_a_camera_that_is_recorded_is_tested_by_its_recorder(house: House) -> None:
    house.add_lesson(periods=4)
    house.start()
    house.tick(lambda: bool(house.facts("recording.started")), "the recording")
    report = asked(house)
    assert (report.cause, report.words) == (None, "")
    assert report.main is not None
    assert (report.main.codec, report.main.width) == ("h264", 320)
    assert house.gaps() == []
    with closing(desk_of(house)) as desk, ThreadPoolExecutor(1) as other:
        again = other.submit(lambda: asyncio.run(desk.bind(Wish(room="101", csi=0), by="boss")))
        house.tick(again.done, "the binding")
        assert again.result()[0].camera.id == "k1"
    house.stop()


def test_a_camera_that_the_recorder_can_not_open_is_told_as_one(house: House) -> None:
    house.bind("csi:1?size=320x240&fps=10", kind=CameraKind.CSI)  # there is no second one
    house.start()
    report = asked(house)
    house.stop()
    assert report.cause is Cause.NO_DEVICE
    assert "picamera2" in report.do


def test_without_a_recorder_the_camera_is_opened(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(looks, "TAKEN_S", 0.2)
    with closing(desk_of(house)) as desk:
        (report,) = asyncio.run(desk.test())
    assert report.ok
