"""Each flaw is seen, has its advice and its hint, and good views have none."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import cv2
import numpy as np
import pytest

from edge_agent.faces.answer import Hint
from edge_agent.faces.clips import look_at, read_clip
from edge_agent.faces.face import Box, Look, Observation, Picture
from edge_agent.faces.process import FaceEngine
from edge_agent.faces.quality import ENROLMENT, KIOSK, Flaw, advice, flaws, hint
from tests import data
from tests.faces.conftest import GOOD, face_at, jpeg, nobody, on_wall, seen, unit

EMBEDDING = unit(1)


def of(look: Look = GOOD, x: float = 260, width: float = 120, others: tuple[Box, ...] = ()) -> Observation:
    return seen(EMBEDDING, face=face_at(x=x, width=width), look=look, others=others)


@pytest.mark.parametrize(
    ("observation", "flaw"),
    [
        (nobody(), Flaw.NOBODY),
        (of(others=(Box(10, 10, 110, 150),)), Flaw.SEVERAL),
        (of(x=-20), Flaw.CUT_OFF),
        (of(width=40), Flaw.SMALL),
        (of(replace(GOOD, light=20)), Flaw.DARK),
        (of(replace(GOOD, light=250)), Flaw.BRIGHT),
        (of(replace(GOOD, contrast=5)), Flaw.FLAT_LIGHT),
        (of(replace(GOOD, covered=1.6)), Flaw.COVERED),
        (of(replace(GOOD, sharpness=1.5)), Flaw.BLURRED),
    ],
)
def test_each_flaw_is_named_first_of_all(observation: Observation, flaw: Flaw) -> None:
    for gates in (KIOSK, ENROLMENT):
        found = flaws(observation, gates)
        assert found[0] is flaw
        assert hint(found) is not Hint.WAIT


def test_a_good_view_has_none_and_every_flaw_has_its_advice() -> None:
    assert flaws(of(), ENROLMENT) == []
    assert hint([]) is Hint.WAIT
    assert len({advice([flaw]) for flaw in Flaw}) == len(Flaw)
    assert all(hint([flaw]) in Hint for flaw in Flaw)


def test_somebody_small_in_the_background_is_no_rival() -> None:
    assert flaws(of(others=(Box(10, 10, 30, 40),)), ENROLMENT) == []


def test_a_real_portrait_passes_and_its_spoilt_copies_do_not(engine: FaceEngine, portrait: Picture) -> None:
    def found(picture: Picture) -> list[Flaw]:
        return flaws(engine.ask(jpeg(picture)), ENROLMENT)

    whole = on_wall(portrait, side=400, left=120)
    assert found(whole) == []
    assert Flaw.BLURRED in found(cv2.GaussianBlur(whole, (0, 0), 6).astype(np.uint8))
    assert Flaw.DARK in found((whole * 0.2).astype(np.uint8))
    assert Flaw.SMALL in found(on_wall(portrait, side=150))
    subject = engine.ask(jpeg(whole)).subject
    assert subject is not None
    assert subject.mesh is not None
    for colour in [(200, 180, 150), (245, 245, 245), (40, 40, 40)]:
        masked = whole.copy()
        # nose, jaw and chin: what a surgical mask covers
        edge = subject.mesh.points[[4, 132, 58, 172, 150, 148, 152, 377, 379, 397, 288, 361], :2]
        cv2.fillPoly(masked, [cv2.convexHull(edge.astype(np.int32))], colour)
        assert Flaw.COVERED in found(masked), colour
        assert Flaw.COVERED in found(soft(masked)), colour
    assert Flaw.COVERED not in found(soft(whole)), "a soft picture is no mask"


def soft(picture: Picture) -> Picture:
    """As a poor webcam has it."""
    small = cv2.GaussianBlur(cv2.resize(picture, None, fx=0.4, fy=0.4, interpolation=cv2.INTER_AREA), (0, 0), 0.9)
    return np.asarray(cv2.resize(small, None, fx=2.5, fy=2.5), np.uint8)


@pytest.mark.skipif(data.folder() is None, reason="needs clips of people: set EDGE_AGENT_TEST_DATA")
def test_people_before_a_soft_webcam_are_seen_and_told_to_take_off_no_mask(engine: FaceEngine) -> None:
    for person, clips in data.living_clips().items():
        seen = look_at(engine, (frame for clip in clips for frame in read_clip(clip, 2.0)))
        told = Counter(flaw for each in seen for flaw in flaws(each, KIOSK))
        assert told[Flaw.COVERED] == 0, person
        assert told[Flaw.BLURRED] <= 0.1 * len(seen), person
