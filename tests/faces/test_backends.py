"""One suite over both engines."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge_agent.errors import DeviceError
from edge_agent.faces.analyse import look_closely, room_faces
from edge_agent.faces.backend import Backend, Metric
from edge_agent.faces.dlib_backend import DlibBackend
from edge_agent.faces.engines import load_backend
from edge_agent.faces.face import Picture
from edge_agent.faces.images import read_photo
from edge_agent.faces.landmarker import LANDMARKER, Landmarker
from edge_agent.faces.names import EngineName
from edge_agent.faces.opencv_backend import DETECTOR, OpenCVBackend
from tests.data import people
from tests.faces.conftest import fetched, on_wall

without_dlib = pytest.mark.skipif(find_spec("dlib") is None, reason="the optional dlib engine is not installed")


@pytest.fixture(scope="module", params=["opencv", pytest.param("dlib", marks=without_dlib)])
def backend(request: pytest.FixtureRequest) -> Backend:
    name: EngineName = request.param
    return load_backend(name, fetched(name))


def test_it_finds_one_face_with_its_points_in_place(backend: Backend, portrait: Picture) -> None:
    (face,) = backend.detect(portrait)
    assert 80 < face.box.width < 170
    assert 90 < face.box.centre[0] < 200
    assert 90 < face.box.centre[1] < 200
    right, left, nose, *mouth = face.points
    assert right[0] < nose[0] < left[0], "the person's right eye is on the picture's left"
    assert max(right[1], left[1]) < nose[1] < min(corner[1] for corner in mouth)
    assert abs(face.yaw) < 0.35
    assert abs(face.roll) < 12
    assert 0 < face.score <= 1


def test_nobody_is_nobody(backend: Backend) -> None:
    for size in [(480, 640), (1, 1), (16, 16), (40, 1200)]:
        assert backend.detect(np.full((*size, 3), 127, np.uint8)) == []


def test_a_point_is_where_it_is_whatever_the_frames_size(backend: Backend, portrait: Picture) -> None:
    small = on_wall(portrait, side=300, size=(640, 480), left=100)
    large = cv2.resize(small, (1280, 960), interpolation=cv2.INTER_CUBIC).astype(np.uint8)
    found = [look_closely(backend, None, frame)[0] for frame in (small, large)]
    assert found[0] is not None
    assert found[1] is not None
    assert np.abs(found[0].face.points * 2 - found[1].face.points).max() < 12


def test_embeddings_are_finite_and_tell_people_apart(backend: Backend) -> None:
    photos = {name: paths for name, paths in people().items() if len(paths) >= 4}
    if len(photos) < 2:
        pytest.skip("needs several photos of several people: set EDGE_AGENT_TEST_DATA")
    chosen = list(photos.values())[:4]
    views = [[_embedding(backend, read_photo(path)) for path in paths[:4]] for paths in chosen]
    identity = backend.identity
    templates = np.stack([identity.metric.fuse(each[:2]) for each in views])
    assert np.isfinite(templates).all()
    assert templates.shape == (4, 128)
    own, other = [], []
    for i, each in enumerate(views):
        scores = np.stack([identity.metric.scores(templates, probe) for probe in each[2:]])
        own += scores[:, i].tolist()
        other += np.delete(scores, i, axis=1).ravel().tolist()
    assert np.mean(own) > np.mean(other) + 0.15


def _embedding(backend: Backend, photo: Picture) -> np.ndarray:
    subject, _ = look_closely(backend, None, photo)
    assert subject is not None
    assert subject.embedding.dtype == np.float32
    return subject.embedding


def test_the_nearest_face_is_the_subject_and_the_others_are_told(backend: Backend, portrait: Picture) -> None:
    frame = on_wall(portrait, side=400, size=(1280, 720), left=500)
    frame[500:700, 60:260] = cv2.resize(portrait, (200, 200))
    subject, others = look_closely(backend, None, frame)
    assert subject is not None
    assert 600 < subject.face.box.centre[0] < 800
    assert len(others) == 1
    assert others[0].centre[0] < 260


def test_forty_faces_in_a_classroom(backend: Backend, portrait: Picture) -> None:
    room = np.full((1080, 1920, 3), 120, np.uint8)
    for i in range(40):
        x, y = 20 + i % 8 * 236, 10 + i // 8 * 212
        room[y : y + 200, x : x + 200] = cv2.resize(portrait, (200, 200))
    found = room_faces(backend, room)
    assert len(found) == 40
    assert look_closely(backend, None, room)[0] is not None


def test_a_model_that_is_none_is_refused(tmp_path: Path) -> None:
    weights = fetched("opencv")
    (tmp_path / DETECTOR).write_bytes(weights[DETECTOR].read_bytes()[:100_000])
    with pytest.raises(DeviceError, match=r"can't be loaded.*models fetch"):
        OpenCVBackend({**weights, DETECTOR: tmp_path / DETECTOR})
    (tmp_path / LANDMARKER).write_bytes(weights[LANDMARKER].read_bytes()[:100_000])
    with pytest.raises(DeviceError, match=r"face_landmarker\.task can't be loaded.*models fetch"):
        Landmarker(tmp_path / LANDMARKER)


@without_dlib
def test_a_missing_dlib_model_is_refused_and_the_engine_warns(caplog: pytest.LogCaptureFixture) -> None:
    weights = {name: path.with_suffix(".gone") for name, path in fetched("dlib").items()}
    with pytest.raises(DeviceError, match="models fetch --engine dlib"):
        DlibBackend(weights)
    assert "Prefer opencv" in caplog.text


def test_scores_are_higher_for_what_is_more_alike() -> None:
    one, other = np.eye(128, dtype=np.float32)[:2]
    for metric in Metric:
        templates = np.stack([metric.fuse([one, one]), metric.fuse([other])])
        near, far = metric.scores(templates, np.asarray(0.9 * one + 0.1 * other, np.float32))
        assert near > far
