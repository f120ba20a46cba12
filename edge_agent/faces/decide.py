"""Whose face is it? A decision over several frames against the templates of the lessons at hand. Pure."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from edge_agent.faces.backend import Identity
from edge_agent.faces.face import Floats

LEAST_FRAMES = 3
_MOST_FRAMES = 7
"""Later ones take the place of the first, which are often the worst: of somebody still walking up."""
_AGREE = 0.6
"""Share of the frames that must have the same face first."""
_CANDIDATES = 3
"""As many as an instructor compares at a glance."""


class Outcome(StrEnum):
    MATCH = "match"
    CONFIRM = "confirm"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Decision:
    """`name` is the best template's, `score` its mean, `margin` its lead over the second (1.0 when it is alone).

    `candidates` are all that a person may choose from, best first.
    """

    outcome: Outcome
    name: str
    score: float
    margin: float
    frames: int
    candidates: tuple[str, ...]


class Roster:
    """The templates of those who may come, as one matrix."""

    def __init__(self, templates: Mapping[str, Floats], identity: Identity) -> None:
        self.identity = identity
        self._names = sorted(templates)
        self._matrix = np.stack([templates[name] for name in self._names]) if self._names else None

    def __len__(self) -> int:
        return len(self._names)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._names)

    def decide(self, embeddings: list[Floats], threshold: float) -> Decision:
        """Judge one person's frames; a lead that is too small, or frames that disagree, make a match doubtful."""
        if self._matrix is None or not embeddings:
            return Decision(Outcome.UNKNOWN, "", 0.0, 0.0, len(embeddings), ())
        scores = np.stack([self.identity.metric.scores(self._matrix, each) for each in embeddings])
        means = scores.mean(axis=0)
        order = np.argsort(-means)
        best = int(order[0])
        margin = float(means[best] - means[order[1]]) if len(order) > 1 else 1.0
        limits = self.identity.thresholds
        agree = Counter(scores.argmax(axis=1).tolist())[best] >= _AGREE * len(embeddings)
        outcome = Outcome.UNKNOWN
        if means[best] >= limits.confirm:
            sure = means[best] >= threshold and margin >= limits.margin and agree
            outcome = Outcome.MATCH if sure else Outcome.CONFIRM
        doubtful = [self._names[i] for i in order[:_CANDIDATES] if means[i] >= limits.confirm]
        return Decision(outcome, self._names[best], float(means[best]), margin, len(embeddings), tuple(doubtful))


class Decider:
    """Collects the frames of one person who stands there."""

    def __init__(self, roster: Roster) -> None:
        self.roster = roster
        self._embeddings: deque[Floats] = deque(maxlen=_MOST_FRAMES)

    def add(self, embedding: Floats) -> None:
        self._embeddings.append(embedding)

    def decision(self) -> Decision | None:
        """None until there are frames enough."""
        if len(self._embeddings) < LEAST_FRAMES:
            return None
        return self.roster.decide(list(self._embeddings), self.roster.identity.thresholds.match)

    def views(self) -> list[Floats]:
        return list(self._embeddings)
