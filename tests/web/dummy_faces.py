"""Faces that say what the test wants: the interface of `web.kiosk.faces`, without an engine."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from edge_agent.faces.answer import Answer, Evidence, Guide, Hint, Liveness, Match
from edge_agent.web.kiosk.faces import Meeting, People, Sight

EVIDENCE = Evidence(engine="dummy/1", score=0.61, margin=0.2, frames=3, liveness=Liveness.LIVE)


@dataclass(frozen=True, slots=True)
class DummySight:
    at: float
    answer: Answer


class DummyMeeting:
    def see(self, observation: Sight, now: float) -> Answer:
        del now
        assert isinstance(observation, DummySight)
        return observation.answer


class DummyFaces:
    """`say` queues the answer to the next frame; frames without one see nobody."""

    def __init__(self) -> None:
        self.works = True
        self.expected: People = ()
        self.grown: list[str] = []
        self.frames = 0
        self._answers: deque[Answer] = deque()
        self._sights: dict[str, DummySight] = {}
        self._watchers: dict[str, Callable[[], None]] = {}
        self._lock = threading.Lock()
        self._visit = 0

    def say(self, *answers: Answer) -> None:
        with self._lock:
            self._answers.extend(answers)

    def visit(self) -> int:
        """The next person's number."""
        self._visit += 1
        return self._visit

    def match(self, trainee: str) -> None:
        """Let somebody step up, be recognised, and leave."""
        visit = self.visit()
        self.say(Match(visit=visit, trainee=trainee, evidence=EVIDENCE), Guide(visit=visit + 1, hint=Hint.NOBODY))

    def ready(self) -> bool:
        return self.works

    def enrolled(self) -> set[str]:
        return {"t1"}

    def submit(self, stream: str, jpeg: bytes, at: float) -> None:
        assert jpeg.startswith(b"\xff\xd8")
        with self._lock:
            self.frames += 1
            # A sight that nobody has fetched yet stays, so that no answer is lost.
            if self._answers and stream not in self._sights:
                self._sights[stream] = DummySight(at, self._answers.popleft())
                if stream in self._watchers:
                    self._watchers[stream]()

    def latest(self, stream: str) -> DummySight | None:
        with self._lock:
            return self._sights.pop(stream, None)

    def watch(self, stream: str, woken: Callable[[], None]) -> None:
        self._watchers[stream] = woken

    def forget(self, stream: str) -> None:
        self._watchers.pop(stream, None)
        self._sights.pop(stream, None)

    def meet(self, people: People) -> DummyMeeting:
        self.expected = people
        return DummyMeeting()

    def expect(self, meeting: Meeting, people: People) -> None:
        del meeting
        self.expected = people

    def confirmed(self, meeting: Meeting, trainee: str) -> None:
        del meeting
        self.grown.append(trainee)
