"""What a sheet of paper does beyond bending: a ripple runs through all of it, and moves every point of the face.

A living face moves its mouth and its lids, and between them hardly anything. So a warp without corners explains nearly
all that a rippling sheet does, and less of what a living face does.
"""

from __future__ import annotations

import numpy as np

from edge_agent.faces.face import Floats, floats

_RIPPLE = 6
"""The degree of that warp: waves as short as a face is high."""


def polynomials(plain: Floats, degree: int) -> Floats:
    """The terms x**i * y**j of up to this degree at each point (n, terms); `plain` (n, 2) is in a unit near 1."""
    x, y = plain.T
    return floats(np.stack([x**i * y**j for i in range(degree + 1) for j in range(degree + 1 - i)], axis=1))


class Sheet:
    """The points that flow is followed at, as if they lay on paper."""

    def __init__(self, plain: Floats) -> None:
        self._terms = floats(np.linalg.qr(polynomials(plain, _RIPPLE))[0])

    def ripple(self, alive: Floats) -> float:
        """The share of a field's motion over time (t, n, 2) that a ripple explains, 0 to 1."""
        moved = alive - alive.mean(axis=0)
        flat = moved.transpose(1, 0, 2).reshape(moved.shape[1], -1)
        return float(((self._terms.T @ flat) ** 2).sum() / max(float((flat**2).sum()), 1e-9))
