"""Making templates: from photos, from a resident id card, from the kiosk's camera. Each refusal has its reason."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np

from edge_agent.errors import ForbiddenError, InputError
from edge_agent.faces.face import Floats, Observation
from edge_agent.faces.frames import encode_frame
from edge_agent.faces.gallery import LIVE_VIEWS, Gallery, Source
from edge_agent.faces.images import read_photo
from edge_agent.faces.process import FaceEngine
from edge_agent.faces.quality import CARD, ENROLMENT, Flaw, Gates, advice, flaws
from edge_agent.faces.template import WANTED_PHOTOS
from edge_agent.model.kinds.people import IdentityChecked, TemplateEnrolled
from edge_agent.store.consents import of_trainee
from edge_agent.store.database import Connection
from edge_agent.store.identity import check, require_resident_card
from edge_agent.store.training import same_person
from edge_agent.store.writer import Writer

_ONE_PERSON = 0.8
"""Of `confirm`: pictures less alike show different people. No pair of 525 of one East Asian person is (of 1,075 others
0.9 % are, taken again), and 98 % of the pairs of two people are.
"""


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture offered: `flaws` are why it was refused; empty when it was taken."""

    name: str
    flaws: tuple[Flaw, ...]

    @property
    def reasons(self) -> str:
        return advice(self.flaws)


@dataclass(frozen=True, slots=True)
class Enrolled:
    """What came of an enrolment. `resembles` names another trainee whose face is much alike, to be looked at."""

    trainee: str
    pictures: tuple[Picture, ...]
    views: int
    resembles: str

    @property
    def wants_more(self) -> bool:
        """One photo finds one in ten people less often than two."""
        return self.views < WANTED_PHOTOS


