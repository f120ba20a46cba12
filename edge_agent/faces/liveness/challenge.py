"""Asking for a movement: blink, turn left, turn right; seeing whether it was made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

import numpy as np

from edge_agent.faces.answer import Action
from edge_agent.faces.face import Detection, Mesh
from edge_agent.faces.liveness.geometry import eye_openness, turn
from edge_agent.faces.liveness.register import Motion

SECONDS = 4.0
"""Time to make the movement."""

_TURNED = 0.42
_FRONTAL = 0.22
"""Nose offset over eye distance, from frontal (at most) to turned (at least): about 25 degrees."""
_CLOSED = 0.62
"""Of the usual openness: lids lower than that are closed. Landmarks of a closed eye seldom meet."""
_LIDS_DROP = 0.05
_LIDS_CHANGE = 0.65
"""The picture of both eyes must have changed too: landmarks alone tremble on a still. Blinks of the clips reach 0.84,
flats that zoom and jump 0.59.
"""
_BLINK_SECONDS = 0.7
"""Lids are down for 0.1 to 0.4 s; open eyes are looked for as far before and after."""
_LEAST_POSES = 8
"""To know how open the eyes usually are: 0.8 s at a kiosk's ten frames a second."""
_EACH = 2


@dataclass(frozen=True, slots=True)
class _Pose:
    at: float
    yaw: float
    openness: float
    lids: float


class Movements:
    """What one person's head and lids did in the last seconds."""

    def __init__(self) -> None:
        self._poses: list[_Pose] = []

    def add(self, face: Detection, mesh: Mesh, motion: Motion | None, now: float) -> None:
        """Take in a frame; `motion` is its face laid over another frame's, where that was possible."""
        across, seen = turn(mesh.points)[0], face.yaw
        yaw = min(across, seen, key=abs) if across * seen > 0 else 0.0  # both models must see the same turn
        self._poses = [pose for pose in self._poses if now - pose.at <= SECONDS]
        self._poses.append(
            _Pose(now, yaw, eye_openness(mesh.points), motion.eyes[0] * motion.eyes[1] if motion else 0.0)
        )

    def made(self, action: Action, since: float) -> bool:
        """Whether it was made after `since`; what was seen before serves to know the usual pose."""
        if action is Action.BLINK:
            return _blinked(self._poses, since)
        towards = 1 if action is Action.TURN_LEFT else -1
        return _turned([towards * pose.yaw for pose in self._poses if pose.at >= since])


def _turned(yaws: Sequence[float]) -> bool:
    """Frontal and turned, each in two frames: one alone may be a misread face."""
    frontal = sum(abs(yaw) <= _FRONTAL for yaw in yaws)
    return min(frontal, sum(yaw >= _TURNED for yaw in yaws)) >= _EACH


def _blinked(poses: Sequence[_Pose], since: float) -> bool:
    """The lids went down and came up again, quickly, in a head that stood still meanwhile."""
    if len(poses) < _LEAST_POSES:
        return False
    usual = float(np.quantile([pose.openness for pose in poses], 0.7))
    for pose in poses:
        if pose.at < since or not _is_closed(pose, usual):
            continue
        near = [other for other in poses if abs(other.at - pose.at) <= _BLINK_SECONDS and not _is_closed(other, usual)]
        before, after = [o for o in near if o.at < pose.at], [o for o in near if o.at > pose.at]
        if before and after and abs(before[-1].yaw - after[0].yaw) < _FRONTAL:
            return True
    return False


def _is_closed(pose: _Pose, usual: float) -> bool:
    down = pose.openness < _CLOSED * usual and usual - pose.openness > _LIDS_DROP
    return down and pose.lids > _LIDS_CHANGE and abs(pose.yaw) < _TURNED


class Examiner:
    """Draws what to ask for, at one kiosk: no movement twice in a row, no visit's sequence like that before it."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._last: Action | None = None
        self._opening: Action | None = None

    def draw(self, *, opening: bool) -> Action:
        """`opening`: the first movement of a visit, which is never that of the visit before."""
        shunned = {self._last, self._opening} if opening else {self._last}
        self._last = self._rng.choice([action for action in Action if action not in shunned])
        if opening:
            self._opening = self._last
        return self._last
