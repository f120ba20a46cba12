"""One kiosk's conversation: frames in, words out, each visit acted on once."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import replace

from edge_agent.checkin.board import Board, board
from edge_agent.checkin.saved import Saved, saved
from edge_agent.checkin.visit import Visit
from edge_agent.errors import StorageError
from edge_agent.faces import answer as faces_answer
from edge_agent.faces.answer import Answer, Challenge, Confirm, Evidence, Guide, Hint, Match, Unknown
from edge_agent.model.kinds.attendance import FlatRefused
from edge_agent.model.people import may_be_recognised
from edge_agent.store.kiosks import Kiosk
from edge_agent.store.training import get_trainee
from edge_agent.web.kiosk import said
from edge_agent.web.kiosk.faces import Faces, Meeting, Sight
from edge_agent.web.kiosk.frames import Frames
from edge_agent.web.kiosk.said import Message
from edge_agent.web.site import Doubt, Site
from edge_agent.web.words import words

LOOKS = 2
"""How often somebody unknown is asked to face the camera before the instructor is named."""


class Talk:
    """`look` and `hear` block, so they run in a worker thread, one at a time; `frames` are taken beside them."""

    def __init__(self, site: Site, kiosk: Kiosk, faces: Faces | None, language: str) -> None:
        self._site, self._kiosk, self._faces = site, kiosk, faces
        self._stream = f"{kiosk.id}-{secrets.token_hex(4)}"
        self.frames = Frames(faces, self._stream, site.clock)
        self._words = words(language).gettext
        self._zone = site.policies(site.settings.policy).policy.zone
        self._meeting: Meeting | None = None
        self._expected: set[str] = set()
        self.saved = Saved()
        self._board = self.look()
        self._first = -1, 0  # visit, and the number of its first usable frame
        self._visit = 0
        self._done: int | None = None
        self._tries = 0
        self._signed = ""
        self._last: Message | None = None

    def look(self) -> Board:
        """Read the board again, and what is `saved`; whoever stands there is kept."""
        stamp = self._site.now()
        with self._site.readers() as connection:
            self._board = board(connection, self._site.policies, self._kiosk.room, stamp)
            self.saved = saved(connection, self._board, stamp, self._zone)
        people = {row.id for rows in self._board.people if may_be_recognised(rows) for row in rows}
        templates = people & self._faces.enrolled() if self._faces is not None else set()
        if self._faces is not None and self._meeting is not None and templates != self._expected:
            self._faces.expect(self._meeting, self._board.people)
        self._expected = templates
        return self._board

    def watch(self, woken: Callable[[], None]) -> None:
        """Have `woken` called, on a thread of the engine's, whenever there is something for `sight`."""
        if self._faces is not None:
            self._faces.watch(self._stream, woken)

    def sight(self) -> Sight | None:
        """Give what the engine saw since the last call; does not block."""
        return None if self._faces is None else self._faces.latest(self._stream)

    def hear(self, sight: Sight) -> Message | None:
        """Give what is to be said after a sight, or None where nothing new is."""
        if self._faces is None:
            return None
        if self._meeting is None:
            self._meeting = self._faces.meet(self._board.people)
        answer = self._meeting.see(sight, self._site.clock.boottime())
        number = self.frames.number(sight.at)
        if self._first[0] != answer.visit and not (isinstance(answer, Guide) and answer.hint is not Hint.WAIT):
            self._first = answer.visit, number
        message = self._act(answer)
        if message is None or message == self._last:
            return None
        self._last = message
        return replace(message, frame=number, first=self._first[1])

    def afterwards(self) -> None:
        """Do what nobody waits for, once the answer is on its way: let the template of whoever signed in grow."""
        trainee, self._signed = self._signed, ""
        if trainee and self._faces is not None and self._meeting is not None:
            self._faces.confirmed(self._meeting, trainee)

    def close(self) -> None:
        if self._faces is not None:
            self._faces.forget(self._stream)

    def _act(self, answer: Answer) -> Message | None:
        if isinstance(answer, Guide):
            if answer.hint is Hint.NOBODY:
                self._tries = 0
                return Message("nobody", "idle", "", "")
            return said.guidance(answer.hint, self._words)
        if isinstance(answer, Challenge):
            return said.challenge(answer.action, self._words)
        if answer.visit == self._done:
            return None
        self._done = answer.visit
        return self._decide(answer)

    def _decide(self, answer: Match | Confirm | Unknown | faces_answer.Refused) -> Message:
        if isinstance(answer, Match):
            self._tries = 0
            return self._sign(answer.trainee, answer.evidence)
        if isinstance(answer, Unknown):
            self._tries += 1
            if self._tries <= LOOKS:
                self._meeting = None  # a new look at the same person
                self._done = None
                return said.look_again(self._words)
            return said.unknown(self._words)
        if isinstance(answer, Confirm):
            self._site.doubts.append(Doubt(self._site.now().wall, self._kiosk.id, answer.candidates))
            return said.unknown(self._words)
        flat = FlatRefused(kiosk=self._kiosk.id, at=self._site.now().wall, statistics=answer.evidence.figures())
        self._site.writer.append(flat)
        return said.not_passed(self._words)

    def _sign(self, trainee: str, evidence: Evidence) -> Message:
        self._visit += 1
        visit = Visit(
            id=f"{self._stream}-{self._visit}",
            stamp=self._site.now(),
            method="face",
            room=self._kiosk.room,
            kiosk=self._kiosk.id,
            recognition=evidence.recognition(),
        )
        try:
            replies = self._site.desk.tap(trainee, visit)
        except StorageError:
            return said.not_saved(self._words)
        if any(reply.said.counts for reply in replies):
            self._signed = trainee
        with self._site.readers() as connection:
            name = get_trainee(connection, trainee).name
        return said.outcome(replies, name, self._board, self._zone, self._words)
