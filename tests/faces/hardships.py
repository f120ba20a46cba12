"""People as a kiosk may see them: `python -m tests.faces.hardships east_asian` prints figures of photos made worse.

Templates are made of good photos, as `faces splits` has it; whoever comes is seen in worse light, smaller, blurred,
through a poor camera. Fewer may be found then, but nobody may be taken for another. `usable` is the share of views that
pass a kiosk's gates; a kiosk waits for one that does.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from edge_agent.faces.evaluate import Seen, embed_photos, split_figures
from edge_agent.faces.face import Picture
from edge_agent.faces.frames import decode_frame, encode_frame
from edge_agent.faces.images import read_photo
from edge_agent.faces.process import FaceEngine
from edge_agent.faces.quality import KIOSK, flaws
from tests import data
from tests.faces.conftest import WEIGHTS, fetched

Harm = Callable[[Picture, float], Picture]
"""Of a picture and the width of the face on it, in pixels."""


def _gamma(power: float) -> Harm:
    return lambda picture, _: _clipped(255 * (picture / 255) ** power)


def _blur(sigma: float) -> Harm:
    return lambda picture, _: _clipped(cv2.GaussianBlur(picture, (0, 0), sigma))


def _shake(pixels: int) -> Harm:
    """A hand that moves while the shutter is open."""
    kernel = np.zeros((pixels, pixels), np.float32)
    kernel[pixels // 2] = 1 / pixels
    return lambda picture, _: _clipped(cv2.filter2D(picture, -1, kernel))


def _noise(sigma: float) -> Harm:
    return lambda picture, _: _clipped(picture + np.random.default_rng(1).normal(0, sigma, picture.shape))


def _jpeg(quality: int) -> Harm:
    return lambda picture, _: decode_frame(encode_frame(picture, quality=quality))


def _small(width: int) -> Harm:
    """The face so many pixels wide."""

    def shrunk(picture: Picture, face: float) -> Picture:
        how = cv2.INTER_AREA if width < face else cv2.INTER_CUBIC
        return _clipped(cv2.resize(picture, None, fx=width / face, fy=width / face, interpolation=how))

    return shrunk


def _crop(picture: Picture, _: float) -> Picture:
    high, wide = picture.shape[:2]
    return np.ascontiguousarray(picture[high // 10 : -high // 10, wide // 7 : -wide // 5])


def _window(picture: Picture, _: float) -> Picture:
    """Light from one side."""
    return _clipped(picture * np.linspace(0.25, 1.3, picture.shape[1])[None, :, None])


def _tilted(degrees: float) -> Harm:
    def turned(picture: Picture, _: float) -> Picture:
        high, wide = picture.shape[:2]
        matrix = cv2.getRotationMatrix2D((wide / 2, high / 2), degrees, 1)
        return _clipped(cv2.warpAffine(picture, matrix, (wide, high), borderMode=cv2.BORDER_REPLICATE))

    return turned


def _together(*harms: Harm) -> Harm:
    def harmed(picture: Picture, face: float) -> Picture:
        for harm in harms:
            picture = harm(picture, face)
        return picture

    return harmed


HARDSHIPS: Mapping[str, Harm] = {
    "none": lambda picture, _: picture,
    "bright (gamma 0.5)": _gamma(0.5),
    "dark (gamma 2)": _gamma(2),
    "very dark (gamma 3)": _gamma(3),
    "dark and noisy": _together(_gamma(2.2), _noise(8)),
    "light from one side": _window,
    "blurred (sigma 1.5)": _blur(1.5),
    "shaken (9 pixels)": _shake(9),
    "noise (sigma 15)": _noise(15),
    "JPEG 30": _jpeg(30),
    "JPEG 15": _jpeg(15),
    "cropped": _crop,
    "tilted by 12 degrees": _tilted(12),
    "face of 60 pixels": _small(60),
    "face of 120 pixels": _small(120),
    "60 pixels, JPEG 30": _together(_small(60), _jpeg(30)),
    "poor webcam": _together(_small(80), _blur(0.8), _noise(6), _jpeg(50)),
}


@dataclass(frozen=True)
class Photo:
    path: Path
    picture: Picture
    face: float
    """Its width in pixels."""


def photos_of(engine: FaceEngine, people: Mapping[str, Sequence[Path]]) -> list[Photo]:
    found = []
    for path in (path for photos in people.values() for path in photos):
        picture = read_photo(path)
        subject = engine.ask(encode_frame(picture)).subject
        assert subject is not None, path
        found.append(Photo(path, picture, subject.face.box.width))
    return found


def suffer(engine: FaceEngine, photos: Sequence[Photo], harm: Harm) -> tuple[Seen, float]:
    """The embedding of each photo made worse, through the engine, and the share of them that pass a kiosk's gates."""
    seen, usable = {}, 0
    for photo in photos:
        observation = engine.ask(encode_frame(harm(photo.picture, photo.face)))
        seen[photo.path] = observation.subject.embedding if observation.subject else None
        usable += not flaws(observation, KIOSK)
    return seen, usable / len(photos)


def _clipped(picture: np.ndarray) -> Picture:
    return np.asarray(np.clip(picture, 0, 255), np.uint8)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("group", choices=["east_asian", "other"])
    parser.add_argument("--splits", type=int, default=100)
    options = parser.parse_args()
    if data.folder() is None:
        sys.exit("This needs photos of many people: set EDGE_AGENT_TEST_DATA.")
    people = data.people(options.group)
    fetched("opencv")
    with FaceEngine(WEIGHTS) as engine:
        engine.wait_ready()
        enrolled = embed_photos(engine, people)
        photos = photos_of(engine, people)
        for name, harm in HARDSHIPS.items():
            seen, usable = suffer(engine, photos, harm)
            told = [f"{name:22} usable {usable:4.0%}"]
            for frames in (1, 3):
                found = split_figures(
                    people, seen, engine.identity, splits=options.splits, frames=frames, enrolled=enrolled
                )
                told.append(f"{frames} found {found.tpir:.2%} named {found.fpir:.2%} wrong {found.wrong_names}")
            print(", ".join(told), flush=True)  # noqa: T201 - a command


if __name__ == "__main__":
    main()
