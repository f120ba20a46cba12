"""One person before one kiosk, from stepping up to leaving: who it is, whether living, what to do next. Pure.

The phases of a visit: *looking* (frames are gathered, guidance given), *asked* (a movement is waited for), *answered*
(a final answer is repeated until the person leaves). Whoever steps in between is a new visit: nothing that one face
earned goes to another.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random

import numpy as np

from edge_agent.faces.answer import (
    Action,
    Answer,
    Cause,
    Challenge,
    Confirm,
    Evidence,
    Guide,
    Hint,
    Liveness,
    LivenessPolicy,
    Match,
    Refused,
    Unknown,
)
from edge_agent.faces.backend import Identity
from edge_agent.faces.decide import Decider, Decision, Outcome, Roster
from edge_agent.faces.face import Box, Floats, Observation, Subject
from edge_agent.faces.liveness.challenge import SECONDS, Examiner
from edge_agent.faces.liveness.passive import Verdict
from edge_agent.faces.liveness.watch import Watch
from edge_agent.faces.quality import KIOSK, Flaw, flaws, has_rival, hint
from edge_agent.faces.template import Template

GONE_SECONDS = 1.0
"""Without a face for this long, the person has left."""
PATIENCE = 2.0
"""Seconds of usable frames before somebody is called unknown or doubtful: the first ones are often the worst."""
CHALLENGES = 2
_FINAL = (Match, Confirm, Unknown, Refused)
_PASSING_BY = 0.6
"""Of the least width: a face smaller than this is passing by, and isn't spoken to."""


@dataclass(eq=False)
class _Visit:
    number: int
    began: float
    decider: Decider
    watch: Watch = field(default_factory=Watch)
    seen: float = 0.0
    box: Box | None = None
    embedding: Floats | None = None
    usable_since: float | None = None
    asked: tuple[Action, float] | None = None
    challenges: int = 0
    final: Answer | None = None


