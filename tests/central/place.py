"""A venue of the city: what it sends, as agents send it, through the real ingest and uploads."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
from PIL import Image, ImageDraw

from edge_agent.central import registry
from edge_agent.central.centre import Centre
from edge_agent.central.ingest import Arrival, Ingest
from edge_agent.model.body import Envelope
from edge_agent.model.fact import Payload
from edge_agent.model.kinds.attendance import SignedIn, SignedOut
from edge_agent.model.kinds.capture import SegmentClosed, SnapshotMissed, SnapshotTaken
from edge_agent.model.kinds.plan import ClassSaved, ClassStateChanged, LessonSaved, RosterSaved
from edge_agent.model.media import MediaKind
from edge_agent.model.people import Owner, Trainee
from edge_agent.model.roster import make_roster
from edge_agent.model.stamp import Stamp, Trust
from edge_agent.sync.contract.batch import DocumentHeader, encode_document
from edge_agent.sync.contract.http import UploadMetadata
from edge_agent.sync.contract.messages import State, Waiting
from edge_agent.sync.contract.topics import Address, Channel
from tests.sync.journal import Journal

DAY = date(2026, 3, 2)
NOW = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
"""Noon in Jinan, on a Monday."""
_KINDS: tuple[Any, ...] = ("opening", "middle", "closing")


def at(text: str, day: date = DAY) -> datetime:
    """Give a moment of the day in Jinan."""
    return datetime.fromisoformat(f"{day}T{text}+08:00").astimezone(UTC)


def picture(text: str, tone: int) -> bytes:
    """A made-up picture of a room."""
    image = Image.new("RGB", (640, 400), (40 + tone, 70 + tone // 2, 80))
    draw = ImageDraw.Draw(image)
    for desk in range(12):
        left, top = 60 + desk % 4 * 140, 150 + desk // 4 * 80
        draw.ellipse((left + 25, top - 45, left + 65, top - 5), fill=(214, 180, 150))
        draw.rectangle((left, top, left + 90, top + 30), fill=(120, 96, 70))
    draw.text((12, 378), text, fill=(240, 240, 240))
    out = io.BytesIO()
    image.save(out, "JPEG", quality=70)
    return out.getvalue()


@dataclass
class Place:
    """One venue: its agent's journal, as far as it was told."""

    centre: Centre
    ingest: Ingest
    address: Address
    number: int
    journal: Journal
    told: int = 0
    at: datetime = NOW - timedelta(seconds=40)

    @property
    def now(self) -> datetime:
        return self.centre.clock.stamp().wall

    def say(self, *payloads: Payload, at: datetime | None = None, by: str = "") -> None:
        stamp = Stamp(at or self.at, "boot-1", 1000.0, Trust.SYNCED, 0.01)
        envelope = Envelope(agent=self.address.agent, epoch=1, stamp=stamp)
        for payload in payloads:
            self.journal.append_body(envelope.body(len(self.journal.bodies) + 1, payload, policy="", by=by))

    def send(self, now: datetime | None = None) -> None:
        """Let the centre take everything that it does not have yet."""
        arrivals = []
        for first in range(self.told + 1, len(self.journal.bodies) + 1, 100):
            last = min(first + 99, len(self.journal.bodies))
            arrivals.append(Arrival(self.address, Channel.EV, self.journal.batch(first, last)))
        self.told = len(self.journal.bodies)
        self.ingest.take(arrivals, now or self.now)

    def state(self, *, online: bool = True, facts: int = 0, oldest: datetime | None = None, media: int = 0) -> None:
        state = State(
            online=online,
            session="s1",
            version="1.0.0",
            facts=Waiting(count=facts, oldest=oldest),
            media=Waiting(count=media, bytes=media * 7_300_000),
            trust="synced",
        )
        self.ingest.take([Arrival(self.address, Channel.STATE, msgspec.json.encode(state))], self.now)

    def document(self, identifier: str, kind: str, subject: str, body: bytes) -> str:
        sha256 = hashlib.sha256(body).hexdigest()
        header = DocumentHeader(id=identifier, kind=kind, subject=subject, revision=1, sha256=sha256)
        self.ingest.take([Arrival(self.address, Channel.DOC, encode_document(header, body))], self.now)
        return sha256

    def training(self, class_id: str, name: str, *, state: Any = "approved", **changes: Any) -> None:
        fields: dict[str, Any] = {
            "opens": DAY - timedelta(7),
            "closes": DAY + timedelta(30),
            "owner": "venue",
            "revision": 1,
        } | changes
        self.say(
            ClassSaved(
                class_id=class_id,
                code=f"QC-{self.number}-{class_id}",
                name=name,
                category="养老护理员",
                required_periods=80,
                online_required=0,
                policy="jinan-2024",
                **fields,
            ),
            ClassStateChanged(class_id=class_id, state=state, revision=fields["revision"]),
        )

    def roster(self, class_id: str, names: list[str], *, documents: list[str] | None = None) -> list[str]:
        ids = [f"{self.address.agent}-{class_id}-t{number}" for number in range(len(names))]
        numbers = documents or [f"37010219{70 + self.number % 20}0101{number:03}X" for number in range(len(names))]
        people = [
            (Trainee(id=each, class_id=class_id, name=name, document=document, phone="13800138000"), bytes(16))
            for each, name, document in zip(ids, names, numbers, strict=True)
        ]
        roster = make_roster(class_id, 1, Owner.VENUE, people)
        sha256 = self.document(f"d-{class_id}", "roster", class_id, roster.encode())
        self.say(
            RosterSaved(
                class_id=class_id,
                document=f"d-{class_id}",
                sha256=sha256,
                commitments=roster.root,
                trainees=tuple(ids),
                owner="venue",
                revision=1,
            )
        )
        return ids

    def lesson(self, lesson: str, class_id: str, start: str, **changes: Any) -> None:
        fields: dict[str, Any] = {
            "day": DAY,
            "subject": "老年人生活照护",
            "owner": "venue",
            "revision": 1,
            "confirmed": False,
        } | changes
        self.say(
            LessonSaved(
                lesson=lesson,
                class_id=class_id,
                date=fields.pop("day"),
                start=start,
                periods=2,
                break_minutes=0,
                room="r1",
                teacher="",
                subgroup="",
                cameras=(),
                lesson_kind="normal",
                end=None,
                change="added",
                **fields,
            )
        )

    def attend(self, lesson: str, class_id: str, trainees: list[str], start: datetime, *, stay: int = 99) -> None:
        for number, trainee in enumerate(trainees):
            base: dict[str, Any] = {"unit": f"{lesson}/1", "class_id": class_id, "lesson": lesson, "trainee": trainee}
            method: Any = "manual" if number == 1 else "face"
            came = start - timedelta(minutes=6) + timedelta(seconds=9 * number)
            self.say(SignedIn(**base, at=came, method=method, visit=f"v{number}"))
            if number < stay:
                left = start + timedelta(minutes=91, seconds=7 * number)
                self.say(SignedOut(**base, at=left, method="face", visit=f"w{number}"))

    def record(self, lesson: str, start: datetime, minutes: int, *, camera: str = "cam1") -> None:
        for minute in range(minutes):
            begin = start + timedelta(minutes=minute)
            content = self.video(lesson, minute)
            self.say(
                SegmentClosed(
                    media=f"{lesson}-v{minute}",
                    camera=camera,
                    lessons=(lesson,),
                    start=begin,
                    end=begin + timedelta(minutes=1),
                    sha256=hashlib.sha256(content).hexdigest(),
                    size=len(content),
                    codec="h264",
                    width=1280,
                    height=720,
                )
            )

    @staticmethod
    def video(lesson: str, minute: int) -> bytes:
        return f"{lesson} {minute} ".encode() * 1000

    def shots(self, lesson: str, start: datetime, *, missed: int = -1) -> None:
        for number in range(6):
            period, kind = number // 3 + 1, _KINDS[number % 3]
            slot = f"{lesson}/p{period}/{kind}"
            if number == missed:
                payload: Payload = SnapshotMissed(
                    slot=slot,
                    lesson=lesson,
                    period=period,
                    slot_kind=kind,
                    cause="offline",
                )
                self.say(payload)
                continue
            taken = start + timedelta(minutes=45 * (period - 1) + (3, 22, 42)[number % 3])
            content = picture(f"{self.address.agent} {lesson} {taken:%H:%M}", number * 9)
            media = f"{lesson}-s{number}"
            self.say(
                SnapshotTaken(
                    slot=slot,
                    lesson=lesson,
                    period=period,
                    slot_kind=kind,
                    camera="cam1",
                    at=taken,
                    source="live",
                    media=media,
                    sha256=hashlib.sha256(content).hexdigest(),
                    size=len(content),
                    heads=11,
                )
            )
            self.upload(media, content, start=taken, lesson=lesson)

    def upload(
        self,
        media: str,
        content: bytes,
        *,
        start: datetime,
        lesson: str,
        kind: MediaKind = MediaKind.SNAPSHOT,
        mime: str = "image/jpeg",
    ) -> None:
        """Give the centre a file as an agent does, without the HTTP around it."""
        uploads = self.centre.uploads
        with self.centre.database.read() as tx:
            agent = registry.get(tx, self.number)
        metadata = UploadMetadata(
            media=media,
            kind=kind,
            sha256=hashlib.sha256(content).hexdigest(),
            start=start,
            end=start + timedelta(minutes=1),
            mime=mime,
            lesson=lesson,
            camera="cam1",
        )
        identifier, _ = uploads.create(agent, len(content), metadata)
        upload = uploads.find(agent, identifier)
        tail = uploads.open_tail(upload, 0)
        tail.write([content])
        uploads.finish(agent, upload, tail)
        tail.close()
