"""登记工位: the steps of enrolling one trainee in one visit. Pure; stations share nothing.

The first morning has 50 people and little time: consent, the card, two live photos a second apart, and the first
sign-in with them, in 45 s. Whoever isn't ready by then is signed in by hand and comes again. What the steps set off
(facts, the template, the tap) is `checkin/station.py`.
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
    """Where a visit stands. `REVIEW`: the card's portrait was not alike enough, so somebody compares (人工审核)."""

    CONSENT = "consent"
    CARD = "card"
    PHOTOS = "photos"
    REVIEW = "review"
    SIGN_IN = "sign_in"
    DONE = "done"
    BY_HAND = "by_hand"


class Why(StrEnum):
    """Why a trainee is signed in by hand; the page has the words."""

    LATE = "late"
    NO_CONSENT = "no_consent"
    OTHER_PERSON = "other_person"
    """Whoever compared them says that card and person differ."""
    PHOTOS = "photos"
    """The photos show two people, or the consent was withdrawn meanwhile."""
    NOT_LIVING = "not_living"
    RESEMBLES = "resembles"
    """Much like another trainee's face, or recognised as that one."""
    UNSURE = "unsure"
    ASKED = "asked"
    """The operator chose so."""


_AGAINST_TIME = {Step.CONSENT, Step.CARD, Step.PHOTOS, Step.SIGN_IN}
"""In review it is the operator's time that runs, not the trainee's."""


@dataclass(frozen=True, slots=True)
class Seen:
    """After a frame: what the person should do, how many photos there are."""

    step: Step
    hint: Hint
    photos: int
    seconds: float
    """What is left of the visit."""


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

    @property
    def photos(self) -> int:
        return len(self._shots)

    def consent(self, *, given: bool) -> None:
        """The person's answer; without it there are no photos, and sign-in by hand counts the same."""
        self.require(Step.CONSENT)
        after = Step.CARD if self._card else Step.PHOTOS
        self._step = after if given else Step.BY_HAND

    def card_taken(self) -> None:
        """The card is compared with the live photos when these are taken, or somebody has compared it already."""
        self.require(Step.CARD)
        self._step = Step.PHOTOS

    def compared(self, *, alike: bool) -> None:
        """Say whether the person is the one on the card; where pictures did not show it, somebody looks."""
        self.require(Step.SIGN_IN)
        self._step = Step.SIGN_IN if alike else Step.REVIEW

    def reviewed(self, *, accepted: bool) -> None:
        self.require(Step.REVIEW)
        self._step = Step.SIGN_IN if accepted else Step.BY_HAND

    def signed_in(self) -> None:
        self.require(Step.SIGN_IN)
        self._step = Step.DONE

    def by_hand(self) -> None:
        """Whatever is missing: the trainee is signed in by hand. What is done stays done."""
        if self._step is not Step.DONE:
            self._step = Step.BY_HAND

    def see(self, observation: Observation, now: float) -> Seen:
        self.pass_time(now)
        found = flaws(observation, ENROLMENT)
        if self._step is Step.PHOTOS and not found and self._is_later(now):
            self._shots.append(observation)
            if len(self._shots) >= WANTED_PHOTOS:
                self._step = Step.SIGN_IN
        return Seen(self._step, hint(found), len(self._shots), self.left(now))

    def pass_time(self, now: float) -> None:
        if self._step in _AGAINST_TIME and now - self._began > VISIT_SECONDS:
            self._step = Step.BY_HAND

    def left(self, now: float) -> float:
        return max(0.0, VISIT_SECONDS - (now - self._began))

    def shots(self) -> list[tuple[str, Observation]]:
        """The photos for `Enroller.from_observations`; raises `ConflictError` before they are taken."""
        if len(self._shots) < WANTED_PHOTOS:
            raise ConflictError(
                "The photos are not taken yet (照片未完成).", do="Let the trainee look into the camera."
            )
        return [(f"photo {number}", shot) for number, shot in enumerate(self._shots, start=1)]

    def views(self) -> list[Floats]:
        """The photos' embeddings, to compare with the card."""
        return [shot.subject.embedding for _, shot in self.shots() if shot.subject is not None]

    def require(self, step: Step) -> None:
        if self._step is not step:
            raise ForbiddenError(
                f"This station is at {self._step}, not at {step} (当前步骤不符).", do="Begin the visit anew."
            )

    def _is_later(self, now: float) -> bool:
        return not self._shots or now - self._shots[-1].at >= APART_SECONDS
