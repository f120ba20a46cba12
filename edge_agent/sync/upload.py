"""Media to the centre, the most telling first: snapshots, clips, check-in frames, supplements, then recordings.

One thread runs an `Uploader`. A file is confirmed when the centre's signature names its SHA-256; nothing less lets
`upkeep` delete it. Whatever breaks, the next round goes on from where the server stands.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from edge_agent.clock import Clock
from edge_agent.errors import EdgeAgentError
from edge_agent.model.kinds.system import MediaConfirmed
from edge_agent.model.media import Media
from edge_agent.store import media as media_rows
from edge_agent.store import uploads
from edge_agent.store.database import Connection
from edge_agent.store.files import MediaFiles
from edge_agent.store.uploads import Upload, Wanted
from edge_agent.store.writer import Transaction, Writer
from edge_agent.sync.backoff import Backoff
from edge_agent.sync.contract.codes import Code, RefusedError
from edge_agent.sync.contract.http import UploadMetadata
from edge_agent.sync.contract.messages import Confirmation
from edge_agent.sync.contract.signing import Purpose, Signed, Verifier, decode
from edge_agent.sync.contract.topics import Address
from edge_agent.sync.throttle import Throttle
from edge_agent.sync.tus import TusClient
from edge_agent.sync.web import GoneError, LineError

log = logging.getLogger(__name__)

_LOOK_SECONDS = 1.0
_YIELD_SECONDS = 2.0
"""How often a long upload looks whether something more telling has come."""

_FIRST_PAUSE = timedelta(minutes=1)
"""Of a file that the centre refuses; a broken connection is no file's fault and pauses everything briefly."""

_OF_THE_DEVICE = {Code.EXPIRED, Code.BAD_SIGNATURE, Code.UNKNOWN_AGENT}
"""Refusals that are no file's fault either: a wrong clock, a key that does not count. Another file would fare alike."""


class _YieldError(Exception):
    """Another file's turn has come; this one goes on later from where it is."""


class Uploader:
    """`choose(now)` gives the kinds whose turn it is, by policy and time of day.

    The centre may change its keys while this runs: `verifier` is the device's one, which follows.
    """

    def __init__(
        self,
        address: Address,
        verifier: Verifier,
        client: TusClient,
        *,
        writer: Writer,
        reader: Connection,
        files: MediaFiles,
        choose: Callable[[datetime], Sequence[Wanted]],
        throttle: Throttle,
        stopping: threading.Event,
    ) -> None:
        self._address = address
        self._verifier = verifier
        self._client = client
        self._writer = writer
        self._clock: Clock = writer.clock
        self._reader = reader
        self._files = files
        self._choose = choose
        self._throttle = throttle
        self._stopping = stopping
        self._backoff = Backoff()
        self._told: Code | None = None

    def run(self, between: Callable[[], None] = lambda: None) -> None:
        """Upload until told to stop; `between` is called before each file."""
        while not self._stopping.is_set():
            between()
            pause = self.step()
            if pause:
                self._stopping.wait(pause)

    def step(self) -> float:
        """Try one file; give the seconds to wait before the next."""
        now = self._clock.stamp().wall
        upload = uploads.next_upload(self._reader, self._choose(now), now)
        if upload is None:
            return _LOOK_SECONDS
        try:
            self._upload(upload)
        except _YieldError:
            return 0.0
        except (GoneError, LineError, EdgeAgentError, OSError) as error:
            return self._failed(upload, error, now)
        self._backoff.succeeded()
        self._told = None
        return 0.0

    def _failed(self, upload: Upload, error: Exception, now: datetime) -> float:
        """Put off the file, or everything for a moment where it is not the file's fault; give how long."""
        if isinstance(error, GoneError):
            self._writer.run(lambda tx: uploads.forget_address(tx, upload.media.id))
        elif isinstance(error, LineError):
            log.info("upload of %s broke off: %s", upload.media.id, error)
        elif isinstance(error, RefusedError) and error.code in _OF_THE_DEVICE:
            if error.code is not self._told:
                self._told = error.code
                log.warning("no media can be uploaded: %s", error)
        else:
            self._put_off(upload, str(error), now)
            return 0.0
        return self._backoff.pause(self._clock.boottime())

    def _upload(self, upload: Upload) -> None:
        media, url = upload.media, upload.url
        path = self._files.locate(media.path)
        if upload.headers is not None:
            self._client.put(url, path, upload.headers, self._before(media))
            self._confirm(media, self._client.confirm(media.size, describe(media)))
            return
        if url:
            offset, signed = self._client.offset(url)
        else:
            url, signed = self._client.create(media.size, describe(media))
            offset = 0
            self._writer.run(lambda tx: uploads.begin(tx, media.id, url))
        if signed is None:
            _, signed = self._client.send(url, path, offset, self._before(media))
        if signed is None:
            raise RefusedError(Code.FAILED, "The server has the file and does not confirm it.")
        self._confirm(media, signed)

    def _before(self, media: Media) -> Callable[[int], None]:
        """Give what runs before each piece: it slows down, and lets something more telling go first."""
        due = self._clock.boottime() + _YIELD_SECONDS

        def before(size: int) -> None:
            nonlocal due
            self._throttle.take(size)
            if self._stopping.is_set():
                raise _YieldError
            now = self._clock.boottime()
            if now >= due:
                due = now + _YIELD_SECONDS
                wall = self._clock.stamp().wall
                first = uploads.next_upload(self._reader, self._choose(wall), wall)
                if first is None or first.media.id != media.id:
                    raise _YieldError

        return before

    def _confirm(self, media: Media, signed: Signed) -> None:
        self._verifier.verify(Purpose.CONFIRMATION, signed)
        word = decode(signed.payload, Confirmation)
        if (word.tenant, word.agent, word.media) != (self._address.tenant, self._address.agent, media.id):
            raise RefusedError(Code.WRONG_AGENT, f"The confirmation is for {word.media} of {word.agent}.")
        if (word.sha256, word.size) != (media.sha256, media.size):
            raise RefusedError(Code.HASH_DIFFERS, "The centre confirms other bytes than ours.")

        def job(tx: Transaction) -> None:
            media_rows.confirm(tx, media.id, media.sha256, by="centre")
            uploads.finish(tx, media.id)
            tx.append(MediaConfirmed(by="centre", media=(media.id,)))

        self._writer.run(job)

    def _put_off(self, upload: Upload, error: str, now: datetime) -> None:
        pause = min(_FIRST_PAUSE * 2 ** min(upload.failures, 20), uploads.LONGEST_PAUSE)
        log.warning("media %s can't be uploaded: %s", upload.media.id, error)

        def job(tx: Transaction) -> None:
            uploads.pause(tx, upload.media.id, sent=0, until=now + pause, error=error)
            uploads.forget_address(tx, upload.media.id)

        self._writer.run(job)


def describe(media: Media) -> UploadMetadata:
    """Give what the centre is told of a file."""
    return UploadMetadata(
        media=media.id,
        kind=media.kind,
        sha256=media.sha256,
        start=media.start,
        end=media.end,
        mime=media.mime,
        lesson=media.lesson,
        camera=media.camera,
    )
