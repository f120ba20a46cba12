"""Cameras and media: what the venue's other services do, asked for by facts and requests."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from edge_agent.errors import NotFoundError
from edge_agent.model.kinds.system import MediaRequested
from edge_agent.model.media import MediaKind, UploadPolicy
from edge_agent.store import lessons, uploads
from edge_agent.store import media as media_rows
from edge_agent.store.cameras import get_camera
from edge_agent.store.writer import Transaction
from edge_agent.sync.commands.outcome import Asked, Done, ask
from edge_agent.sync.contract.codes import Code, RefusedError
from edge_agent.sync.contract.commands import (
    Association,
    Export,
    RecordStart,
    RecordStop,
    SendMedia,
    SendPresigned,
    SnapshotNow,
)

PolicyOf = Callable[[MediaKind], UploadPolicy]
_LONGEST = timedelta(hours=12)


def associate(tx: Transaction, args: Association, by: str) -> Done:
    stored = lessons.get_lesson(tx.connection, args.lesson)
    if args.revision and stored.revision > args.revision:
        raise RefusedError(
            Code.STALE,
            f"lesson {args.lesson} stands at revision {stored.revision}, this was decided on {args.revision}.",
            do="Make it anew from the stored version.",
        )
    lesson = lessons.associate(tx, args.lesson, args.cameras, by=by)
    return Done({"revision": lesson.revision})


def start_recording(tx: Transaction, args: RecordStart, by: str) -> Done:
    """Record by hand; the plan of `capture` reads it."""
    if not tx.stamp.wall < args.end or not timedelta(0) < args.end - args.start <= _LONGEST:
        raise RefusedError(Code.INVALID, f"end: after start and now, and at most {_LONGEST} of it.")
    lessons.get_lesson(tx.connection, args.lesson)
    _bound(tx, args.camera)
    lessons.request_recording(
        tx, lesson=args.lesson, camera=args.camera, action="start", start=args.start, end=args.end, by=by
    )
    return Done()


def stop_recording(tx: Transaction, args: RecordStop, by: str) -> Done:
    lessons.get_lesson(tx.connection, args.lesson)
    now = tx.stamp.wall
    lessons.request_recording(
        tx, lesson=args.lesson, camera=args.camera, action="stop", start=now, end=now + _LONGEST, by=by
    )
    return Done()


def take_snapshot(tx: Transaction, args: SnapshotNow, by: str) -> Asked:
    _bound(tx, args.camera)
    return ask(tx, "snapshot", {"camera": args.camera, "lesson": args.lesson}, by=by, ttl=timedelta(minutes=2))


def export(tx: Transaction, args: Export, by: str) -> Asked:
    wanted = {"class_id": args.class_id, "with_video": args.with_video}
    return ask(tx, "export", wanted, by=by, ttl=timedelta(hours=6))


class MediaWishes:
    """Requests of files; `policy` says which kinds never leave the venue."""

    def __init__(self, policy: PolicyOf) -> None:
        self._policy = policy

    def send(self, tx: Transaction, args: SendMedia, by: str) -> Done:
        missing = [media for media in args.media if not self._may_go(tx, media)]
        if len(missing) == len(args.media):
            raise RefusedError(Code.NOT_FOUND, "None of these files is here any more.")
        asked = tuple(media for media in args.media if media not in set(missing))
        for media in asked:
            media_rows.request(tx, media)
        tx.append(MediaRequested(media=asked, command="media"), by=by)
        return Done({"requested": len(asked), "missing": missing})

    def send_presigned(self, tx: Transaction, args: SendPresigned, by: str) -> Done:
        for upload in args.uploads:
            if not self._may_go(tx, upload.media):
                raise RefusedError(Code.NOT_FOUND, f"Media {upload.media} is not here any more.")
            media_rows.request(tx, upload.media)
            uploads.presign(tx, upload.media, upload.url, upload.headers)
        tx.append(
            MediaRequested(media=tuple(upload.media for upload in args.uploads), command="media.presigned"), by=by
        )
        return Done({"requested": len(args.uploads)})

    def _may_go(self, tx: Transaction, media: str) -> bool:
        found = media_rows.find(tx.connection, media)
        if found is not None and self._policy(found.kind) is UploadPolicy.NEVER:
            raise RefusedError(Code.INVALID, f"Media {media}: files of this kind ({found.kind}) never leave the venue.")
        return found is not None and found.deleted is None


def _bound(tx: Transaction, camera: str) -> None:
    if not get_camera(tx.connection, camera).active:
        raise NotFoundError(f"Camera {camera} is not bound any more (设备未绑定).")
