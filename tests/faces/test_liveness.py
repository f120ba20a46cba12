"""Living people are taken for living, flat pictures never: real clips and rendered spoofs through the kiosk's code.

The few flats here are a sample: `campaign.py` renders them at length, and docs/faces.md has its figures.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from random import Random

import av
import cv2
import numpy as np
import pytest

from edge_agent.faces.answer import Action, Challenge, LivenessPolicy, Match, Refused
from edge_agent.faces.clips import commonest, judge_clip, look_at, read_clip
from edge_agent.faces.encounter import Encounter
from edge_agent.faces.face import Observation
from edge_agent.faces.images import FRAME_PIXELS
from edge_agent.faces.liveness.challenge import SECONDS
from edge_agent.faces.liveness.passive import LIVE_SCORE, LONGEST_SECONDS, Verdict
from edge_agent.faces.liveness.watch import Watch
from edge_agent.faces.process import FaceEngine
from edge_agent.faces.template import Template
from edge_agent.simulator.visitor import FPS, read_person
from tests import data
from tests.faces.conftest import nobody
from tests.faces.eye import Eye, enlarged, follow, rooms, shots, stills, windows
from tests.faces.flats import KINDS, flat
from tests.faces.scenes import BARE, SCENES, bare, scene

FLATS = 36
RATE = 10.0
SHARE_LIVING = 0.7
SHARE_NEAR, NEAR = 0.85, 120.0
"""Of those whose face is so many pixels tall."""
LEAST_OF_SIX = 5

needs_data = pytest.mark.skipif(data.folder() is None, reason="needs clips of people: set EDGE_AGENT_TEST_DATA")


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
        seen = {clip.name: [eye.look(at, enlarged(picture)) for at, picture in read_clip(clip)] for clip in clips[:2]}
        tall = [each.subject.face.box.height for clip in seen.values() for each in clip if each.subject]
        assert np.median(tall) >= NEAR
        shares[person] = accepted(seen)
    assert min(shares.values()) >= SHARE_NEAR, shares


@needs_data
@pytest.mark.slow
@pytest.mark.parametrize("person", ["person_a", "person_p"])
def test_the_living_are_accepted_by_a_slow_machine(eye: Eye, person: str) -> None:
    """Four frames a second, of somebody who stays: most are let in before a movement would be asked for."""
    pictures = read_person(data.living_clips()[person][0]).pictures
    seen = [eye.look(0.0, picture) for picture in pictures]
    rate, last, live = 4.0, len(seen) - 1, 0
    for begins in range(6):
        watch = Watch()
        for number in range(40):
            step = begins * 7 + round(number * FPS / rate)
            watch.add(seen[last - abs(last - step % (2 * last))], number / rate)
            if watch.full or watch.verdict() is Verdict.LIVE:
                break
        live += watch.verdict() is Verdict.LIVE
    assert live >= LEAST_OF_SIX


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


@needs_data
@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_no_flat_picture_is_accepted(eye: Eye, kind: str) -> None:
    held, behind = stills(eye), rooms()
    for seed in range(FLATS // len(KINDS)):
        passed = follow(eye, flat(kind, seed, held, behind, frames=24, rate=RATE, size=(480, 360)))
        assert not passed.live, (kind, seed, passed)
        assert not passed.made, (kind, seed, passed)


@needs_data
@pytest.mark.slow
@pytest.mark.parametrize("rate", [2.0, 3.0, 4.0])
def test_no_flat_picture_is_accepted_by_a_slow_machine(eye: Eye, rate: float) -> None:
    """Which looks for longer: as many seconds as it may."""
    for kind in KINDS[:: len(KINDS) // 3]:
        held = flat(kind, 1, stills(eye), rooms(), frames=round(rate * (LONGEST_SECONDS + 1)), rate=rate)
        passed = follow(eye, held)
        assert not passed.live, (kind, passed)
        assert not passed.made, (kind, passed)


@needs_data
@pytest.mark.slow
@pytest.mark.parametrize("kind", SCENES[::4])
def test_no_flat_picture_of_another_renderer_is_accepted(eye: Eye, kind: str) -> None:
    passed = follow(eye, scene(kind, 0, shots(eye), rooms()))
    assert not passed.live, passed
    assert not passed.made, passed


@needs_data
@pytest.mark.slow
@pytest.mark.parametrize("seed", [11, 12])
def test_a_sheet_that_flutters_is_not_accepted(eye: Eye, seed: int) -> None:
    """Waves as short as a face is high: no bow explains them, and the score alone takes these two for living."""
    passed = follow(eye, scene("whole-wave", seed, shots(eye), rooms()))
    assert passed.score > LIVE_SCORE
    assert not passed.live, passed


@needs_data
@pytest.mark.parametrize("kind", BARE)
def test_no_still_without_noise_is_accepted(eye: Eye, kind: str) -> None:
    passed = follow(eye, bare(kind, 0, shots(eye)))
    assert not passed.live, passed
    assert not passed.made, passed


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


def test_a_clip_of_less_than_a_second_is_said_to_be_one() -> None:
    assert "shorter than 1 s" in judge_clip([nobody(0.0), nobody(0.6)]).reasons[0]
    assert "shorter" not in judge_clip([nobody(0.0), nobody(1.2)]).reasons[0]


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
