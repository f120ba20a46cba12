"""One station's conversation: commands and frames in, where the visit stands out."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from edge_agent.checkin.board import board
from edge_agent.checkin.station import Stations, StationVisit, Told
from edge_agent.errors import ConflictError
from edge_agent.faces.station import Step, Why
from edge_agent.store.training import get_trainee
from edge_agent.web.actions import consent
from edge_agent.web.kiosk import said
from edge_agent.web.kiosk.faces import Sight
from edge_agent.web.kiosk.frames import Frames
from edge_agent.web.kiosk.said import Message
from edge_agent.web.site import Site
from edge_agent.web.station.commands import ByHand, Card, Close, Command, Consent, Open, Review, picture
from edge_agent.web.words import mark as _
from edge_agent.web.words import words

LOOKING = {Step.PHOTOS, Step.SIGN_IN}
"""Only then are frames looked at: none before the consent."""

CAUSES: dict[Why, str] = {
    Why.LATE: _("45 秒已到"),
    Why.NO_CONSENT: _("学员不同意人脸识别"),
    Why.OTHER_PERSON: _("证件与本人不符"),
    Why.PHOTOS: _("照片不可用"),
    Why.NOT_LIVING: _("未通过活体检测"),
    Why.RESEMBLES: _("与其他学员的面部过于相似"),
    Why.UNSURE: _("无法确认是本人"),
    Why.ASKED: _("改为手动签到"),
}


class StationTalk:
    """`obey`, `see` and `look` block, so they run in a worker thread, one at a time; `take` may run beside them."""

    def __init__(self, site: Site, stations: Stations, *, by: str, room: str, language: str) -> None:
        self._site, self._stations = site, stations
        self._by, self._room = by, room
        self._words = words(language).gettext
        self._zone = site.policies(site.settings.policy).policy.zone
        self._stream = f"station-{secrets.token_hex(4)}"
        self._frames = Frames(site.faces, self._stream, site.clock)
        self._woken: Callable[[], None] = lambda: None
        self._visit: StationVisit | None = None
        self._name = ""
        self._step = Step.CONSENT

    def take(self, frame: bytes) -> bool:
        """Hand a frame to the engine; False where it was dropped. Raises `InputError` for what is no frame."""
        return self._step in LOOKING and self._frames.take(frame)

    def watch(self, woken: Callable[[], None]) -> None:
        """Have `woken` called, on a thread of the engine's, whenever there is something for `sight`."""
        self._woken = woken

    def sight(self) -> Sight | None:
        return None if self._site.faces is None else self._site.faces.latest(self._stream)

    def see(self, sight: Any) -> dict[str, Any] | None:
        """Give where the visit stands after a sight; None without a visit."""
        return None if self._visit is None else self._tell(self._visit, self._visit.see(sight))

    def look(self) -> dict[str, Any] | None:
        """The same as time goes on."""
        return None if self._visit is None else self._tell(self._visit, self._visit.told())

    def obey(self, command: Command) -> dict[str, Any] | None:
        """Carry out what the page asks for. Raises `EdgeAgentError` with what to do; the visit stays where it was."""
        if isinstance(command, Open):
            self.close()
            return self._open(command.trainee)
        if isinstance(command, Close):
            self.close()
            return None
        visit = self._visit
        if visit is None:
            raise ConflictError("Nobody is at this station (请先选择学员).", do="Choose a trainee.")
        return self._tell(visit, self._step_on(visit, command))

    @property
    def is_over(self) -> bool:
        """Recognition ended, or began anew: the page connects again."""
        return self._site.stations is not self._stations

    def close(self) -> None:
        """The page went, or the next trainee comes."""
        if self._visit is not None:
            self._visit.close()
            self._visit = None
        self._step = Step.CONSENT
        if self._site.faces is not None:
            self._site.faces.forget(self._stream)

    def _open(self, trainee: str) -> dict[str, Any]:
        visit = self._stations.open(trainee, room=self._room, station=self._stream, by=self._by)
        with self._site.readers() as connection:
            self._name = get_trainee(connection, trainee).name
        self._visit = visit
        if self._site.faces is not None:
            self._site.faces.watch(self._stream, self._woken)
        return self._tell(visit, visit.told())

    def _step_on(self, visit: StationVisit, command: Consent | Card | Review | ByHand) -> Told:
        if isinstance(command, Consent):
            told = visit.consent(given=command.recognise, text=consent.TEXT, guardian=command.guardian)
            if command.recognise and command.upload:
                self._site.writer.run(
                    lambda tx: consent.give(tx, visit.trainee, "upload", by=self._by, guardian=command.guardian)
                )
            return told
        if isinstance(command, Card):
            front, back = picture(command.front, "front"), picture(command.back, "back")
            return visit.card(front, back, number=command.number)
        if isinstance(command, Review):
            return visit.review(accepted=command.accepted, reason=command.reason)
        return visit.by_hand()

    def _tell(self, visit: StationVisit, told: Told) -> dict[str, Any]:
        self._step = told.step
        return {
            "type": "station",
            "trainee": visit.trainee,
            "name": self._name,
            "step": told.step,
            "seconds": round(told.seconds),
            "photos": told.photos,
            "said": asdict(self._said(told)),
            "resembles": self._resembles(told),
        } | self._lesson(told)

    def _said(self, told: Told) -> Message:
        if told.step is Step.DONE:
            with self._site.readers() as connection:
                shown = board(connection, self._site.policies, self._room, self._site.now())
            return said.outcome(told.replies, self._name, shown, self._zone, self._words)
        if told.step is Step.BY_HAND:
            cause = CAUSES[told.cause or Why.ASKED]
            return Message("by_hand", "warn", "hand", self._words(_("请手动签到")), self._words(cause))
        if told.action is not None:
            return said.challenge(told.action, self._words)
        return said.guidance(told.hint, self._words) or said.look_again(self._words)

    def _resembles(self, told: Told) -> str:
        if not told.resembles:
            return ""
        with self._site.readers() as connection:
            return get_trainee(connection, told.resembles).name

    def _lesson(self, told: Told) -> dict[str, str]:
        """Where the trainee can be signed in by hand now."""
        if told.step is not Step.BY_HAND or self._visit is None:
            return {"lesson": "", "unit": ""}
        with self._site.readers() as connection:
            shown = board(connection, self._site.policies, "", self._site.now())
        ids = {self._visit.trainee}
        sheet = next((each for each in shown.signing_in if ids & {row.id for row in each.absent}), None)
        return {"lesson": sheet.lesson.id, "unit": sheet.unit.id} if sheet else {"lesson": "", "unit": ""}
