"""One person's liveness from frame to frame: motion for the passive verdict, head and lids for a challenge."""

from __future__ import annotations

from math import inf

from edge_agent.faces.answer import Action
from edge_agent.faces.face import Observation
from edge_agent.faces.liveness.challenge import Movements
from edge_agent.faces.liveness.passive import Figures, Verdict, Window
from edge_agent.faces.quality import mesh_fits, mesh_is_seen


class Watch:
    """Feed it every observation of one person, in order."""

    def __init__(self) -> None:
        self._window = Window()
        self._movements = Movements()

    def add(self, observation: Observation, now: float) -> None:
        """Take in a frame; a face that is cut off or that the landmarks missed is left out."""
        subject = observation.subject
        if subject is None or subject.mesh is None or not mesh_is_seen(subject):
            return
        if not subject.face.box.inside(observation.width, observation.height):
            return
        motion = self._window.add(subject.mesh, now) if mesh_fits(subject) else None
        self._movements.add(subject.face, subject.mesh, motion, now)

    def made(self, action: Action, since: float) -> bool:
        return self._movements.made(action, since)

    def figures(self) -> Figures | None:
        """None while there is too little to judge."""
        return self._window.figures()

    def turned(self) -> bool:
        """Whether the head turned far to a side, unasked: no flat picture seems to, as `challenge.py` has it."""
        turns = (Action.TURN_LEFT, Action.TURN_RIGHT)
        return self._window.steady and any(self._movements.made(action, -inf) for action in turns)

    def verdict(self) -> Verdict:
        if self.turned():
            return Verdict.LIVE
        figures = self.figures()
        return figures.verdict() if figures else Verdict.UNSURE

    @property
    def full(self) -> bool:
        """Whether three seconds have been seen: there is nothing more to wait for."""
        return self._window.full
