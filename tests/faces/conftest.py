"""The weights, one engine for the run, and made-up observations for the pure parts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge_agent.faces.face import Box, Detection, Floats, Look, Mesh, Observation, Picture, Subject, floats
from edge_agent.faces.fetch import fetch
from edge_agent.faces.frames import encode_frame
from edge_agent.faces.images import read_photo
from edge_agent.faces.manifest import Group, read_manifest
from edge_agent.faces.process import FaceEngine
from tests.data import ROOT, astronaut

WEIGHTS = ROOT / "models"


def fetched(group: Group) -> dict[str, Path]:
    """Weights of a group, fetched into the checkout once."""
    models = read_manifest().of(group)
    list(fetch(models, WEIGHTS))
    return {model.name: WEIGHTS / model.name for model in models}


@pytest.fixture(scope="session")
def weights() -> Path:
    fetched("opencv")
    return WEIGHTS


@pytest.fixture(scope="session")
def engine(weights: Path) -> Iterator[FaceEngine]:
    with FaceEngine(weights) as running:
        running.wait_ready()
        yield running


@pytest.fixture(scope="session")
def portrait() -> Picture:
    return astronaut_portrait()


def astronaut_portrait() -> Picture:
    """The astronaut's head and shoulders, 300x300."""
    return np.ascontiguousarray(read_photo(astronaut())[:300, 90:390])


def id_card(portrait: Picture) -> tuple[bytes, bytes]:
    """A card's two sides as photographed, made up: the portrait on the right of lines, and a side without a face."""
    front = np.full((640, 1010, 3), 225, np.uint8)
    front[110:430, 640:900] = cv2.resize(portrait[20:280, 40:250], (260, 320))
    back = np.full((640, 1010, 3), 215, np.uint8)
    for row in range(80, 560, 70):
        cv2.putText(front, "No. 0123", (60, row), cv2.FONT_HERSHEY_SIMPLEX, 1, (60, 60, 60), 2)
        cv2.rectangle(back, (80, row), (900, row + 12), (150, 120, 120), -1)
    return jpeg(front), jpeg(back)


def on_wall(portrait: Picture, *, side: int = 240, size: tuple[int, int] = (640, 480), left: int = 200) -> Picture:
    """A frame with the portrait before a grey wall."""
    frame = np.full((size[1], size[0], 3), 140, np.uint8)
    top = (size[1] - side) // 2
    frame[top : top + side, left : left + side] = cv2.resize(portrait, (side, side))
    return frame


def jpeg(picture: Picture) -> bytes:
    return encode_frame(picture)


def unit(seed: int) -> Floats:
    """A made-up embedding, as long as SFace's are."""
    vector = np.random.default_rng(seed).normal(size=128)
    return floats(12 * vector / np.linalg.norm(vector))


def near(vector: Floats, seed: int, spread: float = 0.5) -> Floats:
    """Another view of the same made-up person; its cosine is about 0.9 with the usual spread."""
    return floats(vector + 12 * spread * unit(seed) / np.linalg.norm(unit(seed)))


GOOD = Look(light=130, contrast=40, sharpness=9, covered=0.4)


def face_at(x: float = 260, y: float = 160, width: float = 120) -> Detection:
    right, left, nose = (
        (x + 0.3 * width, y + 0.5 * width),
        (x + 0.7 * width, y + 0.5 * width),
        (x + 0.5 * width, y + 0.77 * width),
    )
    mouth = [(x + 0.35 * width, y + width), (x + 0.65 * width, y + width)]
    return Detection(Box(x, y, width, 1.3 * width), floats([right, left, nose, *mouth]), 0.93)


def seen(
    embedding: Floats,
    *,
    at: float = 0.0,
    face: Detection | None = None,
    look: Look = GOOD,
    mesh: Mesh | None = None,
    others: tuple[Box, ...] = (),
) -> Observation:
    return Observation("kiosk", at, 640, 480, Subject(face or face_at(), look, embedding, mesh), others)


def nobody(at: float = 0.0) -> Observation:
    return Observation("kiosk", at, 640, 480, None)
