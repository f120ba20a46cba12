"""A visit from stepping up to leaving. Made-up faces where only identity matters, real clips where life does."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest

from edge_agent.faces.answer import (
    Action,
    Answer,
    Cause,
    Challenge,
    Confirm,
    Guide,
    Hint,
    Liveness,
    LivenessPolicy,
    Match,
    Refused,
    Unknown,
)
from edge_agent.faces.backend import OPENCV
from edge_agent.faces.encounter import CHALLENGES, GONE_SECONDS, Encounter
from edge_agent.faces.face import Box, Detection, Floats, Mesh, Observation, floats
from edge_agent.faces.liveness.challenge import SECONDS, Examiner
from edge_agent.faces.template import Template
from tests.faces.conftest import face_at, near, nobody, seen, unit

ANNA, BAO, STRANGER = unit(1), unit(2), unit(3)
KNOWN = {"anna": ANNA, "bao": BAO}


def templates(**people: Floats) -> dict[str, Template]:
    return {name: Template(name, OPENCV.metric.fuse([view]), 2) for name, view in people.items()}


def encounter(policy: LivenessPolicy = LivenessPolicy.OFF, seed: int = 0, **people: Floats) -> Encounter:
    return Encounter(templates(**(people or KNOWN)), engine=OPENCV, policy=policy, rng=Random(seed))  # noqa: S311 - a test must be repeatable


def feed(
    meeting: Encounter, who: Floats, *, start: float = 0.0, seconds: float = 1.0, mesh: Mesh | None = None
) -> list[Answer]:
    """Ten frames a second of one person."""
    times = np.arange(start, start + seconds, 0.1)
    return [meeting.see(seen(near(who, i, 0.3), at=t, mesh=mesh), float(t)) for i, t in enumerate(times)]


def last(answers: list[Answer]) -> Answer:
    return answers[-1]


def test_who_steps_up_is_named_after_three_frames_and_once_a_visit() -> None:
    answers = feed(encounter(), ANNA)
    assert [type(answer) for answer in answers[:3]] == [Guide, Guide, Match]
    assert isinstance(answers[-1], Match)
    assert answers[-1].trainee == "anna"
    assert answers[-1] is answers[2], "a final answer is repeated until the person leaves"
    recognition = answers[-1].evidence.recognition()
    assert recognition.engine.startswith("opencv/yunet")
    assert recognition.frames == 3
    assert recognition.liveness == "off"


def test_the_next_person_is_another_visit() -> None:
    meeting = encounter()
    first, second = last(feed(meeting, ANNA)), last(feed(meeting, BAO, start=1.0))
    assert isinstance(first, Match)
    assert isinstance(second, Match)
    assert (first.trainee, second.trainee) == ("anna", "bao")
    assert second.visit > first.visit


def test_who_comes_back_is_another_visit() -> None:
    meeting = encounter()
    first = last(feed(meeting, ANNA))
    assert meeting.see(nobody(), 1.0 + 0.5 * GONE_SECONDS) is first, "a blinked frame is no leaving"
    gone = meeting.see(nobody(), 2.0 + GONE_SECONDS)
    assert gone == Guide(visit=first.visit, hint=Hint.NOBODY)
    assert last(feed(meeting, ANNA, start=4.0)).visit > first.visit


def test_a_stranger_is_unknown_only_after_some_patience() -> None:
    answers = feed(encounter(), STRANGER, seconds=3.0)
    assert isinstance(answers[15], Guide)
    assert isinstance(last(answers), Unknown)


def test_a_doubtful_face_goes_to_the_instructor() -> None:
    cousin = floats(ANNA + near(ANNA, 7, 0.4))
    answer = last(feed(encounter(anna=ANNA, cousin=cousin), ANNA, seconds=3.0))
    assert isinstance(answer, Confirm)
    assert set(answer.candidates) == {"anna", "cousin"}


def test_frames_of_two_people_are_never_mixed() -> None:
    """Two frames of one and one of another, in the same place: no name comes of it."""
    meeting = encounter()
    answers = [meeting.see(seen(who, at=t), t) for t, who in [(0.0, ANNA), (0.1, ANNA), (0.2, BAO), (0.3, ANNA)]]
    assert not [answer for answer in answers if isinstance(answer, Match)]


@pytest.mark.parametrize(
    ("observation", "told"),
    [
        (seen(ANNA, others=(Box(0, 100, 115, 150),)), Hint.ONE_AT_A_TIME),
        (seen(ANNA, face=face_at(width=40)), Hint.CLOSER),
        (seen(ANNA, face=face_at(x=-30)), Hint.BACK),
        (seen(ANNA, face=face_at(width=20)), Hint.NOBODY),
        (nobody(), Hint.NOBODY),
    ],
)
def test_guidance(observation: Observation, told: Hint) -> None:
    meeting = encounter()
    for t in (0.0, 0.1, 0.2, 0.3, 0.4):
        answer = meeting.see(observation, t)
        assert isinstance(answer, Guide)
        assert answer.hint is told


def test_other_lessons_at_hand_judge_the_person_in_view_anew() -> None:
    meeting = encounter(bao=BAO)
    assert isinstance(last(feed(meeting, ANNA, seconds=3.0)), Unknown)
    meeting.expect(templates(anna=ANNA))
    answer = last(feed(meeting, ANNA, start=3.0, seconds=0.3))
    assert isinstance(answer, Match)
    meeting.expect({})
    assert meeting.see(seen(ANNA), 3.4) is answer, "who is known stays known"
    assert len(meeting.views()) >= 3


def test_without_landmarks_nobody_is_taken_for_living() -> None:
    """An engine whose landmarker fails must not open the door: the challenge can't be met either."""
    meeting = encounter(LivenessPolicy.RISK_BASED)
    answers = feed(meeting, ANNA, seconds=3.0)
    assert not [answer for answer in answers if isinstance(answer, Match)]


