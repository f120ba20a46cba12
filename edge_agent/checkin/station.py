"""登记工位: one visit from consent to the first sign-in, each step on the record as it is made.

Invariants, each with a test that tries to break it:

1. No picture is kept, and no template made, before the consent is on the record.
2. A template is made only of somebody whose card was compared: by pictures, or by a person who looked.
3. The first sign-in is a recognition like any other: the roster at hand, several frames, liveness, the desk's windows.
4. A face that is much like another trainee's signs nobody in here: somebody compares the two.
5. A trainee is at one station at a time; stations share nothing else, and a visit that was left costs nobody anything.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from random import SystemRandom
from typing import Any, Protocol

from edge_agent.checkin.board import board
from edge_agent.checkin.desk import Desk
from edge_agent.checkin.person import Policies
from edge_agent.checkin.visit import Reply, Visit
from edge_agent.clock import Clock
from edge_agent.errors import ConflictError, ForbiddenError, InputError
from edge_agent.faces.answer import Action, Answer, Challenge, Guide, Hint, Match, Refused
from edge_agent.faces.encounter import Encounter
from edge_agent.faces.enrolment import Enroller
from edge_agent.faces.face import Floats, Observation
from edge_agent.faces.station import Station, Step, Why
from edge_agent.model.kinds.attendance import FlatRefused
from edge_agent.model.kinds.people import ConsentGiven
from edge_agent.model.people import Trainee
from edge_agent.store.consents import give, of_trainee
from edge_agent.store.database import Connection
from edge_agent.store.identity import require_resident_card
from edge_agent.store.training import get_trainee, same_person
from edge_agent.store.writer import Writer


class StationFaces(Protocol):
    """What a station needs of the device's engine and gallery: `faces.kiosk.KioskFaces`."""

    enroller: Enroller

    def meet(self, people: Sequence[Sequence[Trainee]]) -> Encounter: ...

    def confirmed(self, meeting: Any, trainee: str) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a station's page shows.

    `seconds` are left of the visit, `photos` are taken. `action` is a movement asked for. `identity` is how the card
    was compared: "", "card", "manual" or "refused". `resembles` is another trainee whose face is much alike. `replies`
    are the desk's at the first sign-in. `cause` says why the trainee is signed in by hand.
    """

    step: Step
    hint: Hint
    seconds: float
    photos: int = 0
    action: Action | None = None
    identity: str = ""
    resembles: str = ""
    replies: tuple[Reply, ...] = ()
    cause: Why | None = None


@dataclass(frozen=True, slots=True)
class _Place:
    trainee: str
    room: str
    station: str
    by: str


class Stations:
    """The stations of a device; thread-safe."""

    def __init__(
        self,
        faces: StationFaces,
        desk: Desk,
        writer: Writer,
        connect: Callable[[], Connection],
        *,
        clock: Clock,
        policies: Policies,
    ) -> None:
        """`connect` gives a reader; it is closed after each use."""
        self.faces, self.desk, self.writer, self.connect = faces, desk, writer, connect
        self.clock, self.policies = clock, policies
        self._lock = threading.Lock()
        self._open: dict[str, StationVisit] = {}

    def open(self, trainee: str, *, room: str, station: str, by: str) -> StationVisit:
        """Begin a visit. `by` is the operator.

        Raises `NotFoundError`, `InputError` for a temporary card, `ConflictError` where another has the trainee.
        """
        with closing(self.connect()) as connection:
            require_resident_card(connection, trainee)
            verified = get_trainee(connection, trainee).verified
            consent = of_trainee(connection, trainee).get("recognise")
        steps = Station(
            trainee,
            began=self.clock.boottime(),
            card=not verified,
            consented=consent is not None and consent.holds,
        )
        with self._lock:
            other = self._open.get(trainee)
            if other is not None and other.busy and other.station != station:
                raise ConflictError(
                    f"This trainee is at station {other.station} now (该学员正在工位 {other.station} 登记).",
                    do="Close the visit there first.",
                )
            visit = self._open[trainee] = StationVisit(self, _Place(trainee, room, station, by), steps)
        return visit

    def closed(self, visit: StationVisit) -> None:
        with self._lock:
            if self._open.get(visit.trainee) is visit:
                del self._open[visit.trainee]


class StationVisit:
    """One trainee at one station. Its methods block; call them one at a time."""

    def __init__(self, stations: Stations, place: _Place, steps: Station) -> None:
        self._all, self._place, self._steps = stations, place, steps
        self._portrait: Floats | None = None
        self._meeting: Encounter | None = None
        self._identity = self._resembles = ""
        self._cause: Why | None = None
        self._replies: tuple[Reply, ...] = ()
        self._turn = threading.RLock()

    @property
    def trainee(self) -> str:
        return self._place.trainee

    @property
    def station(self) -> str:
        return self._place.station

    @property
    def busy(self) -> bool:
        """Whether it goes on; one whose time is over, or whose page went away, keeps nobody from another station."""
        with self._turn:
            self._steps.pass_time(self._now())
            return self._steps.step not in {Step.DONE, Step.BY_HAND}

    def told(self, hint: Hint = Hint.WAIT, action: Action | None = None) -> Told:
        with self._turn:
            self._steps.pass_time(self._now())
            late = self._steps.step is Step.BY_HAND and not self._cause
            return Told(
                step=self._steps.step,
                hint=hint,
                seconds=self._steps.left(self._now()),
                photos=self._steps.photos,
                action=action,
                identity=self._identity,
                resembles=self._resembles,
                replies=self._replies,
                cause=Why.LATE if late else self._cause,
            )

    def consent(self, *, given: bool, text: str, guardian: bool = False) -> Told:
        """The trainee's answer to the wording of version `text`."""
        with self._turn:
            self._steps.require(Step.CONSENT)
            if given:
                self._all.writer.run(
                    lambda tx: give(
                        tx,
                        ConsentGiven(
                            trainee=self.trainee, purpose="recognise", text=text, at=tx.stamp.wall, guardian=guardian
                        ),
                        by=self._place.by,
                    )
                )
            else:
                self._cause = Why.NO_CONSENT
            self._steps.consent(given=given)
            return self.told()

    def card(self, front: bytes, back: bytes, *, number: str) -> Told:
        """Both sides of the card, and the number on it, typed or read and then confirmed.

        Raises `InputError` for a number that is not the roster's and for pictures that will not do; the step stays.
        """
        with self._turn:
            self._steps.require(Step.CARD)
            self._require_number(number)
            self._portrait = self._all.faces.enroller.read_card(self.trainee, front, back)
            self._steps.card_taken()
            return self.told()

    def review(self, *, accepted: bool, reason: str) -> Told:
        """人工审核: the operator compared card and person, instead of pictures of it or where these did not do."""
        with self._turn:
            if self._steps.step is not Step.CARD:
                self._steps.require(Step.REVIEW)
            self._all.faces.enroller.review(self.trainee, accepted=accepted, reason=reason, by=self._place.by)
            self._identity = "manual" if accepted else "refused"
            if not accepted:
                self._give_up(Why.OTHER_PERSON)
            elif self._steps.step is Step.CARD:
                self._steps.card_taken()
            else:
                self._steps.reviewed(accepted=True)
                self._enrol()
            return self.told()

    def see(self, observation: Observation) -> Told:
        """Feed it the camera's observations, in order."""
        with self._turn:
            if self._steps.step is Step.SIGN_IN and self._meeting is not None:
                return self._meet(self._meeting, observation)
            seen = self._steps.see(observation, self._now())
            if seen.step is Step.SIGN_IN:
                self._after_photos()
            return self.told(seen.hint)

    def by_hand(self, cause: Why = Why.ASKED) -> Told:
        """The operator gives up on the camera."""
        with self._turn:
            self._give_up(cause)
            return self.told()

    def close(self) -> None:
        """The page went, or the next trainee comes: photos that were not enrolled are dropped."""
        with self._turn:
            self._steps.by_hand()
            self._portrait = self._meeting = None
        self._all.closed(self)

    def _after_photos(self) -> None:
        if self._portrait is not None:
            checked = self._all.faces.enroller.compare(
                self.trainee, self._portrait, self._steps.views(), by=self._place.by
            )
            self._identity = "card" if checked.accepted else ""
            self._steps.compared(alike=checked.accepted)
        if self._steps.step is Step.SIGN_IN:
            self._enrol()

    def _enrol(self) -> None:
        enroller = self._all.faces.enroller
        try:
            done = enroller.from_observations(
                self.trainee,
                self._steps.shots(),
                at=self._all.clock.stamp().wall,
                by=self._place.by,
                source="camera",
            )
        except (InputError, ForbiddenError):  # two people on the photos; the consent was withdrawn meanwhile
            self._give_up(Why.PHOTOS)
            return
        self._resembles = done.resembles
        if done.resembles:  # two names for one face: which of them a frame is nearer to is chance
            self._give_up(Why.RESEMBLES)
            return
        self._meeting = self._all.faces.meet(self._people())

    def _meet(self, meeting: Encounter, observation: Observation) -> Told:
        self._steps.pass_time(self._now())
        if self._steps.step is not Step.SIGN_IN:
            return self.told()
        answer = meeting.see(observation, self._now())
        if isinstance(answer, Guide):
            return self.told(answer.hint)
        if isinstance(answer, Challenge):
            return self.told(Hint.WAIT, answer.action)
        self._conclude(meeting, answer)
        return self.told()

    def _conclude(self, meeting: Encounter, answer: Answer) -> None:
        if isinstance(answer, Match) and answer.trainee in self._rows():
            self._sign_in(meeting, answer)
        elif isinstance(answer, Refused):
            fact = FlatRefused(
                kiosk=self.station,
                at=self._all.clock.stamp().wall,
                trainee=self.trainee,
                statistics=answer.evidence.figures(),
            )
            self._all.writer.append(fact)
            self._give_up(Why.NOT_LIVING)
        elif isinstance(answer, Match):
            self._resembles = answer.trainee
            self._give_up(Why.RESEMBLES)
        else:
            self._give_up(Why.UNSURE)

    def _sign_in(self, meeting: Encounter, match: Match) -> None:
        visit = Visit(
            id=f"{self.station}-{SystemRandom().getrandbits(64):016x}",
            stamp=self._all.clock.stamp(),
            method="face",
            room=self._place.room,
            kiosk=self.station,
            recognition=match.evidence.recognition(),
        )
        self._replies = tuple(self._all.desk.tap(self.trainee, visit))
        self._steps.signed_in()
        if any(reply.said.counts for reply in self._replies):
            self._all.faces.confirmed(meeting, match.trainee)

    def _people(self) -> Sequence[Sequence[Trainee]]:
        """Whoever is at hand in the room, and this person, whose lesson may be later."""
        with closing(self._all.connect()) as connection:
            here = board(connection, self._all.policies, self._place.room, self._all.clock.stamp()).people
            own = tuple(same_person(connection, self.trainee))
        return [own, *(rows for rows in here if rows[0].document != own[0].document)]

    def _rows(self) -> set[str]:
        with closing(self._all.connect()) as connection:
            return {row.id for row in same_person(connection, self.trainee)}

    def _require_number(self, number: str) -> None:
        with closing(self._all.connect()) as connection:
            document = get_trainee(connection, self.trainee).document
        if number.strip().upper() != document.upper():
            raise InputError(
                "number: not the roster's (证件号码与名册不符).",
                do="Compare it with the card; correct the roster, or sign in by hand.",
            )

    def _give_up(self, cause: Why) -> None:
        self._cause = self._cause or cause
        self._steps.by_hand()

    def _now(self) -> float:
        return self._all.clock.boottime()
