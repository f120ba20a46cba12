"""Lessons of a compressed policy, recorded end to end."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import cv2
import pytest

from edge_agent.cameras.address import Login
from edge_agent.cameras.registry import KEY_FILE, Registry
from edge_agent.capture import sessions, slots
from edge_agent.model.camera import Camera, CameraKind
from edge_agent.model.media import MediaKind
from edge_agent.secrets import SecretBox
from edge_agent.simulator import StreamSpec, VirtualCamera
from tests.capture.house import House, check_whole, open_house
from tests.capture.rig import missing, play

SPEC = StreamSpec(width=320, height=180, fps=25, kbps=200, seconds=10)


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lessons of seconds are settled within seconds."""
    monkeypatch.setattr(slots, "SETTLE_SECONDS", 0.5)
    monkeypatch.setattr(slots, "SETTLED", timedelta(seconds=8))
    monkeypatch.setattr(sessions, "SETTLED", timedelta(seconds=2))


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with open_house(tmp_path) as house:
        yield house


def test_a_lesson_is_recorded_by_itself_and_owes_nothing(house: House) -> None:
    with VirtualCamera(main=SPEC) as camera:
        house.bind(camera.rtsp_url)
        lesson = house.add_lesson()
        house.start()
        house.tick(lambda: len(house.slots()) == 3 and bool(house.facts("recording.stopped")), "the end", 40)
        house.stop()

    check_whole(house, lesson)
    rows = house.segments()
    assert missing([stamp for row in rows for stamp in play(house.path(row)).stamps], 250) == 0
    for row in house.media("A", MediaKind.SNAPSHOT):
        picture = cv2.imread(str(house.path(row)))
        assert picture is not None
        assert picture.shape[0] > SPEC.height
        assert picture.shape[1] == SPEC.width


def test_adjacent_lessons_are_one_stream_cut_at_the_boundary(house: House) -> None:
    with VirtualCamera(main=SPEC) as camera:
        house.bind(camera.rtsp_url)
        first = house.add_lesson("A")
        second = house.add_lesson("B", starts_in=0, start=house.span(first)[1].time())
        boundary, end = house.span(second)
        house.start()
        house.tick(lambda: len(house.facts("recording.stopped")) == 2, "the end", 60)
        house.stop()
    rows = house.segments()
    assert missing([stamp for row in rows for stamp in play(house.path(row)).stamps], 250) == 0
    assert rows[-1].end >= end
    assert min(abs(row.start - boundary) for row in rows) < timedelta(seconds=2.5)
    assert house.gaps("A") + house.gaps("B") == []
    assert {row.lesson for row in rows} == {"A", "B"}


def test_an_outage_in_mid_lesson_is_a_gap_with_its_cause(house: House) -> None:
    with VirtualCamera(main=SPEC) as camera:
        house.bind(camera.rtsp_url)
        house.add_lesson()
        house.start()
        house.tick(lambda: bool(house.facts("recording.started")), "the recording")
        house.tick_for(2)
        camera.fault("reboot", 4)
        house.tick(lambda: bool(house.facts("gap.opened")), "the gap")
        house.tick(lambda: bool(house.facts("gap.closed")), "its end")
        house.tick(lambda: bool(house.facts("recording.stopped")), "the end", 40)
        house.stop()
    (opened,), (closed,) = house.facts("gap.opened"), house.facts("gap.closed")
    assert (opened["start"], opened["cause"]) == (closed["start"], closed["cause"])
    (gap,) = house.gaps()
    rows = house.segments()
    assert gap.cause in {"closed", "refused"}
    assert (gap.start, gap.end) in {(before.end, after.start) for before, after in itertools.pairwise(rows)}
    assert [state["state"] for state in house.facts("camera.state")][:2] == ["online", "offline"] or gap.end is not None


def test_a_lesson_without_its_camera_misses_its_slots_with_the_cause(house: House) -> None:
    with VirtualCamera(main=SPEC) as camera:
        camera.fault("refuse")
        house.bind(camera.rtsp_url)
        lesson = house.add_lesson()
        house.start()
        house.tick(lambda: len(house.slots()) == 3, "the slots' fate", 60)
        house.tick(lambda: bool(house.facts("gap.closed")), "the gap's end")
    start, end = house.span(lesson)
    (gap,) = house.gaps()
    assert (gap.start, gap.end, gap.cause) == (start, end, "refused")
    assert {(state.state, state.cause) for state in house.slots().values()} == {("missed", "refused")}
    assert house.facts("camera.state")[-1]["state"] == "offline"


def test_an_open_gap_tells_its_cause_as_soon_as_it_is_known(house: House) -> None:
    """A dead host takes seconds to show; until then the gap is one of a camera that is being connected to."""
    with VirtualCamera(main=SPEC) as camera:
        camera.fault("silent")
        house.bind(camera.rtsp_url)
        house.add_lesson(periods=4)
        house.start()
        house.tick(lambda: [gap.cause for gap in house.gaps()] == ["timeout"], "the cause")
        house.stop()
    (gap,) = house.gaps()
    assert gap.end is None
    assert [(fact["start"], fact["cause"]) for fact in house.facts("gap.opened")] == [
        (house.facts("gap.opened")[0]["start"], cause) for cause in ("connecting", "timeout")
    ]