# A frontal mesh, made up: only what the measures read.
def mesh_of(face: Detection, *, yaw: float = 0.0, openness: float = 0.3, jitter: int = 0) -> Mesh:
    rng = np.random.default_rng(5)
    points = np.zeros((478, 3), np.float32)
    right, left = face.points[:2]
    unit_ = float(np.linalg.norm(left - right))
    middle = (right + left) / 2
    points[:468, :2] = middle + rng.normal(size=(468, 2)) * 0.5 * unit_
    points[468, :2], points[473, :2] = right, left
    points[1, :2] = middle + np.array([yaw * unit_, 0.6 * unit_])
    points[[61, 291], :2] = middle + np.array([(-0.35 * unit_, 1.1 * unit_), (0.35 * unit_, 1.1 * unit_)])
    for eye, at in (((33, 160, 158, 133, 153, 144), right), ((362, 385, 387, 263, 373, 380), left)):
        half = 0.2 * unit_
        lid = openness * 2 * half / 2
        offsets = [(-half, 0), (-half / 2, -lid), (half / 2, -lid), (half, 0), (half / 2, lid), (-half / 2, lid)]
        points[list(eye), :2] = at + np.array(offsets)
    patch = np.full((160, 160), 120, np.uint8)
    patch[40:120:8] = 60 + jitter
    return Mesh(points, 15.0, patch, (float(middle[0] - 80), float(middle[1] - 80)), 1.0)


def turned(face: Detection, yaw: float) -> Detection:
    points = face.points.copy()
    points[2, 0] = (points[0, 0] + points[1, 0]) / 2 + yaw * (points[1, 0] - points[0, 0])
    return Detection(face.box, floats(points), face.score)


def asked(meeting: Encounter, rate: float = 10.0) -> tuple[Challenge, float]:
    """A still person, until the kiosk asks for a movement."""
    for i in range(80):
        t = i / rate
        answer = meeting.see(seen(near(ANNA, i, 0.3), at=t, mesh=mesh_of(face_at())), t)
        if isinstance(answer, Challenge):
            return answer, t
    raise AssertionError("no challenge")


