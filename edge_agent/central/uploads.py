"""Uploads as the centre keeps them: pieces in a spool folder, whole files verified and passed to the store.

The length of the spool file is the offset: whatever a kill left there, the agent goes on behind it, and the SHA-256 of
the whole decides in the end. Workers that share the spool folder take turns by `flock` on the file. A library was
tried (tuspyserver 4.4): it notes the offset beside the file after a PATCH and appends at the file's end, so that a
kill in mid-PATCH leaves a file that can never match.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import logging
import os
import secrets
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Protocol

import msgspec

from edge_agent.central.database import Database, Tx
from edge_agent.central.instants import from_micros, to_micros
from edge_agent.central.registry import AgentRow
from edge_agent.central.stores import MediaStore, Presigned
from edge_agent.clock import Clock
from edge_agent.errors import ConflictError, DiskFullError, NotFoundError
from edge_agent.sync.contract.codes import Code, RefusedError
from edge_agent.sync.contract.http import UploadMetadata
from edge_agent.sync.contract.messages import Confirmation
from edge_agent.sync.contract.signing import Purpose, Signed, Signer

log = logging.getLogger(__name__)

LIFE = timedelta(days=7)
"""How long an unfinished upload is kept."""

LARGEST = 8 << 30
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_PATIENCE = 5.0
"""Seconds that a question for the offset waits for the end of a PATCH whose client is gone."""


class Digest(Protocol):
    """What hashlib's digests have in common."""

    def update(self, data: bytes, /) -> None: ...

    def hexdigest(self) -> str: ...


@dataclass(frozen=True, slots=True)
class UploadRow:
    """An upload that was begun; `done` once the store has it."""

    id: str
    size: int
    metadata: UploadMetadata
    expires: datetime
    done: bool


class Tail:
    """The end of an upload that one request writes until it is closed; the digest is of the whole."""

    def __init__(self, stream: BinaryIO, digest: Digest, offset: int) -> None:
        self._stream = stream
        self._digest = digest
        self.offset = offset

    def write(self, pieces: Iterable[bytes]) -> None:
        """Write all of it, or raise `DiskFullError`: a disk that is nearly full takes a part first and says nothing."""
        for piece in pieces:
            left = memoryview(piece)
            with told_as_full():
                while left:
                    left = left[self._stream.write(left) :]
            self._digest.update(piece)
            self.offset += len(piece)

    def sync(self) -> None:
        with told_as_full():
            os.fdatasync(self._stream.fileno())

    def close(self) -> None:
        self._stream.close()

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()


@contextmanager
def told_as_full() -> Iterator[None]:
    """Have the agent told that the centre has no room, which it is to wait for; what is here already stays."""
    try:
        yield
    except OSError as error:
        if error.errno not in _FULL:
            raise
        said = DiskFullError(
            f"The centre's disk is full (中心磁盘已满): {error.strerror}.", do="Free space at the centre."
        )
        log.warning("%s", said)
        raise said from error


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
        if not 0 < size <= LARGEST:
            raise RefusedError(Code.TOO_LARGE, f"Upload-Length {size}: 1 to {LARGEST} bytes.")
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
        with told_as_full():
            self._path(identifier).touch()
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
        """Give how much is here, once no broken connection's last bytes are still being written."""
        if upload.done:
            return upload.size
        deadline = self._clock.boottime() + _PATIENCE
        with self._path(upload.id).open("rb") as stream:
            while not _locked(stream, fcntl.LOCK_SH):
                if self._clock.boottime() > deadline:
                    raise LockedError("Another request writes this upload.", do="Ask again in a moment.")
                time.sleep(0.02)
            return os.fstat(stream.fileno()).st_size

    def open_tail(self, upload: UploadRow, offset: int) -> Tail:
        """Open an upload at its end. Raises `LockedError`, or `ConflictError` where its end is not at `offset`."""
        if upload.done:
            raise ConflictError("The upload is whole already.", do="Ask for its offset.")
        with ExitStack() as stack:
            stream = stack.enter_context(self._path(upload.id).open("r+b", buffering=0))
            if not _locked(stream, fcntl.LOCK_EX):
                raise LockedError("Another request writes this upload.", do="Ask for its offset.")
            tail = Tail(stream, hashlib.file_digest(stream, "sha256"), stream.tell())
            if tail.offset != offset:
                raise ConflictError(f"The upload stands at {tail.offset}, not at {offset}.", do="Ask for its offset.")
            stack.pop_all()
            return tail

    def confirmation(self, agent: AgentRow, upload: UploadRow) -> Signed | None:
        return self._confirm(agent, upload.metadata, upload.size) if upload.done else None

    def finish(self, agent: AgentRow, upload: UploadRow, tail: Tail) -> Signed:
        """Verify a whole upload, keep it and confirm it. Raises `RefusedError` and throws away what does not match."""
        path, metadata, digest = self._path(upload.id), upload.metadata, tail.sha256
        if digest != metadata.sha256:
            self.discard(upload)
            raise RefusedError(Code.HASH_DIFFERS, f"The file's SHA-256 is {digest}, announced was {metadata.sha256}.")
        with told_as_full():
            self._store.take(store_name(agent, metadata), path, digest, metadata.mime)
        self._keep(agent, metadata, upload.size, upload.id)
        return self._confirm(agent, metadata, upload.size)

    def presign(self, agent: AgentRow, metadata: UploadMetadata, *, life: timedelta = timedelta(hours=12)) -> Presigned:
        """Give an address where the agent can put a file itself. Raises `InputError` where the store has none."""
        return self._store.presign(store_name(agent, metadata), metadata.sha256, int(life.total_seconds()))

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


def _locked(stream: BinaryIO, how: int) -> bool:
    """Take the lock until the file is closed, unless another request has it."""
    try:
        fcntl.flock(stream, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


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
