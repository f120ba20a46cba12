"""The interface that every engine implements, and what a decision must know of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import numpy as np

from edge_agent.faces.face import Detection, Floats, Picture
from edge_agent.faces.names import EngineName


class Metric(StrEnum):
    """How two embeddings compare: `cosine`, or `distance`, one minus the Euclidean distance. Higher is more alike."""

    COSINE = "cosine"
    DISTANCE = "distance"

    def scores(self, templates: Floats, probe: Floats) -> Floats:
        """Scores (n,) of `probe` (128,) against `templates` (n, 128), which `fuse` has made."""
        if self is Metric.DISTANCE:
            return np.asarray(1 - np.linalg.norm(templates - probe, axis=1), np.float32)
        return np.asarray(templates @ (probe / np.linalg.norm(probe)), np.float32)

    def fuse(self, views: Sequence[Floats]) -> Floats:
        """One template of several views of a person.

        The plain mean: SFace's embeddings are longer for faces that it sees well, so they bring their own weights.
        """
        mean = np.mean(views, axis=0)
        return np.asarray(mean if self is Metric.DISTANCE else mean / np.linalg.norm(mean), np.float32)


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """When a score is a name. Measured: docs/faces.md says on whom and how.

    A mean score of `match` over several frames with a lead of `margin` is a name; from `confirm` on it is the
    instructor's to decide. One picture alone, which `faces eval` judges, needs `probe`. Two templates of different
    people that reach `resembles` are reported at enrolment.
    """

    match: float
    probe: float
    confirm: float
    margin: float
    resembles: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Which engine decided: weights, version and thresholds; `str()` goes into facts."""

    name: EngineName
    version: str
    metric: Metric
    thresholds: Thresholds

    def __str__(self) -> str:
        limits = self.thresholds
        return f"{self.name}/{self.version} {self.metric}>={limits.match:g},{limits.confirm:g},{limits.margin:g}"


class Backend(Protocol):
    """Finds and tells apart faces. Used by one thread of one process."""

    @property
    def identity(self) -> Identity: ...

    @property
    def longest(self) -> int | None:
        """Pixels of a frame's longer side in which whoever stands at a kiosk is found; None: it needs them all."""
        ...

    def detect(self, picture: Picture, *, longest: int | None = None) -> list[Detection]:
        """Faces of a blue-green-red picture, in its own pixels; `longest` bounds the side that is searched."""
        ...

    def embed(self, picture: Picture, faces: Sequence[Detection]) -> list[Floats]:
        """The 128 numbers of each face."""
        ...


OPENCV = Identity(
    name="opencv",
    version="yunet-2023mar+sface-2021dec",
    metric=Metric.COSINE,
    thresholds=Thresholds(match=0.495, probe=0.475, confirm=0.38, margin=0.05, resembles=0.46),
)
DLIB = Identity(
    name="dlib",
    version="hog+resnet-v1",
    metric=Metric.DISTANCE,
    # The library's own 0.6 (here 0.4) names 98.8 % of East Asian strangers. No point is usable: be strict.
    thresholds=Thresholds(match=0.64, probe=0.64, confirm=0.58, margin=0.03, resembles=0.6),
)
IDENTITIES: Mapping[EngineName, Identity] = {"opencv": OPENCV, "dlib": DLIB}
