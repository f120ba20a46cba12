"""A made-up head of known depth: turned it is told from a plane, a bent sheet, and noise."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from edge_agent.faces.face import Floats, floats
from edge_agent.faces.liveness.solid import Relief, Turn

FRAMES = 26
RNG = np.random.default_rng(3)
PLAIN = floats(RNG.uniform(-0.8, 0.8, (400, 2)))
MARKS = floats(RNG.uniform(-1, 1, (468, 2)))
SCALE = 50.0
"""Pixels of half a face; an eye distance is 45 of them."""


def depth_at(points: Floats) -> Floats:
    """An ellipsoid with a nose, in eye distances, nearer is smaller."""
    x, y = points.T
    return floats(0.9 * (x**2 + 0.7 * y**2) - 0.5 * np.exp(-(x**2 + (y - 0.1) ** 2) / 0.03))


SMOOTH = floats(np.stack([PLAIN[:, 0] ** i * PLAIN[:, 1] ** j for i in range(4) for j in range(4 - i)], axis=1))
PLANE = floats(np.stack([np.ones(400), *PLAIN.T], axis=1))
SWAY = floats(np.sin(np.linspace(0, 5, FRAMES)))


def without(terms: Floats, field: Floats) -> Floats:
    """A field (t, n, 2) less what the terms explain."""
    flat = field.transpose(1, 0, 2).reshape(len(PLAIN), -1)
    left = flat - terms @ np.linalg.lstsq(terms, flat, rcond=None)[0]
    return floats(left.reshape(len(PLAIN), FRAMES, 2).transpose(1, 0, 2))


def moved(across: Floats) -> Floats:
    """A motion along the line of the eyes (n,), back and forth over time (t, n, 2)."""
    field = np.zeros((FRAMES, len(PLAIN), 2))
    field[..., 0] = SWAY[:, None] * across
    return floats(field)


def turn_of(field: Floats, noise: float = 0.0) -> Turn:
    shaken = floats(field + np.random.default_rng(5).normal(0, noise, field.shape))
    relief = Relief(
        where=floats(PLAIN * SCALE),
        plain=PLAIN,
        landmarks=floats(MARKS * SCALE),
        depth=depth_at(MARKS),
        smooth=SMOOTH,
    )
    return relief.turn(without(PLANE, shaken), without(SMOOTH, shaken))


@pytest.mark.parametrize("degrees", [1.0, 4.0])
def test_a_head_that_turns_tells_its_angle_twice(degrees: float) -> None:
    turn = turn_of(moved(np.radians(degrees) * depth_at(PLAIN)), noise=0.002)
    assert turn.is_heads
    assert turn.agreement > 0.9
    assert turn.angle == pytest.approx(np.radians(degrees) * SWAY.std(), rel=0.5)


@pytest.mark.parametrize(
    "bend", [lambda x: x**2, lambda x: x**3, lambda x: x**2 + 0.5 * x**3], ids=["bow", "wave", "both"]
)
def test_a_bent_sheet_moves_no_nose(bend: Callable[[Floats], Floats]) -> None:
    assert not turn_of(moved(floats(0.05 * bend(PLAIN[:, 0]))), noise=0.001).is_heads


def test_noise_agrees_with_nothing() -> None:
    turn = turn_of(moved(floats(np.zeros(400))), noise=0.01)
    assert turn.explained < 0.1
    assert not turn.is_heads
