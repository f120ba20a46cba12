"""Names are given only when frames agree, the score is high, and nobody else is near."""

from __future__ import annotations

import numpy as np
import pytest

from edge_agent.faces.backend import OPENCV
from edge_agent.faces.decide import LEAST_FRAMES, Decider, Outcome, Roster
from edge_agent.faces.face import Floats, floats
from tests.faces.conftest import near, unit


def roster(**people: Floats) -> Roster:
    return Roster({name: OPENCV.metric.fuse([view]) for name, view in people.items()}, OPENCV)


def mixed(a: Floats, b: Floats, share: float) -> Floats:
    """A view whose cosine to `a` is `share`, the rest towards `b`."""
    x = a / np.linalg.norm(a)
    y = b - (b @ x) * x
    return floats(12 * (share * x + (1 - share**2) ** 0.5 * y / np.linalg.norm(y)))


ANNA, BAO, STRANGER = unit(1), unit(2), unit(3)


def decide(*views: Floats, known: Roster | None = None) -> Outcome:
    return (known or roster(anna=ANNA, bao=BAO)).decide(list(views), OPENCV.thresholds.match).outcome


def test_three_frames_of_a_member_are_a_match() -> None:
    found = roster(anna=ANNA, bao=BAO).decide([near(ANNA, seed) for seed in (4, 5, 6)], OPENCV.thresholds.match)
    assert (found.outcome, found.name, found.frames) == (Outcome.MATCH, "anna", 3)
    assert found.score > 0.8
    assert found.margin > 0.5


def test_nothing_is_decided_before_there_are_frames_enough() -> None:
    decider = Decider(roster(anna=ANNA))
    for seed in range(LEAST_FRAMES - 1):
        decider.add(near(ANNA, seed))
        assert decider.decision() is None
    decider.add(near(ANNA, 9))
    decision = decider.decision()
    assert decision is not None
    assert decision.outcome is Outcome.MATCH


def test_a_stranger_is_unknown() -> None:
    assert decide(STRANGER, near(STRANGER, 4), near(STRANGER, 5)) is Outcome.UNKNOWN


@pytest.mark.parametrize(
    ("share", "outcome"),
    [
        (0.9, Outcome.MATCH),
        (0.5, Outcome.MATCH),
        (0.45, Outcome.CONFIRM),
        (0.39, Outcome.CONFIRM),
        (0.3, Outcome.UNKNOWN),
    ],
)
def test_between_match_and_unknown_the_instructor_decides(share: float, outcome: Outcome) -> None:
    view = mixed(ANNA, STRANGER, share)
    assert decide(view, view, view) is outcome


def test_two_who_are_alike_are_for_the_instructor_however_high_the_score() -> None:
    twin = mixed(ANNA, STRANGER, 0.97)
    known = roster(anna=ANNA, twin=twin)
    view = mixed(ANNA, twin, 0.995)
    found = known.decide([view] * 3, OPENCV.thresholds.match)
    assert found.score > 0.9
    assert found.outcome is Outcome.CONFIRM
    assert set(found.candidates) == {"anna", "twin"}


def test_frames_that_disagree_are_doubtful() -> None:
    views = [mixed(ANNA, BAO, 0.99), mixed(BAO, ANNA, 0.85), mixed(BAO, ANNA, 0.85), mixed(ANNA, BAO, 0.99)]
    assert decide(*views) is Outcome.CONFIRM


def test_nobody_is_expected_so_nobody_is_known() -> None:
    empty = Roster({}, OPENCV)
    assert len(empty) == 0
    found = empty.decide([ANNA] * 3, OPENCV.thresholds.match)
    assert (found.outcome, found.candidates) == (Outcome.UNKNOWN, ())


def test_old_frames_give_way() -> None:
    decider = Decider(roster(anna=ANNA, bao=BAO))
    for seed in range(10):
        decider.add(near(BAO, seed))
    for seed in range(7):
        decider.add(near(ANNA, seed))
    decision = decider.decision()
    assert decision is not None
    assert decision.name == "anna"
    assert decision.outcome is Outcome.MATCH
