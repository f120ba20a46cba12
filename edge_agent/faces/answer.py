"""What a kiosk is told about the person before it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from edge_agent.model.kinds.attendance import Recognition


class Hint(StrEnum):
    """What the person should do next; the page has the words and the picture."""

    NOBODY = "nobody"
    """Nobody stands there: the idle page."""
    CLOSER = "closer"
    BACK = "back"
    ONE_AT_A_TIME = "one_at_a_time"
    LOOK_HERE = "look_here"
    HOLD_STILL = "hold_still"
    MORE_LIGHT = "more_light"
    LESS_LIGHT = "less_light"
    TAKE_OFF_MASK = "take_off_mask"
    """Mouth or eyes are covered: a mask, a hand, dark glasses."""
    WAIT = "wait"
    """All is well, more frames are needed."""


class Action(StrEnum):
    """A movement asked for; left and right are the person's own."""

    BLINK = "blink"
    TURN_LEFT = "turn_left"
    TURN_RIGHT = "turn_right"


class Liveness(StrEnum):
    """`live`: a living face by its motion. `challenge`: it made the movement asked for. `flat`: a picture.

    `unsure`: neither could be shown. `off`: the policy asks for nothing.
    """

    LIVE = "live"
    CHALLENGE = "challenge"
    FLAT = "flat"
    UNSURE = "unsure"
    OFF = "off"


class LivenessPolicy(StrEnum):
    """What a kiosk asks for before it believes a face: nothing; motion alone, else the instructor; motion, else a
    challenge; a challenge from everybody.
    """

    OFF = "off"
    PASSIVE = "passive"
    RISK_BASED = "risk_based"
    ALWAYS = "always"


class Cause(StrEnum):
    """Why a person was refused."""

    FLAT = "flat"
    CHALLENGE_FAILED = "challenge_failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What a decision rests on; no picture and no template is in it.

    `engine` is name and version of weights and thresholds. `score` is the cosine to the best template, `margin` its
    lead over the second. `statistics` are the liveness figures by name.
    """

    engine: str
    score: float = 0.0
    margin: float = 0.0
    frames: int = 0
    liveness: Liveness = Liveness.OFF
    statistics: tuple[tuple[str, float], ...] = ()

    def recognition(self) -> Recognition:
        return Recognition(
            engine=self.engine,
            score=round(self.score, 4),
            margin=round(self.margin, 4),
            frames=self.frames,
            liveness=self.liveness.value,
        )

    def figures(self) -> str:
        """Liveness figures as `name=value name=value`, for the fact of a refused picture."""
        return " ".join(f"{name}={value:.3f}" for name, value in self.statistics)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    visit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Guide(_Answer):
    hint: Hint


@dataclass(frozen=True, slots=True, kw_only=True)
class Challenge(_Answer):
    """Ask for `action`; `seconds` are left."""

    action: Action
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Match(_Answer):
    trainee: str
    evidence: Evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirm(_Answer):
    """The instructor decides between `candidates`, best first: a guess is never made."""

    candidates: tuple[str, ...]
    evidence: Evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown(_Answer):
    """Nobody of the lessons at hand; manual sign-in is offered."""

    evidence: Evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused(_Answer):
    cause: Cause
    evidence: Evidence


Answer = Guide | Challenge | Match | Confirm | Unknown | Refused
