"""The engine's process: it may die, hang, or be fed rubbish; the service goes on, and no decision comes of it."""

from __future__ import annotations

import os
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path

import numpy as np
import pytest

from edge_agent.errors import DeviceError, InputError
from edge_agent.faces import process
from edge_agent.faces.face import Observation, Picture
from edge_agent.faces.heads import find_heads
from edge_agent.faces.process import FaceEngine, Health
from edge_agent.faces.wire import PREVIEW
from tests.faces.conftest import jpeg, on_wall


@pytest.fixture
def own(weights: Path) -> Iterator[FaceEngine]:
    """An engine that a test may kill."""
    with FaceEngine(weights) as running:
        running.wait_ready()
        yield running


def until(condition: Callable[[], object], seconds: float = 30.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.01)


def wait_for(engine: FaceEngine, stream: str) -> Observation:
    end = time.monotonic() + 30
    while (found := engine.latest(stream)) is None:
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.01)
    return found


def test_a_frame_comes_back_as_an_observation_once(engine: FaceEngine, portrait: Picture) -> None:
    engine.submit("hall", jpeg(on_wall(portrait)), 12.5)
    seen = wait_for(engine, "hall")
    assert (seen.stream, seen.at, seen.width, seen.height) == ("hall", 12.5, 640, 480)
    assert seen.subject is not None
    assert seen.subject.mesh is not None
    assert seen.subject.mesh.points.shape == (478, 3)
    assert seen.subject.mesh.patch.shape == (160, 160)
    assert seen.subject.embedding.shape == (128,)
    assert engine.latest("hall") is None


def test_landmarks_lie_on_the_face(engine: FaceEngine, portrait: Picture) -> None:
    subject = engine.ask(jpeg(on_wall(portrait))).subject
    assert subject is not None
    assert subject.mesh is not None
    irises = subject.mesh.points[[468, 473], :2]
    assert np.abs(irises - subject.face.points[:2]).max() < 8
    placed = subject.mesh.in_patch()
    assert ((placed[:468] > 0) & (placed[:468] < 160)).all()


def test_the_newest_frame_wins_and_no_stream_starves(own: FaceEngine, portrait: Picture) -> None:
    frame = jpeg(on_wall(portrait))
    for number in range(40):
        own.submit("busy", frame, float(number))
    own.submit("calm", frame, 100.0)
    assert wait_for(own, "calm").at == 100.0
    looked_at = [wait_for(own, "busy").at]
    while looked_at[-1] < 39.0:
        looked_at.append(wait_for(own, "busy").at)
    assert len(looked_at) < 40


def test_a_forgotten_stream_leaves_nothing(own: FaceEngine, portrait: Picture) -> None:
    own.submit("hall", jpeg(on_wall(portrait)), 1.0)
    own.forget("hall")
    own.ask(jpeg(on_wall(portrait)))
    own.forget("hall")
    assert own.latest("hall") is None


def test_whoever_watches_a_stream_is_woken_by_each_sight_until_it_is_forgotten(
    own: FaceEngine, portrait: Picture
) -> None:
    woken = threading.Semaphore(0)
    own.watch("hall", woken.release)
    frame = jpeg(on_wall(portrait))
    for at in (1.0, 2.0):
        own.submit("hall", frame, at)
        assert woken.acquire(timeout=30)
        seen = own.latest("hall")
        assert seen is not None
        assert seen.at == at
    own.forget("hall")
    own.submit("hall", frame, 3.0)
    assert wait_for(own, "hall").at == 3.0
    assert not woken.acquire(blocking=False)


def test_no_face_and_forty(engine: FaceEngine, portrait: Picture) -> None:
    assert engine.ask(jpeg(np.full((480, 640, 3), 90, np.uint8))).subject is None
    room = np.full((1080, 1920, 3), 120, np.uint8)
    for i in range(40):
        x, y = 20 + i % 8 * 236, 10 + i // 8 * 212
        room[y : y + 200, x : x + 200] = portrait[50:250, 50:250]
    assert len(find_heads(engine, jpeg(room))) == 40
    assert engine.ask(jpeg(room)).subject is not None


def test_a_preview_has_boxes_alone(engine: FaceEngine, portrait: Picture) -> None:
    seen = engine.ask(jpeg(on_wall(portrait, size=(320, 240), side=200, left=60)), PREVIEW)
    assert seen.subject is None
    assert len(seen.others) == 1