class Enroller:
    """Makes templates of consenting trainees. `connect` gives a reader; it is closed after each use."""

    def __init__(self, engine: FaceEngine, gallery: Gallery, writer: Writer, connect: Callable[[], Connection]) -> None:
        self._engine, self._gallery, self._writer, self._connect = engine, gallery, writer, connect

    def from_photos(
        self,
        trainee: str,
        photos: Sequence[tuple[str, bytes | Path]],
        *,
        at: datetime,
        by: str,
        source: Source = "photo",
    ) -> Enrolled:
        """Make a template anew of (name, photo) pairs; those with a flaw are left out, each with its reasons.

        Raises `InputError` when none is good, or when they show different people; then nothing is changed.
        """
        self.require_consent(trainee)
        gates = CARD if source == "card" else ENROLMENT
        offered = [(name, self._engine.ask(encode_frame(read_photo(photo, name)))) for name, photo in photos]
        return self.from_observations(trainee, offered, at=at, by=by, source=source, gates=gates)

    def from_observations(
        self,
        trainee: str,
        offered: Iterable[tuple[str, Observation]],
        *,
        at: datetime,
        by: str,
        source: Source,
        gates: Gates = ENROLMENT,
    ) -> Enrolled:
        """The same of frames that the engine has seen already: the kiosk's camera."""
        self.require_consent(trainee)
        pictures, views = [], []
        for name, observation in offered:
            found = tuple(flaws(observation, gates))
            pictures.append(Picture(name, found))
            if not found and observation.subject is not None:
                views.append(observation.subject.embedding)
        if not views:
            told = "; ".join(f"{picture.name}: {picture.reasons}" for picture in pictures)
            raise InputError(f"No picture is good enough. {told}", do="Take two photos, straight, in even light.")
        self._require_one_person(views)
        return self._store(trainee, tuple(pictures), views, at=at, by=by, source=source)

    def add_live(self, trainee: str, views: Sequence[Floats], *, at: datetime) -> None:
        """After a confirmed sign-in: let the template grow by the view that is most like the others of that visit.

        The first few sign-ins do: later ones would only carry the template away from what was enrolled.
        """
        if not views or self._gallery.sources(trainee).count("live") >= LIVE_VIEWS or not self._may(trainee):
            return
        unit = [view / np.linalg.norm(view) for view in views]
        best = int(np.argmax([float(np.mean([each @ other for other in unit])) for each in unit]))
        self._gallery.add(trainee, [views[best]], source="live", engine=self._engine.identity, at=at)
        self._announce(trainee, resembles="", by="")

    def require_consent(self, trainee: str) -> None:
        if not self._may(trainee):
            raise ForbiddenError(
                "This trainee has not consented to face recognition (未同意人脸识别).",
                do="Take the consent first, or sign the trainee in by hand: it counts the same.",
            )

    def read_card(self, trainee: str, front: bytes | Path, back: bytes | Path) -> Floats:
        """The portrait's embedding. Raises `InputError` for a temporary card, and for pictures of other things."""
        self._require_resident_card(trainee)
        if self._engine.ask(encode_frame(read_photo(back, "The card's back"))).subject is not None:
            raise InputError(
                "The back of the card shows a face (背面照片不符).", do="Photograph the side with the emblem."
            )
        seen = self._engine.ask(encode_frame(read_photo(front, "The card's front")))
        found = flaws(seen, CARD)
        if found or seen.subject is None:
            raise InputError(f"The card's portrait (证件照片): {advice(found)}", do="Photograph it again.")
        return seen.subject.embedding

    def compare(self, trainee: str, portrait: Floats, live: Sequence[Floats], *, by: str) -> IdentityChecked:
        """Compare a card's portrait with the person who stands there (实名认证), and note the outcome.

        Not accepted means manual review: somebody looks at card and person (`review`).
        """
        if not live:
            raise InputError(
                "No live view of the person (没有现场照片).", do="Let the person look into the camera first."
            )
        identity = self._engine.identity
        score = float(identity.metric.scores(identity.metric.fuse(live)[None], portrait)[0])
        accepted = score >= identity.thresholds.confirm
        reason = f"portrait {score:.2f}" if accepted else f"portrait {score:.2f} is not alike enough"
        return self._checked(IdentityChecked(trainee=trainee, method="card", accepted=accepted, reason=reason), by)

    def review(self, trainee: str, *, accepted: bool, reason: str, by: str) -> IdentityChecked:
        """人工审核: a person has compared card and trainee."""
        return self._checked(IdentityChecked(trainee=trainee, method="manual", accepted=accepted, reason=reason), by)

    def _require_resident_card(self, trainee: str) -> None:
        with closing(self._connect()) as connection:
            require_resident_card(connection, trainee)

    def _checked(self, checked: IdentityChecked, by: str) -> IdentityChecked:
        self._writer.run(lambda tx: check(tx, checked, by=by))
        return checked

    def _may(self, trainee: str) -> bool:
        with closing(self._connect()) as connection:
            consent = of_trainee(connection, trainee).get("recognise")
        return consent is not None and consent.holds

    def _require_one_person(self, views: Sequence[Floats]) -> None:
        identity = self._engine.identity
        for i, view in enumerate(views[1:], start=1):
            scores = identity.metric.scores(np.stack([identity.metric.fuse([each]) for each in views[:i]]), view)
            if float(scores.min()) < _ONE_PERSON * identity.thresholds.confirm:
                raise InputError(
                    "The pictures show different people (照片不是同一人).", do="Use photos of the trainee alone."
                )

    def _store(
        self,
        trainee: str,
        pictures: tuple[Picture, ...],
        views: Sequence[Floats],
        *,
        at: datetime,
        by: str,
        source: Source,
    ) -> Enrolled:
        identity = self._engine.identity
        resembles = self._gallery.resembling(identity.metric.fuse(views), identity, but=self._rows(trainee))
        if source != "camera" or "card" not in self._gallery.sources(trainee):
            self._gallery.delete_photos(trainee)
        self._gallery.add(trainee, views, source=source, engine=identity, at=at)
        self._announce(trainee, resembles=resembles, by=by)
        return Enrolled(trainee, pictures, len(self._gallery.sources(trainee)), resembles)

    def _rows(self, trainee: str) -> set[str]:
        """The person's rows in all classes: nobody resembles oneself."""
        with closing(self._connect()) as connection:
            return {row.id for row in same_person(connection, trainee)}

    def _announce(self, trainee: str, *, resembles: str, by: str) -> None:
        sources = self._gallery.sources(trainee)
        engine = str(self._engine.identity)
        self._writer.append(
            TemplateEnrolled(
                trainee=trainee, pictures=len(sources), sources=tuple(sources), engine=engine, resembles=resembles
            ),
            by=by,
        )