def turn_until_answered(meeting: Encounter, start: float, yaw: float, seconds: float = 2 * SECONDS + 1) -> list[Answer]:
    answers = []
    for i in range(int(seconds * 10)):
        t = start + 0.1 * (i + 1)
        face = turned(face_at(), yaw * min(1.0, i / 8))
        answers.append(
            meeting.see(seen(near(ANNA, i, 0.3), at=t, face=face, mesh=mesh_of(face, yaw=yaw * min(1.0, i / 8))), t)
        )
    return answers


def seed_that_asks(action: Action, policy: LivenessPolicy) -> int:
    for seed in range(50):
        challenge, _ = asked(encounter(policy, seed))
        if challenge.action is action:
            return seed
    raise AssertionError(f"{action} is never asked for")


@pytest.mark.parametrize("policy", [LivenessPolicy.RISK_BASED, LivenessPolicy.ALWAYS])
@pytest.mark.parametrize(("action", "yaw"), [(Action.TURN_LEFT, 0.6), (Action.TURN_RIGHT, -0.6)])
def test_the_movement_asked_for_opens(policy: LivenessPolicy, action: Action, yaw: float) -> None:
    meeting = encounter(policy, seed_that_asks(action, policy))
    challenge, at = asked(meeting)
    assert 0 < challenge.seconds <= SECONDS
    matches = [answer for answer in turn_until_answered(meeting, at, yaw, 2.0) if isinstance(answer, Match)]
    assert matches
    assert matches[0].trainee == "anna"
    assert matches[0].evidence.liveness is Liveness.CHALLENGE


def test_before_a_slow_machine_more_time_is_given_before_a_movement_is_asked_for() -> None:
    """Three seconds of a few frames tell hardly anybody who lives from a picture."""
    at = {rate: asked(encounter(LivenessPolicy.RISK_BASED), rate)[1] for rate in (10.0, 6.0, 4.0, 3.0, 2.0)}
    assert at == pytest.approx({10.0: 2.8, 6.0: 2.83, 4.0: 4.25, 3.0: 5.33, 2.0: 5.5}, abs=0.1)


def test_another_movement_does_not_and_after_two_challenges_it_is_over() -> None:
    meeting = encounter(LivenessPolicy.RISK_BASED, seed_that_asks(Action.BLINK, LivenessPolicy.RISK_BASED))
    first, at = asked(meeting)
    answers = feed(meeting, ANNA, start=at + 0.1, seconds=2 * SECONDS + 1, mesh=mesh_of(face_at()))
    challenges = {answer.action for answer in answers if isinstance(answer, Challenge)}
    assert len(challenges) == 2, "never the same movement twice in a row"
    assert first.action in challenges
    final = last(answers)
    assert isinstance(final, Refused)
    assert final.cause is Cause.CHALLENGE_FAILED
    assert final.evidence.liveness is Liveness.UNSURE


def test_a_still_face_is_for_the_instructor_where_only_motion_is_asked() -> None:
    meeting = encounter(LivenessPolicy.PASSIVE)
    answers = feed(meeting, ANNA, seconds=4.0, mesh=mesh_of(face_at()))
    final = last(answers)
    assert isinstance(final, Confirm)
    assert final.candidates[0] == "anna"
    assert final.evidence.liveness is Liveness.UNSURE


def test_no_movement_is_asked_twice_in_a_row_and_no_sequence_of_two_visits() -> None:
    examiner = Examiner(Random(1))  # noqa: S311 - a test must be repeatable
    before: tuple[Action, ...] = ()
    last: Action | None = None
    sequences = set()
    for visit in range(600):
        asked: tuple[Action, ...] = ()
        for number in range(1 + visit % CHALLENGES):
            asked = (*asked, examiner.draw(opening=number == 0))
            assert asked[-1] is not last
            last = asked[-1]
        assert asked != before
        assert asked[:1] != before[:1]
        before = asked
        sequences.add(asked)
    assert len(sequences) == 9, "each movement alone, and each followed by each other one"