class Encounter:
    """Feed it every observation of a kiosk's stream, in order. `now` is in monotonic seconds."""

    def __init__(
        self,
        templates: Mapping[str, Template],
        *,
        engine: Identity,
        policy: LivenessPolicy = LivenessPolicy.RISK_BASED,
        rng: Random,
    ) -> None:
        self._engine, self._policy = engine, policy
        self._roster = self._roster_of(templates)
        self._examiner = Examiner(rng)
        self._visits = 0
        self._visit: _Visit | None = None

    def expect(self, templates: Mapping[str, Template]) -> None:
        """The lessons at hand changed. Whoever stands there is judged anew, unless already known."""
        self._roster = self._roster_of(templates)
        visit = self._visit
        if visit is None:
            return
        decider = Decider(self._roster)
        for embedding in visit.decider.views():
            decider.add(embedding)
        visit.decider = decider
        if isinstance(visit.final, Unknown | Confirm):
            visit.final, visit.usable_since = None, None

    def views(self) -> list[Floats]:
        """The embeddings that this visit's decision rests on, for `Gallery.add_live`."""
        return self._visit.decider.views() if self._visit else []

    def see(self, observation: Observation, now: float) -> Answer:
        subject = observation.subject
        if subject is None or subject.face.box.width < _PASSING_BY * KIOSK.width:
            return self._nobody(now)
        visit = self._visit_of(subject, now)
        visit.seen, visit.box, visit.embedding = now, subject.face.box, subject.embedding
        if visit.final is not None:
            return visit.final
        found = flaws(observation, KIOSK)
        if has_rival(observation, KIOSK.rival):
            return Guide(visit=visit.number, hint=Hint.ONE_AT_A_TIME)
        visit.watch.add(observation, now)
        if not found:
            visit.decider.add(subject.embedding)
            visit.usable_since = now if visit.usable_since is None else visit.usable_since
        answer = self._answer(visit, found, now)
        if isinstance(answer, _FINAL):
            visit.final = answer
        return answer

    def _nobody(self, now: float) -> Answer:
        visit = self._visit
        if visit is not None and now - visit.seen <= GONE_SECONDS:
            return visit.final or self._waiting(visit, now)
        self._visit = None
        return Guide(visit=self._visits, hint=Hint.NOBODY)

    def _waiting(self, visit: _Visit, now: float) -> Answer:
        if visit.asked is not None:
            action, since = visit.asked
            return Challenge(visit=visit.number, action=action, seconds=max(0.0, SECONDS - (now - since)))
        return Guide(visit=visit.number, hint=Hint.WAIT)

    def _visit_of(self, subject: Subject, now: float) -> _Visit:
        """The visit that this face goes on, or a new one."""
        visit = self._visit
        if visit is None or now - visit.seen > GONE_SECONDS or not _same_face(visit, subject):
            self._visits += 1
            visit = self._visit = _Visit(self._visits, now, Decider(self._roster))
        return visit

    def _answer(self, visit: _Visit, found: list[Flaw], now: float) -> Answer:
        if visit.asked is not None:
            return self._after_asking(visit, now)
        decision = visit.decider.decision()
        if decision is None:
            return Guide(visit=visit.number, hint=hint(found))
        waited = visit.usable_since is not None and now - visit.usable_since >= PATIENCE
        if decision.outcome is Outcome.MATCH:
            return self._believe(visit, decision, now)
        if not waited:
            return Guide(visit=visit.number, hint=hint(found))
        if decision.outcome is Outcome.CONFIRM:
            return self._confirm(visit, decision, Liveness.OFF)
        return Unknown(visit=visit.number, evidence=self._evidence(visit, decision, Liveness.OFF))

    def _believe(self, visit: _Visit, decision: Decision, now: float) -> Answer:
        """The face is known: is it living?"""
        if self._policy is LivenessPolicy.ALWAYS:
            return self._ask(visit, now)
        verdict = visit.watch.verdict()
        if self._policy is LivenessPolicy.OFF or verdict is Verdict.LIVE:
            liveness = Liveness.OFF if self._policy is LivenessPolicy.OFF else Liveness.LIVE
            return self._match(visit, decision, liveness)
        if not visit.watch.full:
            return Guide(visit=visit.number, hint=Hint.WAIT)
        if verdict is Verdict.FLAT:
            evidence = self._evidence(visit, decision, Liveness.FLAT)
            return Refused(visit=visit.number, cause=Cause.FLAT, evidence=evidence)
        if self._policy is LivenessPolicy.PASSIVE:
            return self._confirm(visit, decision, Liveness.UNSURE)
        return self._ask(visit, now)

    def _ask(self, visit: _Visit, now: float) -> Answer:
        visit.challenges += 1
        visit.asked = self._examiner.draw(opening=visit.challenges == 1), now
        return self._waiting(visit, now)

    def _after_asking(self, visit: _Visit, now: float) -> Answer:
        assert visit.asked is not None  # noqa: S101 - the caller's condition
        action, since = visit.asked
        decision = visit.decider.decision()
        if decision is None or now - since > SECONDS:
            if visit.challenges < CHALLENGES:
                return self._ask(visit, now)
            evidence = self._evidence(visit, decision, Liveness.UNSURE)
            return Refused(visit=visit.number, cause=Cause.CHALLENGE_FAILED, evidence=evidence)
        if not visit.watch.made(action, since):
            return self._waiting(visit, now)
        if decision.outcome is Outcome.MATCH:
            return self._match(visit, decision, Liveness.CHALLENGE)
        return self._confirm(visit, decision, Liveness.CHALLENGE)

    def _match(self, visit: _Visit, decision: Decision, liveness: Liveness) -> Answer:
        return Match(visit=visit.number, trainee=decision.name, evidence=self._evidence(visit, decision, liveness))

    def _confirm(self, visit: _Visit, decision: Decision, liveness: Liveness) -> Answer:
        evidence = self._evidence(visit, decision, liveness)
        return Confirm(visit=visit.number, candidates=decision.candidates, evidence=evidence)

    def _evidence(self, visit: _Visit, decision: Decision | None, liveness: Liveness) -> Evidence:
        figures = visit.watch.figures()
        return Evidence(
            engine=str(self._engine),
            score=decision.score if decision else 0.0,
            margin=decision.margin if decision else 0.0,
            frames=decision.frames if decision else 0,
            liveness=liveness,
            statistics=figures.named() if figures else (),
        )

    def _roster_of(self, templates: Mapping[str, Template]) -> Roster:
        return Roster({trainee: template.vector for trainee, template in templates.items()}, self._engine)


_SAME = 0.5
_OTHER = 0.15
"""Cosines between two frames' embeddings: surely one person, and surely two even where the box stayed in place."""
_STEP = 0.7
"""Of the face's width: farther than that between two frames it is somebody else's place."""


def _same_face(visit: _Visit, subject: Subject) -> bool:
    """Whether the face follows the one before it: in place, or else by its looks."""
    if visit.box is None or visit.embedding is None:
        return True
    alike = _cosine(visit.embedding, subject.embedding)
    (x, y), (old_x, old_y) = subject.face.box.centre, visit.box.centre
    stayed = np.hypot(x - old_x, y - old_y) < _STEP * max(visit.box.width, subject.face.box.width)
    return alike > (_OTHER if stayed else _SAME)


def _cosine(a: Floats, b: Floats) -> float:
    return float(a @ b) / (float(np.linalg.norm(a) * np.linalg.norm(b)) + 1e-6)
