"""Ask venues for recordings: by tus to this centre, or by presigned addresses straight into the S3 store."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

from edge_agent.central import commands
from edge_agent.central.database import Tx
from edge_agent.central.instants import to_micros
from edge_agent.central.registry import AgentRow
from edge_agent.central.uploads import Uploads
from edge_agent.central.views.lessons import Lesson, Segment
from edge_agent.errors import ConflictError
from edge_agent.model.media import MediaKind
from edge_agent.sync.contract.commands import AnyArgs, Presigned, SendMedia, SendPresigned
from edge_agent.sync.contract.http import UploadMetadata
from edge_agent.sync.contract.signing import Signer

_FILES = 1000
_ADDRESSES = 50  # a presigned address takes some 500 bytes
_LIFE = timedelta(days=2)
"""The venue may be offline, or keep recordings for the night: as long as a command lives."""


def request_recordings(
    tx: Tx,
    signer: Signer,
    uploads: Uploads,
    agent: AgentRow,
    *,
    lesson: Lesson,
    segments: Sequence[Segment],
    direct: bool,
    by: str,
    now: datetime,
) -> int:
    """Ask for what is at the venue still; give how many files. `direct`: into the S3 store by presigned addresses.

    Raises `ConflictError` where there is nothing to ask for, `InputError` for `direct` without such a store.
    """
    wanted = [each for each in segments if each.state in {"there", "asked"}]
    if not wanted:
        raise ConflictError("Nothing is left to ask for (没有可调取的录像).")
    size = _ADDRESSES if direct else _FILES
    for begin in range(0, len(wanted), size):
        some = wanted[begin : begin + size]
        args: AnyArgs = SendMedia(media=[each.media for each in some])
        if direct:
            args = SendPresigned(uploads=list(_presigned(uploads, agent, lesson, some)))
        command = commands.issue(tx, signer, agent, args, by=by, now=now, life=_LIFE)
        tx.run_many(
            "INSERT INTO media_requests VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT(agent, media) DO UPDATE SET"
            " command = excluded.command, account = excluded.account, at = excluded.at",
            [(agent.number, each.media, lesson.id, command, by, to_micros(now)) for each in some],
        )
    return len(wanted)


def _presigned(uploads: Uploads, agent: AgentRow, lesson: Lesson, some: Sequence[Segment]) -> Iterator[Presigned]:
    for each in some:
        metadata = UploadMetadata(
            media=each.media,
            kind=MediaKind.RECORDING,
            sha256=each.sha256,
            start=each.start.astimezone(UTC),
            end=each.end.astimezone(UTC),
            mime="video/mp4",
            lesson=lesson.id,
            camera=each.camera,
        )
        given = uploads.presign(agent, metadata, life=_LIFE)
        yield Presigned(media=each.media, url=given.url, headers=dict(given.headers))
