"""Living people are taken for living, flat pictures never: real clips and rendered spoofs through the kiosk's code.

`$EDGE_AGENT_TEST_FLATS` sets how many flats are rendered; the full campaign is 600 (docs/faces.md has its figures).
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from random import Random

import av
import cv2
import numpy as np
import pytest

from edge_agent.faces.analyse import look_closely
from edge_agent.faces.answer import Action, Challenge, LivenessPolicy, Match, Refused
from edge_agent.faces.backend import Backend, load_backend
from edge_agent.faces.clips import commonest, judge_clip, judge_window, look_at, read_clip
from edge_agent.faces.encounter import Encounter
from edge_agent.faces.face import Detection, Floats, Observation, Picture
from edge_agent.faces.images import FRAME_PIXELS, read_photo
from edge_agent.faces.landmarker import LANDMARKER, Landmarker
from edge_agent.faces.liveness.challenge import SECONDS
from edge_agent.faces.liveness.passive import Verdict
from edge_agent.faces.liveness.watch import Watch
from edge_agent.faces.process import FaceEngine
from edge_agent.faces.template import Template
from tests import data
from tests.faces.conftest import fetched
from tests.faces.flats import KINDS, Still, flat

FLATS = int(os.environ.get("EDGE_AGENT_TEST_FLATS", "36"))
RATE = 10.0
SHARE_LIVING = 0.7
SHARE_NEAR, NEAR = 0.85, 120.0
"""Of those whose face is so many pixels tall."""

needs_data = pytest.mark.skipif(data.folder() is None, reason="needs clips of people: set EDGE_AGENT_TEST_DATA")


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
    """Frames to observations, in this process."""

    def __init__(self) -> None:
        weights = fetched("opencv")
        self._backend = Unnamed(load_backend("opencv", weights))
        self._landmarker = Landmarker(weights[LANDMARKER])

    def look(self, at: float, picture: Picture) -> Observation:
        subject, others = look_closely(self._backend, self._landmarker, picture)
        return Observation("clip", at, picture.shape[1], picture.shape[0], subject, others)


@pytest.fixture(scope="module")
def eye() -> Eye:
    return Eye()


@pytest.fixture(scope="module")
def living(eye: Eye) -> dict[str, dict[str, list[Observation]]]:
    """Observations by person and clip."""
    return {
        person: {clip.name: [eye.look(at, picture) for at, picture in read_clip(clip)] for clip in clips}
        for person, clips in data.living_clips().items()
    }


def windows(observations: Sequence[Observation]) -> Iterator[Verdict]:
    """Three seconds every second; a shorter clip is one window."""
    length = observations[-1].at - observations[0].at
    for start in range(max(1, int(length - 2.85) + 1)):
        yield judge_window(observations, float(start))[0]


def accepted(clips: Mapping[str, list[Observation]]) -> float:
    """The share of all windows of a person that are taken for living without a challenge."""
    verdicts = [verdict for clip in clips.values() for verdict in windows(clip)]
    assert Verdict.FLAT not in verdicts
    return verdicts.count(Verdict.LIVE) / len(verdicts)


@needs_data
@pytest.mark.slow
def test_the_living_are_accepted_person_by_person(living: dict[str, dict[str, list[Observation]]]) -> None:
    shares = {person: accepted(clips) for person, clips in living.items()}
    assert min(shares.values()) >= SHARE_LIVING, shares


@needs_data
@pytest.mark.slow
def test_the_living_are_accepted_when_they_come_near(eye: Eye) -> None:
    """The data's clips enlarged, for nobody in them is so near: as much motion, on a near face's pixels."""
    shares = {}
    for person, clips in data.living_clips().items():
        seen = {clip.name: [eye.look(at, _enlarged(picture)) for at, picture in read_clip(clip)] for clip in clips[:2]}
        tall = [each.subject.face.box.height for clip in seen.values() for each in clip if each.subject]
        assert np.median(tall) >= NEAR
        shares[person] = accepted(seen)
    assert min(shares.values()) >= SHARE_NEAR, shares


def _enlarged(picture: Picture) -> Picture:
    scale = 1.6 if picture.shape[0] > 200 else 2.2  # the carphone man has 65 pixels
    return np.asarray(cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC), np.uint8)


@needs_data
@pytest.mark.slow
@pytest.mark.parametrize(
    ("person", "clip", "made"),
    [
        ("person_f", "head-pose-face-detection-female.gif", {Action.TURN_RIGHT}),
        ("person_p", "carphone_pristine.mp4", {Action.BLINK}),
        ("person_a", "yes.mkv", {Action.BLINK}),
        ("person_b", "milk.mkv", set()),
        ("person_b", "thanks.mkv", set()),
        ("person_d", "night.mkv", set()),
        ("person_m", "head-pose-face-detection-male.gif", set()),
    ],
)
def test_a_challenge_is_met_by_the_movement_asked_for_alone(
    living: dict[str, dict[str, list[Observation]]], person: str, clip: str, made: set[Action]
) -> None:
    watch, done = Watch(), set()
    for each in living[person][clip]:
        watch.add(each, each.at)
        done |= {action for action in Action if watch.made(action, each.at - SECONDS)}
    assert done == made


@pytest.fixture(scope="module")
def stills(eye: Eye) -> list[Still]:
    """Photos and frames of clips, cut so that the face is in the middle."""
    people = [*data.people("east_asian").values(), *data.people("other").values()]
    pictures = [read_photo(photos[0]) for photos in people[::3]]
    for clips in data.living_clips().values():
        frames = [picture for _, picture in read_clip(clips[0], 2.0)]
        pictures += frames[1:3]
    return [still for picture in pictures if (still := _centred(eye, picture)) is not None]


def _centred(eye: Eye, picture: Picture) -> Still | None:
    subject = eye.look(0.0, picture).subject
    if subject is None:
        return None
    box = subject.face.box
    x, y = (int(each) for each in box.centre)
    wide, high = min(x, picture.shape[1] - x), min(y, picture.shape[0] - y)
    if wide < 0.7 * box.width or high < 0.6 * box.height:
        return None
    return Still(np.ascontiguousarray(picture[y - high : y + high, x - wide : x + wide]), box.height)


def rooms() -> list[Picture]:
    """What is behind a picture held up: a classroom, and walls of other clips, without people."""
    found = []
    for clip in [next(iter((data.folder() or Path()).glob("video/classroom/*"))), data.living_clips()["person_b"][0]]:
        frame = next(iter(read_clip(clip)))[1]
        found.append(np.ascontiguousarray(frame[:, : frame.shape[1] // 4]))
    return found


@needs_data
@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_no_flat_picture_is_accepted(eye: Eye, stills: list[Still], kind: str) -> None:
    behind = rooms()
    for seed in range(FLATS // len(KINDS)):
        watch = Watch()
        for at, picture in flat(kind, seed, stills, behind, frames=24, rate=RATE, size=(480, 360)):
            watch.add(eye.look(at, picture), at)
            assert watch.verdict() is not Verdict.LIVE, (kind, seed, at, watch.figures())
            assert not watch.made(Action.BLINK, at - SECONDS), (kind, seed, at)
            assert not watch.made(Action.TURN_LEFT, at - SECONDS), (kind, seed, at)
            assert not watch.made(Action.TURN_RIGHT, at - SECONDS), (kind, seed, at)


def test_a_living_visitor_signs_in_and_the_photo_of_one_does_not(engine: FaceEngine) -> None:
    """The whole way of a kiosk: engine, decision, liveness. With the package's clip alone it is the same."""
    clip = data.carphone()
    frames = [(at, cv2.resize(picture, (352, 288)).astype(np.uint8)) for at, picture in read_clip(clip)]
    seen = look_at(engine, iter(frames))
    views = [each.subject.embedding for each in seen[:20:5] if each.subject is not None]
    known = {"guest": Template("guest", engine.identity.metric.fuse(views), len(views))}

    def visit(observations: Sequence[Observation]) -> list[object]:
        meeting = Encounter(
            known,
            engine=engine.identity,
            policy=LivenessPolicy.RISK_BASED,
            rng=Random(1),  # noqa: S311 - a test must be repeatable
        )
        return [meeting.see(each, each.at) for each in observations]

    assert [answer for answer in visit(seen) if isinstance(answer, Match)]
    still = frames[3][1]
    held = look_at(engine, iter((0.1 * i, np.roll(still, round(6 * np.sin(i / 3)), axis=1)) for i in range(60)))
    answers = visit(held)
    assert not [answer for answer in answers if isinstance(answer, Match)]
    assert isinstance(answers[-1], Refused | Challenge)


