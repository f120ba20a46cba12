"""Chromium's camera, the engine and the desk together: a person of a clip, a stranger, and a photo held up."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytest
from playwright.sync_api import Page, expect

from edge_agent.faces.answer import LivenessPolicy
from edge_agent.faces.kiosk import KioskFaces
from edge_agent.model.kinds.people import ConsentGiven
from edge_agent.simulator.visitor import FPS, Person, film, jpeg, read_person
from edge_agent.store import consents
from edge_agent.store.database import connect
from edge_agent.store.facts import read_facts
from tests.data import living_clips
from tests.faces.conftest import fetched
from tests.servers import chromium
from tests.venue import RunningClock, at, reading
from tests.web.conftest import House

CAMERA_FPS = 30
"""Chromium plays an MJPEG file so fast."""

SECONDS = 8
PATIENCE = 25_000  # ms: two cores that other tests share


def as_camera(frames: Iterator[bytes], folder: Path) -> Path:
    """A file that Chromium's fake camera plays in a loop, at the clip's own speed."""
    file = folder / "camera.mjpeg"
    shown = list(itertools.islice(frames, SECONDS * FPS))
    file.write_bytes(b"".join(shown[int(place * FPS / CAMERA_FPS)] for place in range(SECONDS * CAMERA_FPS)))
    return file


@dataclass(frozen=True)
class Cast:
    """Who comes to the kiosk, photos of that person from another clip, and somebody else."""

    person: Person
    photos: list[bytes]
    stranger: Person


@pytest.fixture(scope="module")
def cast() -> Cast:
    clips = living_clips()
    if not {"person_b", "person_d"} <= clips.keys():
        pytest.skip("clips of two people are not here: set EDGE_AGENT_TEST_DATA")
    other, *_, shown = clips["person_d"]
    return Cast(read_person(shown), enlarged(read_person(other).stills(4)), read_person(clips["person_b"][-1]))


def enlarged(photos: list[bytes]) -> list[bytes]:
    """A face before a webcam has 65 pixels, too few for an enrolment photo."""
    pictures = [cv2.imdecode(np.frombuffer(photo, np.uint8), cv2.IMREAD_COLOR) for photo in photos]
    return [jpeg(np.asarray(cv2.resize(np.asarray(each), None, fx=1.5, fy=1.5), np.uint8)) for each in pictures]


@pytest.fixture(scope="module")
def house(cast: Cast) -> Iterator[House]:
    """A venue ten minutes before its lesson, with the first person enrolled from another clip than is shown."""
    fetched("opencv")
    with tempfile.TemporaryDirectory() as folder:
        house = House(Path(folder), RunningClock(at("07:50")))
        house.stop()
        venue = house.venue
        venue.add_class()
        venue.add_trainee("t1", name="王小明", verified=True)
        venue.add_lesson("A", "08:00")
        given = ConsentGiven(trainee="t1", purpose="recognise", text="2025-06", at=at("07:00"))
        venue.writer.run(lambda tx: consents.give(tx, given, by="t1"))
        faces = KioskFaces(
            models=Path("models"),
            gallery=Path(folder) / "faces",
            engine="opencv",
            policy=LivenessPolicy.RISK_BASED,
            clock=venue.clock,
            writer=venue.writer,
            connect=lambda: connect(venue.database, readonly=True),
            locate=Path,
        )
        faces.engine.wait_ready()
        photos = [(f"photo {number}", photo) for number, photo in enumerate(cast.photos)]
        faces.enroller.from_photos("t1", photos, at=at("07:00"), by="test")
        house.engine = faces
        house.start()
        yield house
        house.stop()
        faces.close()
        venue.close()


@contextmanager
def before_the_kiosk(house: House, frames: Iterator[bytes], folder: Path) -> Iterator[Page]:
    camera = as_camera(frames, folder)
    flags = ("--use-fake-ui-for-media-stream", f"--use-file-for-fake-video-capture={camera}")
    with chromium("--use-fake-device-for-media-stream", *flags) as browser, browser.new_context() as context:
        context.add_cookies(house.kiosk_cookies())
        page = context.new_page()
        page.goto(f"{house.url}/kiosk")
        yield page


def attendance(house: House) -> list[str]:
    with reading(house.venue.database) as connection:
        return [fact.kind.partition(".")[2] for fact in read_facts(connection, kinds=("attendance.",))]


def test_a_stranger_is_not_signed_in(house: House, cast: Cast, tmp_path: Path) -> None:
    with before_the_kiosk(house, film(cast.stranger.living), tmp_path) as kiosk:
        said = kiosk.locator("#said", has_text="未识别到您，请找讲师办理签到")
        expect(said).to_be_visible(timeout=PATIENCE)
    assert "signed_in" not in attendance(house)


def test_a_photo_held_up_is_refused(house: House, cast: Cast, tmp_path: Path) -> None:
    with before_the_kiosk(house, film(cast.person.photo), tmp_path) as kiosk:
        expect(kiosk.locator("#said", has_text="未通过，请找讲师")).to_be_visible(timeout=PATIENCE)
    assert attendance(house)[-1:] == ["flat_refused"]


def test_the_person_is_signed_in(house: House, cast: Cast, tmp_path: Path) -> None:
    with before_the_kiosk(house, film(cast.person.living), tmp_path) as kiosk:
        said = kiosk.locator("#said", has_text="签到成功")
        expect(said).to_contain_text("王小明", timeout=PATIENCE)
    with reading(house.venue.database) as connection:
        (fact,) = read_facts(connection, kinds=("attendance.signed_in",))
    recognition = fact.data["recognition"]
    assert recognition["engine"].startswith("opencv/")
    assert recognition["frames"] >= 3
    assert recognition["liveness"] in {"live", "challenge"}
