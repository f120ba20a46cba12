"""Fifty people in a queue before a kiosk: the real page and desk, faces whose times were measured, real pauses."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from edge_agent.faces.answer import (
    Action,
    Answer,
    Challenge,
    Evidence,
    Guide,
    Hint,
    Liveness,
    Match,
    Unknown,
)
from edge_agent.web.kiosk.faces import Meeting, People, Sight

WALK_UP = 1.5
CHALLENGED = 0.056
"""The share of living people who are asked to move (docs/faces.md: person by person 94.4 % of the windows are not)."""

CHALLENGE_SECONDS = 4.0
BY_HAND = 0.04
UNKNOWN_AFTER = 2.0
"""Seconds of usable frames after which somebody is called unknown (`faces.encounter.PATIENCE`)."""

_EVIDENCE = Evidence(engine="bench/1", score=0.6, margin=0.2, frames=3, liveness=Liveness.LIVE)


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody of the queue. `seconds` pass from the first usable face to the name."""

    trainee: str
    seconds: float
    challenged: bool = False
    unknown: bool = False


def visitors(trainees: Sequence[str], measured: Sequence[float]) -> Iterator[Visitor]:
    """Give the queue: the measured times in turn, those who are asked and those who go to the instructor spread out."""
    asked, by_hand = round(CHALLENGED * len(trainees)), round(BY_HAND * len(trainees))
    special = _spread(len(trainees), asked + by_hand)
    for place, (trainee, seconds) in enumerate(zip(trainees, itertools.cycle(measured), strict=False)):
        found = special.index(place) if place in special else -1
        yield Visitor(trainee, seconds, challenged=0 <= found < asked, unknown=found >= asked)


def _spread(length: int, count: int) -> list[int]:
    return [round((step + 0.5) * length / count) for step in range(count)]


@dataclass(frozen=True, slots=True)
class _Seen:
    at: float


class _Scene:
    """Who stands there since when; each new one is a visit of its own."""

    def __init__(self) -> None:
        self.visitor: Visitor | None = None
        self.number = 0
        self.began = 0.0


class QueueFaces:
    """The interface of `web.kiosk.faces.Faces`, without an engine: sees whoever stands there."""

    def __init__(self, known: set[str]) -> None:
        self._known = known
        self._scene = _Scene()
        self._sights: dict[str, _Seen] = {}
        self._watchers: dict[str, Callable[[], None]] = {}
        self._lock = threading.Lock()

    def step_up(self, visitor: Visitor | None) -> None:
        self._scene.visitor = visitor
        self._scene.number += 1
        self._scene.began = time.monotonic()

    def ready(self) -> bool:
        return True

    def enrolled(self) -> set[str]:
        return self._known

    def submit(self, stream: str, jpeg: bytes, at: float) -> None:
        del jpeg
        with self._lock:
            self._sights[stream] = _Seen(at)
            woken = self._watchers.get(stream)
        if woken is not None:
            woken()

    def latest(self, stream: str) -> Sight | None:
        with self._lock:
            return self._sights.pop(stream, None)

    def watch(self, stream: str, woken: Callable[[], None]) -> None:
        with self._lock:
            self._watchers[stream] = woken

    def forget(self, stream: str) -> None:
        with self._lock:
            self._watchers.pop(stream, None)
            self._sights.pop(stream, None)

    def meet(self, people: People) -> _Meeting:
        del people
        return _Meeting(self._scene)

    def expect(self, meeting: Meeting, people: People) -> None:
        """The roster stays as it is."""

    def confirmed(self, meeting: Meeting, trainee: str) -> None:
        """No template grows."""


class _Meeting:
    """A look at whoever stands there; a stranger is looked at anew each time."""

    def __init__(self, scene: _Scene) -> None:
        self._scene = scene
        self._began = time.monotonic()

    def see(self, observation: Sight, now: float) -> Answer:
        del observation, now
        visitor, number = self._scene.visitor, self._scene.number
        if visitor is None:
            return Guide(visit=number, hint=Hint.NOBODY)
        passed = time.monotonic() - self._scene.began
        if visitor.unknown:
            looked = time.monotonic() - max(self._began, self._scene.began)
            if looked >= UNKNOWN_AFTER:
                return Unknown(visit=number, evidence=_EVIDENCE)
        elif visitor.challenged and visitor.seconds < passed < visitor.seconds + CHALLENGE_SECONDS:
            return Challenge(visit=number, action=Action.BLINK, seconds=CHALLENGE_SECONDS)
        elif passed >= visitor.seconds:
            liveness = Liveness.CHALLENGE if visitor.challenged else Liveness.LIVE
            return Match(visit=number, trainee=visitor.trainee, evidence=replace(_EVIDENCE, liveness=liveness))
        return Guide(visit=number, hint=Hint.WAIT)
