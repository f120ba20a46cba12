"""Liveness without asking: what a face does within three seconds, in figures, and the figures in one score."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from math import hypot, log

import numpy as np

from edge_agent.faces.face import Floats, Mesh, floats
from edge_agent.faces.liveness.geometry import FACE, eye_distance, eye_openness, turn
from edge_agent.faces.liveness.register import Motion, Reference
from edge_agent.faces.liveness.solid import Turn

WINDOW_SECONDS = 3.0
LONGEST_SECONDS, ENOUGH_FRAMES = 6.0, 18
"""Before a slow machine the window lasts longer, until it holds so many frames: three seconds of a Raspberry Pi 4's six
a second. With two or three a second a face that lives would hardly ever be told from a flat one in three.
"""
LEAST_SECONDS = 1.0
LEAST_FRAMES = 8
_SMOOTHED = 5
"""Frames averaged: what lips do lasts longer than that, what a codec or a sensor does less."""
_LOST = 2
"""After so many frames in a row that fit no reference a further one is taken."""


class Verdict(StrEnum):
    LIVE = "live"
    FLAT = "flat"
    UNSURE = "unsure"


# Fitted by logistic regression, leaving one person out at a time, on living clips and 700 rendered flats. The best of
# these flats reaches 0.6, the next -0.5; clips of people left out of a fit begin at 2.2, but for one who keeps still.
BIAS, RELIEF, ALIVE, LOCAL, ALONE = 14.0, 1.1, 1.6, 3.2, 2.8
_EYES, _MOST_ALONE = 1.35, 2.0
LIVE_SCORE = 1.7
FLAT_SCORE = -8.0
_MOVED = 0.5
"""Eye distances: a living head that went so far has turned a little, too."""
_LIDS, _LIDS_ALONE, _LIDS_DOWN = 0.42, 2.5, 0.04
"""Of flats whose eyes changed that much more than their mouth the eyes' figure was at most 0.31."""
STEADY = 3.5
"""Eye distances: a face that goes farther is not laid over another well enough to tell. People at a kiosk went 2.3."""
_FLUTTERS, _RIPPLED = 0.007, 0.88
"""Living faces that move so much reach 0.86, sheets that ripple strongly 0.90 to 0.95."""
_SOLID_SECONDS, _SOLID_SCORE = 2.0, -5.0
"""A solid turn counts over so long, in a face that is not surely flat by all else."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What happened in the window. Lengths are in eye distances.

    `relief` and `alive` are how far points of the face move over time against a flat and against a smoothly bent
    surface; `mouth` and `eyes` how strongly these regions changed, relative to their contrast and to what noise
    explains, multiplied; `turn` how far the nose wandered against eyes and mouth, `blink` how far the lids went down,
    `shift` how far the face went; `solid` is what it did as a head does that turns, `ripple` the share of `alive` that
    a rippling sheet explains.
    """

    relief: float
    alive: float
    mouth: float
    eyes: float
    turn: float
    blink: float
    shift: float
    frames: int
    seconds: float
    solid: Turn
    ripple: float

    def score(self) -> float:
        """How much more likely a living face makes these figures than a flat one, as log-odds: see docs/faces.md.

        A region that changes counts most, and more so when it is the mouth or the eyes alone: a codec shakes both.
        """
        local = log(hypot(self.mouth, _EYES * self.eyes))
        alone = min(abs(log(_EYES * self.eyes / self.mouth)), _MOST_ALONE)
        return BIAS + RELIEF * log(self.relief) + ALIVE * log(self.alive) + LOCAL * local + ALONE * alone

    def lids_alone(self) -> bool:
        """A blink in a face at rest, which has little else to show: both models and the picture must agree."""
        return self.eyes > _LIDS and _EYES * self.eyes > _LIDS_ALONE * self.mouth and self.blink > _LIDS_DOWN

    def turned_solid(self) -> bool:
        """A head that moves by a degree or two, in a face that does nothing else."""
        return self.seconds >= _SOLID_SECONDS and self.score() >= _SOLID_SCORE and self.solid.is_heads

    def rippled(self) -> bool:
        """Paper that flutters: much moves, and all of it in waves."""
        return self.alive >= _FLUTTERS and self.ripple >= _RIPPLED

    def verdict(self) -> Verdict:
        """`FLAT` only for a face that was moved about: one that keeps still may be a patient person's."""
        lives = self.score() >= LIVE_SCORE or self.lids_alone() or self.turned_solid()
        if lives and self.shift <= STEADY and not self.rippled():
            return Verdict.LIVE
        return Verdict.FLAT if self.score() <= FLAT_SCORE and self.shift >= _MOVED else Verdict.UNSURE

    def named(self) -> tuple[tuple[str, float], ...]:
        plain = {name: value for name, value in asdict(self).items() if name != "solid"} | asdict(self.solid)
        return (*((name, float(value)) for name, value in plain.items()), ("score", self.score()))


