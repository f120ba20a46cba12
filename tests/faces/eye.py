"""What a kiosk's engine sees, in this process, and clips judged with it: for the liveness tests and their campaign."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import cv2
import numpy as np

from edge_agent.faces.analyse import look_closely
from edge_agent.faces.answer import Action
from edge_agent.faces.backend import Backend
from edge_agent.faces.clips import judge_window, read_clip, window_starts
from edge_agent.faces.engines import load_backend
from edge_agent.faces.face import Box, Detection, Floats, Observation, Picture
from edge_agent.faces.images import read_photo
from edge_agent.faces.landmarker import LANDMARKER, Landmarker
from edge_agent.faces.liveness.challenge import SECONDS
from edge_agent.faces.liveness.passive import Verdict
from edge_agent.faces.liveness.watch import Watch
from tests import data
from tests.faces.conftest import fetched
from tests.faces.flats import Still
from tests.faces.scenes import Shot


class Unnamed:
    """The real detector without the recogniser, which liveness doesn't ask and which takes half of the time."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self.identity, self.longest = backend.identity, backend.longest

    def detect(self, picture: Picture, *, longest: int | None = None) -> list[Detection]:
        return self._backend.detect(picture, longest=longest)

    def embed(self, picture: Picture, faces: Sequence[Detection]) -> list[Floats]:
        del picture
        return [np.ones(128, np.float32) for _ in faces]


class Eye:
    """Frames to observations."""

    def __init__(self) -> None:
        weights = fetched("opencv")
        self._backend = Unnamed(load_backend("opencv", weights))
        self._landmarker = Landmarker(weights[LANDMARKER])

    def look(self, at: float, picture: Picture) -> Observation:
        subject, others = look_closely(self._backend, self._landmarker, picture)
        return Observation("clip", at, picture.shape[1], picture.shape[0], subject, others)

    def box(self, picture: Picture) -> Box | None:
        """Where the nearest face is."""
        subject = self.look(0.0, picture).subject
        return subject.face.box if subject else None


@dataclass
class Passed:
    """How far a spoof came: taken for living unasked, challenges that it would have met, its best score."""

    live: bool = False
    made: set[Action] = field(default_factory=set)
    score: float = -np.inf
    verdict: Verdict = Verdict.UNSURE
    judged: bool = False


def follow(eye: Eye, frames: Iterable[tuple[float, Picture]]) -> Passed:
    """A clip through the code that a kiosk runs, every answer that it would have given noted."""
    watch, passed = Watch(), Passed()
    for at, picture in frames:
        watch.add(eye.look(at, picture), at)
        passed.verdict = watch.verdict()
        passed.live |= passed.verdict is Verdict.LIVE
        passed.made |= {action for action in Action if watch.made(action, at - SECONDS)}
        figures = watch.figures()
        if figures is not None:
            passed.judged, passed.score = True, max(passed.score, figures.score())
    return passed


def windows(observations: Sequence[Observation]) -> Iterator[Verdict]:
    """Three seconds every second; a shorter clip is one window."""
    for start in window_starts(observations[-1].at - observations[0].at):
        yield judge_window(observations, start)[0]


def pictures() -> list[Picture]:
    """Photos of every third person, and two frames of a clip of each before the kiosk."""
    people = [*data.people("east_asian").values(), *data.people("other").values()]
    found = [read_photo(photos[0]) for photos in people[::3]]
    for clips in data.living_clips().values():
        found += [picture for _, picture in read_clip(clips[0], 2.0)][1:3]
    return found


@cache
def stills(eye: Eye) -> list[Still]:
    """These pictures, cut so that the face is in the middle."""
    return [still for shot in shots(eye) if (still := _centred(shot)) is not None]


@cache
def shots(eye: Eye) -> list[Shot]:
    """These pictures, and where the face is on each."""
    return [Shot(picture, box) for picture in pictures() if (box := eye.box(picture)) is not None]


def _centred(shot: Shot) -> Still | None:
    picture, box = shot.picture, shot.face
    x, y = (int(each) for each in box.centre)
    wide, high = min(x, picture.shape[1] - x), min(y, picture.shape[0] - y)
    if wide < 0.7 * box.width or high < 0.6 * box.height:
        return None
    return Still(np.ascontiguousarray(picture[y - high : y + high, x - wide : x + wide]), box.height)


@cache
def rooms() -> list[Picture]:
    """What is behind a picture held up: a classroom, and walls of other clips, without people."""
    found = []
    for clip in [next(iter((data.folder() or Path()).glob("video/classroom/*"))), data.living_clips()["person_b"][0]]:
        frame = next(iter(read_clip(clip)))[1]
        found.append(np.ascontiguousarray(frame[:, : frame.shape[1] // 4]))
    return found


def enlarged(picture: Picture) -> Picture:
    """As if the person came near: the data's faces have less than 100 pixels, the carphone man's 65."""
    scale = 1.6 if picture.shape[0] > 200 else 2.2
    return np.asarray(cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC), np.uint8)
