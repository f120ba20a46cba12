"""What a kiosk holds of the faces part: engine, gallery and enrolment behind one handle (`web.kiosk.faces.Faces`)."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from random import SystemRandom

from edge_agent.clock import Clock
from edge_agent.errors import StorageError
from edge_agent.faces.answer import LivenessPolicy
from edge_agent.faces.encounter import Encounter
from edge_agent.faces.enrolment import Enroller
from edge_agent.faces.face import Observation
from edge_agent.faces.gallery import Gallery
from edge_agent.faces.heads import HeadCounter
from edge_agent.faces.names import EngineName
from edge_agent.faces.process import FaceEngine, Health
from edge_agent.faces.retire import retire
from edge_agent.faces.template import Template
from edge_agent.model.people import Trainee, may_be_recognised
from edge_agent.store.database import Connection
from edge_agent.store.writer import Writer

_log = logging.getLogger(__name__)


class KioskFaces:
    """The device's engine and gallery. Close it: the engine is a process."""

    def __init__(
        self,
        *,
        models: Path,
        gallery: Path,
        engine: EngineName,
        policy: LivenessPolicy,
        clock: Clock,
        writer: Writer,
        connect: Callable[[], Connection],
        locate: Callable[[str], Path],
    ) -> None:
        """`models` holds the weights, `gallery` is the folder of `faces.db` and its key, `locate` gives the file
        of a media row's path.
        """
        self._policy, self._clock, self._writer = policy, clock, writer
        self.gallery = Gallery(gallery)
        self.engine = FaceEngine(models, engine)
        self.enroller = Enroller(self.engine, self.gallery, writer, connect)
        self.heads = HeadCounter(self.engine, writer, locate)

    def close(self) -> None:
        self.engine.close()
        self.gallery.close()

    def ready(self) -> bool:
        return self.engine.health()[0] is Health.READY

    def enrolled(self) -> set[str]:
        return self.gallery.trainees()

    def submit(self, stream: str, jpeg: bytes, at: float) -> None:
        self.engine.submit(stream, jpeg, at)

    def latest(self, stream: str) -> Observation | None:
        return self.engine.latest(stream)

    def watch(self, stream: str, woken: Callable[[], None]) -> None:
        self.engine.watch(stream, woken)

    def forget(self, stream: str) -> None:
        self.engine.forget(stream)

    def meet(self, people: Sequence[Sequence[Trainee]]) -> Encounter:
        """A kiosk's encounters with these persons, each given as the rows of their classes."""
        return Encounter(self._templates(people), engine=self.engine.identity, policy=self._policy, rng=SystemRandom())

    def expect(self, meeting: Encounter, people: Sequence[Sequence[Trainee]]) -> None:
        meeting.expect(self._templates(people))

    def confirmed(self, meeting: Encounter, trainee: str) -> None:
        """The first confirmed sign-in adds a live view: photos are taken elsewhere, in other light, years ago."""
        self.enroller.add_live(trainee, meeting.views(), at=self._clock.stamp().wall)

    def retire(self, connection: Connection, today: date) -> None:
        """At every tick: delete what may no longer be kept."""
        gone = retire(self.gallery, connection, self._writer, today)
        if gone:
            _log.info("Deleted the face templates of %d trainees", gone)

    def count_heads(self, connection: Connection) -> None:
        """At every tick: count the faces of one classroom snapshot, where the engine is up."""
        if self.ready():
            self.heads.count_next(connection, self._clock.stamp().wall)

    def _templates(self, people: Sequence[Sequence[Trainee]]) -> Mapping[str, Template]:
        """One template a person: of the row that has most views. An unreadable gallery knows nobody, and is logged."""
        people = [rows for rows in people if may_be_recognised(rows)]
        try:
            found = self.gallery.templates({row.id for rows in people for row in rows}, self.engine.identity)
        except StorageError as error:
            _log.error("%s", error)
            return {}
        best = [max((found[row.id] for row in rows if row.id in found), key=_pictures, default=None) for rows in people]
        return {template.trainee: template for template in best if template is not None}


def _pictures(template: Template) -> int:
    return template.pictures