def measure(motions: Sequence[Motion], frames: Sequence[_Frame], reference: Reference) -> Figures:
    """Figures of motions over one reference, and of all frames."""
    bent, alive = _smoothed([motion.bent for motion in motions]), _smoothed([motion.alive for motion in motions])
    return Figures(
        relief=_swing(bent),
        alive=_swing(alive),
        mouth=_second([motion.mouth[0] * motion.mouth[1] for motion in motions]),
        eyes=_second([motion.eyes[0] * motion.eyes[1] for motion in motions]),
        turn=_wander([frame.turn for frame in frames]),
        blink=float(np.median([frame.openness for frame in frames])) - min(frame.openness for frame in frames),
        shift=_shift(frames),
        frames=len(motions),
        seconds=frames[-1].at - frames[0].at,
        solid=reference.relief.turn(bent, alive),
        ripple=reference.sheet.ripple(alive),
    )


def _smoothed(fields: Sequence[Floats]) -> Floats:
    """Fields (t, n, 2) averaged over five frames each."""
    stack = np.stack(fields)
    sums = np.cumsum(np.concatenate([np.zeros_like(stack[:1]), stack]), axis=0)
    return floats((sums[_SMOOTHED:] - sums[:-_SMOOTHED]) / _SMOOTHED)


def _swing(smooth: Floats) -> float:
    """Spread over time of a smoothed field, root mean square over its points."""
    return max(float(np.sqrt(smooth.var(axis=0).sum(axis=1).mean())), 1e-5)


def _wander(turns: Sequence[tuple[float, float]]) -> float:
    """The larger of both spans between the 5th and the 95th percentile, three frames averaged."""
    smooth = np.apply_along_axis(np.convolve, 0, np.asarray(turns), np.full(3, 1 / 3), mode="valid")
    low, high = np.quantile(smooth, (0.05, 0.95), axis=0)
    return max(float((high - low).max()), 1e-4)


def _shift(frames: Sequence[_Frame]) -> float:
    """How far the face's middle went, in the usual eye distance: stepping up to the camera alone is no way to go."""
    places = np.stack([frame.place for frame in frames])
    unit = float(np.median([frame.unit for frame in frames]))
    return float(np.linalg.norm(places.max(axis=0) - places.min(axis=0))) / unit


def _second(values: Sequence[float]) -> float:
    """The second largest: one frame alone may be a torn one. Never 0, so that it has a logarithm."""
    return max(float(np.sort(values)[-2]), 1e-3)


@dataclass(frozen=True, slots=True, eq=False)
class _Frame:
    at: float
    openness: float
    turn: tuple[float, float]
    place: Floats
    """The middle of the face, in the frame's pixels."""
    unit: float
    """The eye distance, in pixels."""


@dataclass(slots=True)
class _Take:
    """A reference, and the frames that could be laid over it."""

    reference: Reference
    motions: deque[tuple[float, Motion]]


class Window:
    """The last three seconds of one person's face, up to six where they hold few frames.

    A head that turns leaves the reference; then a second one is taken, and each frame is laid over whichever it fits.
    """

    def __init__(self) -> None:
        self._takes: list[_Take] = []
        self._frames: deque[_Frame] = deque()
        self._lost = 0

    def add(self, mesh: Mesh, now: float) -> Motion | None:
        """Take in a frame of a face that is wholly seen; give its motion, where it fits a reference."""
        self._forget(now)
        place = floats(mesh.points[:FACE, :2].mean(axis=0))
        self._frames.append(_Frame(now, eye_openness(mesh.points), turn(mesh.points), place, eye_distance(mesh.points)))
        for take in sorted(self._takes, key=lambda take: -len(take.motions)):
            motion = take.reference.lay_over(mesh)
            if motion is not None:
                take.motions.append((now, motion))
                self._lost = 0
                return motion
        self._lost += 1
        if not self._takes or self._lost >= _LOST:
            self._takes = [
                *sorted(self._takes, key=lambda take: -len(take.motions))[:1],
                _Take(Reference(mesh), deque()),
            ]
            self._lost = 0
        return None

    def figures(self) -> Figures | None:
        """None while there is too little to judge."""
        frames = self._frames
        best = max(self._takes, key=lambda take: len(take.motions), default=None)
        if best is None or len(best.motions) < LEAST_FRAMES or frames[-1].at - frames[0].at < LEAST_SECONDS:
            return None
        return measure([motion for _, motion in best.motions], frames, best.reference)

    @property
    def steady(self) -> bool:
        """Whether the face kept its place well enough to be judged."""
        return bool(self._frames) and _shift(self._frames) <= STEADY

    @property
    def full(self) -> bool:
        """Whether it spans its three seconds, less a frame's distance, and holds enough frames, or will not."""
        spans = self._frames[-1].at - self._frames[0].at if self._frames else 0.0
        return spans >= WINDOW_SECONDS - 0.25 and (
            len(self._frames) >= ENOUGH_FRAMES or spans >= LONGEST_SECONDS - 0.75
        )

    def _forget(self, now: float) -> None:
        frames = self._frames
        while frames and (
            frames[0].at < now - LONGEST_SECONDS
            or (frames[0].at < now - WINDOW_SECONDS and len(frames) >= ENOUGH_FRAMES)
        ):
            frames.popleft()
        before = frames[0].at if frames else now
        for take in self._takes:
            while take.motions and take.motions[0][0] < before:
                take.motions.popleft()
