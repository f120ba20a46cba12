"""Uploads as the centre keeps them: pieces in a spool folder, whole files verified and passed to the store.

The length of the spool file is the offset: whatever a kill left there, the agent goes on behind it, and the SHA-256 of
the whole decides in the end. Workers that share the spool folder take turns by `flock` on the file. A library was
tried (tuspyserver 4.4): it notes the offset beside the file after a PATCH and appends at the file's end, so that a
kill in mid-PATCH leaves a file that can never match.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path, PurePosixPath
from typing import BinaryIO

import msgspec

from edge_agent.central.database import Database, Tx
from edge_agent.central.instants import from_micros, to_micros
from edge_agent.central.registry import AgentRow
from edge_agent.central.stores import MediaStore
from edge_agent.clock import Clock
from edge_agent.errors import ConflictError, NotFoundError
from edge_agent.sync.contract.codes import Code, RefusedError
from edge_agent.sync.contract.http import UploadMetadata
from edge_agent.sync.contract.messages import Confirmation
from edge_agent.sync.contract.signing import Purpose, Signed, Signer

LIFE = timedelta(days=7)
"""How long an unfinished upload is kept."""

LARGEST = 8 << 30


@dataclass(frozen=True, slots=True)
class UploadRow:
    id: str
    size: int
    metadata: UploadMetadata
    expires: datetime
    done: bool


class LockedError(ConflictError):
    """Another request writes this upload."""

    status = 423


class Uploads:
    """The uploads of all agents."""

    def __init__(self, database: Database, store: MediaStore, spool: Path, signer: Signer, clock: Clock) -> None:
        self._database = database
        self._store = store
        self._spool = spool
        self._signer = signer
        self._clock = clock
        spool.mkdir(parents=True, exist_ok=True)

    def create(self, agent: AgentRow, size: int, metadata: UploadMetadata) -> tuple[str, Signed | None]:
        """Begin an upload, or find that the file is here already: then its confirmation comes at once."""
        if not 0 <= size <= LARGEST:
            raise RefusedError(Code.TOO_LARGE, f"Upload-Length {size}: at most {LARGEST} bytes.")
        identifier, now = secrets.token_hex(16), self._clock.stamp().wall
        with self._database.write() as tx:
            held = self._held(tx, agent, metadata, size)
            tx.run(
                "INSERT INTO uploads VALUES (%s, %s, %s, %s, %s, %s, %s)",
                (
                    identifier,
                    agent.number,
                    metadata.media,
                    size,
                    msgspec.json.encode(metadata).decode(),
                    to_micros(now + LIFE),
                    int(held),
                ),
            )
        if held:
            return identifier, self._confirm(agent, metadata, size)
        self._path(identifier).touch()
        if size == 0:
            return identifier, self.finish(agent, self.find(agent, identifier))
        return identifier, None

    def find(self, agent: AgentRow, identifier: str) -> UploadRow:
        """Give an upload of this agent. Raises `NotFoundError` for an unknown, expired or foreign one."""
        with self._database.read() as tx:
            row = tx.row(
                "SELECT size, metadata, expires, done FROM uploads WHERE id = %s AND agent = %s AND expires > %s",
                (identifier, agent.number, to_micros(self._clock.stamp().wall)),
            )
        if row is None or (not row[3] and not self._path(identifier).exists()):
            raise NotFoundError(f"No upload {identifier} (上传不存在或已过期).", do="Begin it anew.")
        size, metadata, expires, done = row
        return UploadRow(
            identifier, size, msgspec.json.decode(metadata, type=UploadMetadata), from_micros(expires), bool(done)
        )

    def offset(self, upload: UploadRow) -> int:
        return upload.size if upload.done else self._path(upload.id).stat().st_size

    @contextmanager
    def appending(self, upload: UploadRow, offset: int) -> Iterator[BinaryIO]:
        """Open the upload at its end. Raises `LockedError`, or `ConflictError` where its end is not at `offset`."""
        with self._path(upload.id).open("r+b", buffering=0) as stream:
            try:
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise LockedError(
                    "Another request writes this upload.", do="Ask for its offset in a moment."
                ) from error
            end = stream.seek(0, os.SEEK_END)
            if upload.done or end != offset:
                raise ConflictError(f"The upload stands at {end}, not at {offset}.", do="Ask for its offset.")
            yield stream

    def confirmation(self, agent: AgentRow, upload: UploadRow) -> Signed | None:
        return self._confirm(agent, upload.metadata, upload.size) if upload.done else None

    def finish(self, agent: AgentRow, upload: UploadRow) -> Signed:
        """Verify a whole upload, keep it and confirm it. Raises `RefusedError` and throws away what does not match."""
        path, metadata = self._path(upload.id), upload.metadata
        with path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        if digest != metadata.sha256:
            self.discard(upload)
            raise RefusedError(Code.HASH_DIFFERS, f"The file's SHA-256 is {digest}, announced was {metadata.sha256}.")
        self._store.put(store_name(agent, metadata), path, digest, metadata.mime)
        self._keep(agent, metadata, upload.size, upload.id)
        path.unlink(missing_ok=True)  # not media: the spool's copy of it
        return self._confirm(agent, metadata, upload.size)

    def confirm_presigned(self, agent: AgentRow, metadata: UploadMetadata, size: int) -> Signed:
        """Confirm a file that the agent put into the store itself, once the store says that it has these bytes."""
        with self._database.read() as tx:
            held = self._held(tx, agent, metadata, size)
        if not held:
            if not self._store.holds(store_name(agent, metadata), metadata.sha256, size):
                raise RefusedError(Code.HASH_DIFFERS, f"The store does not hold {metadata.media} with this SHA-256.")
            self._keep(agent, metadata, size, "")
        return self._confirm(agent, metadata, size)

    def discard(self, upload: UploadRow) -> None:
        with self._database.write() as tx:
            tx.run("DELETE FROM uploads WHERE id = %s", (upload.id,))
        self._path(upload.id).unlink(missing_ok=True)  # not media: an upload that was broken off

    def expire(self) -> int:
        """Forget what is too old; give how many uploads were."""
        with self._database.write() as tx:
            gone = tx.rows(
                "DELETE FROM uploads WHERE expires <= %s RETURNING id", (to_micros(self._clock.stamp().wall),)
            )
        for (identifier,) in gone:
            self._path(identifier).unlink(missing_ok=True)  # not media: an upload that was never finished
        return len(gone)

    def _held(self, tx: Tx, agent: AgentRow, metadata: UploadMetadata, size: int) -> bool:
        row = tx.row("SELECT sha256, size FROM media WHERE agent = %s AND id = %s", (agent.number, metadata.media))
        if row is None:
            return False
        if tuple(row) != (metadata.sha256, size):
            raise RefusedError(Code.FORK, f"Media {metadata.media} is here with another SHA-256.")
        return True

    def _keep(self, agent: AgentRow, metadata: UploadMetadata, size: int, upload: str) -> None:
        with self._database.write() as tx:
            tx.run(
                "INSERT INTO media VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
                (
                    agent.number,
                    metadata.media,
                    metadata.kind.value,
                    metadata.sha256,
                    size,
                    to_micros(metadata.start),
                    to_micros(metadata.end),
                    metadata.lesson,
                    metadata.camera,
                    metadata.mime,
                    store_name(agent, metadata),
                    to_micros(self._clock.stamp().wall),
                ),
            )
            tx.run("UPDATE uploads SET done = 1 WHERE id = %s", (upload,))

    def _confirm(self, agent: AgentRow, metadata: UploadMetadata, size: int) -> Signed:
        word = Confirmation(
            tenant=agent.address.tenant,
            agent=agent.address.agent,
            media=metadata.media,
            sha256=metadata.sha256,
            size=size,
            at=self._clock.stamp().wall,
        )
        return self._signer.sign(Purpose.CONFIRMATION, word)

    def _path(self, identifier: str) -> Path:
        return self._spool / identifier


def store_name(agent: AgentRow, metadata: UploadMetadata) -> str:
    """Give a file's name in the store: made of what was checked, so that no agent can name another's file."""
    return str(
        PurePosixPath(
            agent.address.tenant,
            agent.address.agent,
            metadata.kind.value,
            f"{metadata.start:%Y-%m-%d}",
            f"{hashlib.sha256(metadata.media.encode()).hexdigest()[:16]}-{metadata.sha256[:16]}",
        )
    )


def storestore_name(agent: AgentRow, metadata: UploadMetadata) -> str:
    """Give a file's name in the store: made of what was checked, so that no agent can name another's file."""
    return str(
        PurePosixPath(
            agent.address.tenant,
            agent.address.agent,
            metadata.kind.value,
            f"{metadata.start:%Y-%m-%d}",
            hashlib.sha256(metadata.media.encode()).hexdigest()[:16] + "-" + metadata.sha256[:16],
        )
    )
