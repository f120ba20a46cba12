"""What the conversation needs of the faces part. What `latest` and `meet` give goes back to the same part, unopened."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from edge_agent.faces.answer import Answer
from edge_agent.model.people import Trainee

People = Sequence[Sequence[Trainee]]
"""Persons at hand: the rows that each has in the classes."""


class Sight(Protocol):
    """One frame as the engine saw it; `at` is what was handed in with it."""

    @property
    def at(self) -> float: ...


class Meeting(Protocol):
    """Decides over several sights who stands there: `faces.encounter.Encounter`."""

    def see(self, observation: Any, now: float) -> Answer: ...


class Faces(Protocol):
    """The device's engine and gallery, as a kiosk uses them."""

    def ready(self) -> bool: ...

    def enrolled(self) -> set[str]:
        """Give the trainees who have a template."""
        ...

    def submit(self, stream: str, jpeg: bytes, at: float) -> None:
        """Hand in a frame; raises `InputError` for one that is none."""
        ...

    def latest(self, stream: str) -> Sight | None: ...

    def watch(self, stream: str, woken: Callable[[], None]) -> None:
        """Have `woken` called, on any thread, whenever `latest` has something; until `forget`."""
        ...

    def forget(self, stream: str) -> None: ...

    def meet(self, people: People) -> Meeting: ...

    def expect(self, meeting: Any, people: People) -> None:
        """Tell a meeting that other lessons are at hand now; whoever is in view is kept."""
        ...

    def confirmed(self, meeting: Any, trainee: str) -> None:
        """Let the template of somebody who has just signed in grow."""
        ...