def test_rubbish_is_refused_and_the_engine_goes_on(engine: FaceEngine, portrait: Picture) -> None:
    before = engine.pid
    with pytest.raises(InputError):
        engine.submit("hall", b"no jpeg", 0.0)
    broken = bytearray(jpeg(on_wall(portrait)))
    broken[20:400] = bytes(380)  # the tables: a header that reads well, and nothing to decode
    with pytest.raises(InputError):
        engine.ask(bytes(broken))
    assert engine.ask(jpeg(on_wall(portrait))).subject is not None
    assert engine.pid == before


def test_it_is_restarted_when_it_is_killed(own: FaceEngine, portrait: Picture) -> None:
    first = own.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    until(lambda: own.pid not in (None, first) and own.health()[0] is Health.READY)
    assert own.ask(jpeg(on_wall(portrait))).subject is not None


def test_killed_in_mid_frame_it_gives_no_answer(own: FaceEngine, portrait: Picture) -> None:
    first = own.pid
    assert first is not None
    os.kill(first, signal.SIGSTOP)  # it holds the frame and never answers
    own.submit("hall", jpeg(on_wall(portrait)), 1.0)
    until(lambda: not own._waiting)
    os.kill(first, signal.SIGKILL)
    until(lambda: own.pid not in (None, first))
    assert own.latest("hall") is None


def test_a_question_is_answered_with_an_error_when_it_dies(own: FaceEngine, portrait: Picture) -> None:
    assert own.pid is not None
    os.kill(own.pid, signal.SIGSTOP)
    future: Future[Observation] = Future()
    own._asks.append(process._Job("", 0.0, b"f" + jpeg(on_wall(portrait)), future))
    own._poke()
    until(lambda: not own._asks)
    os.kill(own.pid or 0, signal.SIGKILL)
    with pytest.raises(DeviceError, match="mid-frame"):
        future.result(30)


def test_a_question_that_nobody_waits_for_any_more_is_dropped(own: FaceEngine, portrait: Picture) -> None:
    first = own.pid
    assert first is not None
    os.kill(first, signal.SIGSTOP)
    own.submit("hall", jpeg(on_wall(portrait)), 1.0)
    until(lambda: not own._waiting)  # it holds this frame, so what is asked now waits
    with pytest.raises(DeviceError, match="did not answer"):
        own.ask(jpeg(on_wall(portrait)), seconds=0.1)
    assert not own._asks
    os.kill(first, signal.SIGCONT)


def test_one_that_hangs_is_ended(own: FaceEngine, portrait: Picture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "FRAME_SECONDS", 0.3)
    first = own.pid
    assert first is not None
    os.kill(first, signal.SIGSTOP)
    with pytest.raises(DeviceError, match="mid-frame"):
        own.ask(jpeg(on_wall(portrait)))
    until(lambda: own.pid not in (None, first))


@pytest.mark.parametrize("name", ["face_detection_yunet_2023mar.onnx", "face_landmarker.task"])
def test_a_model_cut_short_breaks_the_engine_and_says_which(weights: Path, tmp_path: Path, name: str) -> None:
    for path in weights.glob("*_20*.onnx"):
        (tmp_path / path.name).symlink_to(path)
    shutil.copy(weights / "face_landmarker.task", tmp_path)
    whole = (weights / name).read_bytes()
    (tmp_path / name).unlink()
    (tmp_path / name).write_bytes(whole[: len(whole) // 2])
    with FaceEngine(tmp_path) as broken:
        with pytest.raises(DeviceError, match=rf"{name} is wrong.*models fetch"):
            broken.wait_ready()
        assert broken.health()[0] is Health.BROKEN
        (tmp_path / name).write_bytes(whole)  # once it is mended, the engine comes up by itself
        until(lambda: broken.health()[0] is Health.READY)


def test_closed_it_answers_nothing_and_leaves_no_process(weights: Path, portrait: Picture) -> None:
    engine = FaceEngine(weights)
    engine.wait_ready()
    pid = engine.pid
    engine.close()
    engine.close()
    assert not Path(f"/proc/{pid}").exists()
    with pytest.raises(DeviceError, match="busy or closed"):
        engine.ask(jpeg(on_wall(portrait)))


def test_closed_it_writes_nowhere(weights: Path, portrait: Picture) -> None:
    """Its pipe's number is soon another file's: a late frame must not be written there."""
    engine = FaceEngine(weights)
    engine.close()
    readable, writable = os.pipe()
    os.set_blocking(readable, False)
    copies = [os.dup(writable) for _ in range(32)]  # the lowest free numbers: the engine's are among them
    assert engine._wake in (readable, writable, *copies)
    engine.submit("hall", jpeg(on_wall(portrait)), 1.0)
    with pytest.raises(BlockingIOError):
        os.read(readable, 1)
    for number in (readable, writable, *copies):
        os.close(number)
