"""登记工位: enrolling one trainee in one visit, by the kiosk's camera. Pure; stations share nothing.

The first morning has 50 people and little time: consent, the card's two sides where it is wanted, two live photos a
second apart, and the first sign-in with them, in 45 s. Whoever isn't ready by then is signed in by hand and comes
again.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from edge_agent.errors import ConflictError, ForbiddenError
from edge_agent.faces.answer import Hint
from edge_agent.faces.face import Floats, Observation
from edge_agent.faces.quality import ENROLMENT, flaws, hint
from edge_agent.faces.template import WANTED_PHOTOS

VISIT_SECONDS = 45.0
APART_SECONDS = 1.0
"""Two photos of the same instant are worth little more than one."""


class Step(StrEnum):
    CONSENT = "consent"
    CARD = "card"
    PHOTOS = "photos"
    DONE = "done"
    BY_HAND = "by_hand"


@dataclass(frozen=True, slots=True)
class Told:
    """What the station's page shows: the step, what the person should do, photos taken, seconds left."""

    step: Step
    hint: Hint
    photos: int
    seconds: float


class Station:
    """One trainee's visit. The steps' outcomes are told to it; `see` is fed the camera's observations."""

    def __init__(self, trainee: str, *, began: float, card: bool, consented: bool = False) -> None:
        """`consented`: the sheet was signed before; `card`: the card is checked here."""
        self.trainee = trainee
        self._began = began
        self._card = card
        self._step = Step.CONSENT
        self._shots: list[Observation] = []
        if consented:
            self.consent(given=True)

    @property
    def step(self) -> Step:
        return self._step

    def consent(self, *, given: bool) -> None:
        """The person's answer; without it there are no photos, and sign-in by hand counts the same."""
        self._require(Step.CONSENT)
        after = Step.CARD if self._card else Step.PHOTOS
        self._step = after if given else Step.BY_HAND

    def card_taken(self) -> None:
        """Both sides are there; they are compared with the live photos when these are taken."""
        self._require(Step.CARD)
        self._step = Step.PHOTOS

    def see(self, observation: Observation, now: float) -> Told:
        if self._step in {Step.CONSENT, Step.CARD, Step.PHOTOS} and now - self._began > VISIT_SECONDS:
            self._step = Step.BY_HAND
        found = flaws(observation, ENROLMENT)
        if self._step is Step.PHOTOS and not found and self._is_later(now):
            self._shots.append(observation)
            if len(self._shots) >= WANTED_PHOTOS:
                self._step = Step.DONE
        left = max(0.0, VISIT_SECONDS - (now - self._began))
        return Told(self._step, hint(found), len(self._shots), left)

    def shots(self) -> list[tuple[str, Observation]]:
        """The photos for `Enroller.from_observations`; raises `ConflictError` before they are taken."""
        if self._step is not Step.DONE:
            raise ConflictError(
                "The photos are not taken yet (照片未完成).", do="Let the trainee look into the camera."
            )
        return [(f"photo {number}", shot) for number, shot in enumerate(self._shots, start=1)]

    def views(self) -> list[Floats]:
        """The photos' embeddings, for `Enroller.check_card` and the first sign-in."""
        return [shot.subject.embedding for _, shot in self.shots() if shot.subject is not None]

    def _is_later(self, now: float) -> bool:
        return not self._shots or now - self._shots[-1].at >= APART_SECONDS

    def _require(self, step: Step) -> None:
        if self._step is not step:
            raise ForbiddenError(f"This station is at {self._step}, not at {step}.", do="Begin the visit anew.")