def test_a_restart_in_mid_lesson_notes_what_is_missing(house: House) -> None:
    with VirtualCamera(main=SPEC) as camera:
        house.bind(camera.rtsp_url)
        house.add_lesson()
        house.start()
        house.tick(lambda: bool(house.facts("recording.started")), "the recording")
        house.tick_for(2)
        house.stop()
        time.sleep(3)
        house.start()
        house.tick(lambda: len(house.facts("recording.stopped")) == 2, "the end", 40)
        house.tick(lambda: len(house.slots()) == 3, "the slots")
        house.stop()
    (gap,) = house.gaps()
    assert gap.cause == "service_down"
    assert gap.end is not None
    assert gap.end - gap.start > timedelta(seconds=3)
    assert [fact["trigger"] for fact in house.facts("recording.started")] == ["plan", "restart"]
    assert {state.state for state in house.slots().values()} == {"taken"}


def test_random_clips_are_cut_from_the_recording(tmp_path: Path) -> None:
    with open_house(tmp_path, policy="random-3plus2") as house, VirtualCamera(main=SPEC) as camera:
        house.bind(camera.rtsp_url)
        house.add_lesson()
        house.start()
        house.tick(lambda: len(house.slots()) == 5, "clips and pictures", 60)
        house.stop()
        assert {state.state for state in house.slots().values()} == {"taken"}
        clips = house.media("A", MediaKind.CLIP)
        assert len(clips) == 3
        for clip in clips:
            shown = play(house.path(clip))
            assert missing(list(shown.stamps), 250) == 0
            assert 2.9 < shown.length < 4.6


def test_a_cancelled_lesson_stops_at_once_and_voids_its_slots(house: House) -> None:
    with VirtualCamera(main=SPEC) as camera:
        house.bind(camera.rtsp_url)
        lesson = house.add_lesson()
        house.start()
        house.tick(lambda: bool(house.facts("recording.started")), "the recording")
        house.tick_for(1)
        house.save(replace(lesson, cancelled=True, cancel_reason="停电"))
        house.tick(lambda: bool(house.facts("recording.stopped")), "the end")
        house.tick(lambda: len(house.slots()) == 3, "the slots")
        house.stop()
    assert house.facts("recording.stopped")[0]["cause"] == "withdrawn"
    assert {state.cause for state in house.slots().values() if state.state == "void"} == {"停电"}
    assert "missed" not in {state.state for state in house.slots().values()}


def test_a_late_association_records_from_that_moment_and_says_so(house: House) -> None:
    with VirtualCamera(main=SPEC) as camera:
        lesson = house.add_lesson(starts_in=-8, room="")
        row = house.bind(camera.rtsp_url)
        house.start()
        house.tick_for(1)
        house.save(replace(lesson, cameras=(row.id,)), "cameras")
        house.tick(lambda: bool(house.facts("recording.started")), "the recording")
        house.stop()
    (started,) = house.facts("recording.started")
    assert started["late_by"] > 8
    (gap,) = house.gaps()
    assert (gap.start, gap.cause) == (house.span(lesson)[0], "started_late")


def test_by_hand_before_the_lesson_extended_and_stopped(house: House) -> None:
    with VirtualCamera(main=SPEC) as camera:
        house.bind(camera.rtsp_url)
        lesson = house.add_lesson(starts_in=60)
        now = house.now()
        house.ask(lesson, "start", now, now + timedelta(seconds=30))
        house.start()
        house.tick(lambda: bool(house.facts("recording.started")), "the recording")
        house.ask(lesson, "stop", now, now + timedelta(seconds=30))
        house.tick(lambda: bool(house.facts("recording.stopped")), "the end")
        house.stop()
    assert house.facts("recording.started")[0]["trigger"] == "hand"
    assert house.segments()[0].lesson == "A"
    assert house.gaps() == []


def test_a_changed_password_is_tried_once_and_the_new_one_at_once(house: House) -> None:
    with VirtualCamera(main=SPEC, lockout_after=3) as camera:
        registry = Registry(house.agent.writer, SecretBox.at(house.agent.settings.store.data_dir / KEY_FILE))
        url = camera.url(credentials=False)
        row = Camera("k1", "前门", CameraKind.RTSP, "101", url)
        registry.bind(row, Login(camera.user, "OLD"), by="test")
        house.add_lesson(periods=2)
        house.start()
        house.tick(lambda: bool(house.facts("camera.state")), "the refusal")
        assert house.facts("camera.state")[-1]["state"] == "refused"
        house.tick_for(8)
        assert camera.wrong_guesses == 1
        registry.bind(row, Login(camera.user, camera.password), by="test")
        house.tick(lambda: bool(house.facts("recording.started")), "the recording")
        house.tick(lambda: bool(house.facts("gap.closed")), "the gap's end")
        house.stop()
    assert [gap.cause for gap in house.gaps()] == ["unauthorized"]
    assert house.facts("camera.changed") == [{"camera": "k1", "what": {"password": ""}}]
