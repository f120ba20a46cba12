"""Whether a face turns as a solid head does: by how much its points stand out from the plane, all by one angle.

A head that turns by a degree moves its nose against its cheeks, and its cheeks against its ears, by the depth of each.
The landmarker knows that depth; so one angle, fitted to the whole face, must explain much of what a homography leaves,
and the nose alone must tell the same angle. A bent picture moves the whole of a face like that, but not its nose;
noise and codecs move either, but not both together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edge_agent.faces.face import Floats, floats
from edge_agent.faces.liveness.geometry import FACE

_NEAREST = 4.0
"""Square pixels: softens the weight of a landmark that a point lies on."""
_EXPLAINED, _AGREEMENT, _RATIO, _ANGLE = 0.2, 0.65, (0.18, 1.2), 0.005
"""Of 407 flats none passed them all; the nearest missed one by a sixth, the next by a third: docs/faces.md."""


@dataclass(frozen=True, slots=True)
class Turn:
    """`explained` is the share of the motion that one solid turn explains, `agreement` the correlation of the whole
    face's angle with the nose's over time, `ratio` the nose's angle over the whole's, `angle` in radians how far both
    went together.
    """

    explained: float
    agreement: float
    ratio: float
    angle: float

    @property
    def is_heads(self) -> bool:
        """Whether it is a head's, beyond what flat pictures do."""
        strong = self.explained >= _EXPLAINED and self.angle >= _ANGLE
        return strong and self.agreement >= _AGREEMENT and _RATIO[0] <= self.ratio <= _RATIO[1]


class Relief:
    """Depth at the points that flow is followed at: what a small turn does there, less what a plane could do too."""

    def __init__(self, where: Floats, plain: Floats, landmarks: Floats, depth: Floats, smooth: Floats) -> None:
        """`where` (n, 2) and `landmarks` (468, 2) in the reference's pixels; `depth` (468) in eye distances.

        `plain` (n, 2) are the points in a unit near 1, `smooth` (n, 10) the terms of a warp that bent paper makes.
        """
        apart = ((where[:, None] - landmarks[None, :FACE]) ** 2).sum(axis=-1) + _NEAREST
        weights = 1 / apart**2
        relief = (weights * depth[:FACE]).sum(axis=1) / weights.sum(axis=1)
        none = np.zeros_like(relief)
        flat, _ = np.linalg.qr(_plane_motions(plain))
        turns = np.stack([np.concatenate([relief, none]), np.concatenate([none, relief])], axis=1)
        self._turns = floats(turns - flat @ (flat.T @ turns))
        self._solve = floats(np.linalg.pinv(self._turns))
        nose = relief - smooth @ np.linalg.lstsq(smooth, relief, rcond=None)[0]
        self._nose = floats(nose / max(float(nose @ nose), 1e-6))

    def turn(self, bent: Floats, alive: Floats) -> Turn:
        """The turn in smoothed fields (t, n, 2) over time: `bent` less a plane's motion, `alive` less a smooth warp."""
        field = np.concatenate([bent[..., 0], bent[..., 1]], axis=1)
        whole = _centred(field @ self._solve.T)
        nose = _centred(np.einsum("tnk,n->tk", alive, self._nose))
        together, extent = float((whole * nose).sum()), float((whole**2).sum())
        return Turn(
            explained=float(((whole @ self._turns.T) ** 2).sum() / max(float((_centred(field) ** 2).sum()), 1e-9)),
            agreement=together / max(float(np.sqrt(extent * (nose**2).sum())), 1e-9),
            ratio=together / max(extent, 1e-9),
            angle=float(np.sqrt(max(together, 0.0) / len(field))),
        )


def _plane_motions(plain: Floats) -> Floats:
    """The eight small motions of a plane seen in perspective (2n, 8)."""
    x, y = plain.T
    one, none = np.ones_like(x), np.zeros_like(x)
    motions: Sequence[tuple[Floats, Floats]] = [
        (one, none),
        (x, none),
        (y, none),
        (none, one),
        (none, x),
        (none, y),
        (x * x, x * y),
        (x * y, y * y),
    ]
    return floats(np.stack([np.concatenate(each) for each in motions], axis=1))


def _centred(values: Floats) -> Floats:
    return floats(values - values.mean(axis=0))