def test_a_clip_that_is_none_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    path.write_text("no video")
    with pytest.raises(Exception, match=r"clip\.mp4 can't be read as a video"):
        list(read_clip(path))
    assert judge_clip([]).verdict is Verdict.UNSURE


def test_a_phones_clip_is_read_upright_and_within_a_frames_bound(tmp_path: Path) -> None:
    """It lies in the file, with a matrix that says how to turn it, and has more pixels than a frame may."""
    path = tmp_path / "phone.mp4"
    with av.open(str(path), "w") as clip:
        stream = clip.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = 2560, 1440, "yuv420p"
        stream.set_display_rotation(-90)
        lying = np.zeros((1440, 2560, 3), np.uint8)
        lying[:, :1280] = 255  # what lies on the left is above when it stands
        for _ in range(3):
            clip.mux(stream.encode(av.VideoFrame.from_ndarray(lying, "bgr24")))
        clip.mux(stream.encode())
    frames = list(read_clip(path))
    assert [at for at, _ in frames] == pytest.approx([0.0, 0.1, 0.2])
    height, width = frames[0][1].shape[:2]
    assert width * height <= FRAME_PIXELS
    assert height > width
    assert frames[0][1][: height // 3].mean() > 250
    assert frames[0][1][-height // 3 :].mean() < 5


def test_of_two_verdicts_as_common_the_better_one_holds() -> None:
    live, unsure, flat_one = Verdict.LIVE, Verdict.UNSURE, Verdict.FLAT
    assert commonest([unsure, live]) is commonest([live, unsure]) is live
    assert commonest([flat_one, unsure]) is unsure
    assert commonest([unsure, live, unsure]) is unsure
