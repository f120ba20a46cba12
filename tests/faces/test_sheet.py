"""What a ripple explains: all of a wave that runs through a sheet, little of a mouth that moves."""

from __future__ import annotations

import numpy as np
import pytest

from edge_agent.faces.face import Floats, floats
from edge_agent.faces.liveness.sheet import Sheet, polynomials

RNG = np.random.default_rng(7)
PLACES = floats(RNG.uniform(-0.8, 0.8, (400, 2)))
TIMES = np.linspace(0, 6, 30)


def field(motion: Floats) -> Floats:
    """Points (t, n) that move along the line of the eyes (t, n, 2)."""
    return floats(np.stack([motion, np.zeros_like(motion)], axis=-1))


@pytest.mark.parametrize("length", [1.0, 1.5, 3.0])
def test_it_explains_a_wave_that_runs_through_a_sheet(length: float) -> None:
    wave = np.sin(2 * np.pi * PLACES[None, :, 1] / (2 * length) - TIMES[:, None])
    assert Sheet(PLACES).ripple(field(floats(wave))) > 0.95


def test_it_explains_little_of_a_mouth_that_moves_and_of_noise() -> None:
    mouth = np.exp(-((PLACES[:, 0] / 0.2) ** 2) - ((PLACES[:, 1] - 0.4) / 0.08) ** 2)
    assert Sheet(PLACES).ripple(field(floats(np.sin(TIMES)[:, None] * mouth))) < 0.7
    assert Sheet(PLACES).ripple(field(floats(RNG.normal(size=(30, 400))))) < 0.15
    assert Sheet(PLACES).ripple(field(floats(np.zeros((30, 400))))) == 0.0


def test_terms_of_a_degree() -> None:
    assert polynomials(PLACES, 3).shape == (400, 10)
    assert polynomials(PLACES, 6).shape == (400, 28)
