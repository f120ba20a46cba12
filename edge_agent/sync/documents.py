"""Rosters and timetables that were made at the venue, to the centre: one at a time, until it has signed for it."""

from __future__ import annotations

from collections.abc import Callable

from edge_agent.store import outbox
from edge_agent.store.database import Connection
from edge_agent.store.writer import Writer
from edge_agent.sync.contract.batch import DocumentHeader, encode_document
from edge_agent.sync.contract.messages import DocumentAck

AGAIN_SECONDS = 30.0


class DocumentSender:
    """Belongs to the thread of the session."""

    def __init__(self, writer: Writer, reader: Connection, publish: Callable[[bytes], None]) -> None:
        self._writer = writer
        self._reader = reader
        self._publish = publish
        self._waiting = ""
        self._due = 0.0

    def connected(self) -> None:
        self._waiting = ""

    def pump(self, now: float) -> None:
        """Send the oldest document that the centre lacks, and again where it does not answer."""
        if self._waiting and now < self._due:
            return
        document = outbox.next_document(self._reader)
        if document is None:
            return
        header = DocumentHeader(
            id=document.id,
            kind=document.kind,
            subject=document.subject,
            revision=document.revision,
            sha256=document.sha256,
        )
        self._waiting, self._due = document.id, now + AGAIN_SECONDS
        self._publish(encode_document(header, document.body))

    def on_ack(self, ack: DocumentAck) -> None:
        if ack.id == self._waiting:
            self._writer.run(lambda tx: outbox.mark_document_sent(tx, ack.id))
            self._waiting = ""
