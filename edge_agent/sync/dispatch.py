"""From the journal to the centre: sends batches, believes only the centre's signature, and notices forks.

One thread owns a `Dispatcher`. Nothing is sent before the centre has answered the session's hello with where it
stands: that is how a database restored from a backup, on either side, is noticed before a fact is sent.

- The centre stands behind what it once acknowledged: it was restored, so everything goes again from there.
- The centre stands before our head, or its link is not ours: this database was restored, so a new epoch begins whose
  first fact names the head that we can't continue. What the old epoch holds beyond goes into the centre's quarantine.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Iterable

from edge_agent.model.fact import genesis
from edge_agent.model.kinds.system import SyncForked
from edge_agent.store import outbox
from edge_agent.store.facts import fact_id, place, read_head
from edge_agent.store.setup import HighWater, new_epoch
from edge_agent.store.writer import Transaction, Writer
from edge_agent.sync.contract import limits
from edge_agent.sync.contract.batch import encode_batch
from edge_agent.sync.contract.codes import Code
from edge_agent.sync.contract.messages import FactsAck, Gap
from edge_agent.sync.contract.signing import Signed
from edge_agent.sync.window import Flight, Window

log = logging.getLogger(__name__)

_READ = 10  # batches a query
_PERSIST_SECONDS = 1.0
"""How often the watermark is written while acknowledgements stream in: a crash only sends that much again."""

COUNTERSIGN_SECONDS = 60.0
"""How often the centre's signature over our head is kept: each is a page of an SD card, and the newest covers all."""


class Dispatcher:
    """`publish(message)` hands a batch to the broker's client; `reader` is this thread's own connection."""

    def __init__(self, writer: Writer, reader: sqlite3.Connection, publish: Callable[[bytes], None]) -> None:
        self._writer = writer
        self._reader = reader
        self._publish = publish
        self._agent = read_head(reader).agent
        self._window = Window(outbox.find_acked(reader))
        self._written = self._window.acked
        self._word: tuple[int, Signed] | None = None
        self._due = self._word_due = 0.0
        self._forked = False
        self.greeted = False

    @property
    def acked(self) -> int:
        return self._window.acked

    @property
    def probing(self) -> bool:
        """Whether the centre owes its word on something that was sent again."""
        return self._window.probing

    def connected(self) -> None:
        """A new connection: whatever was on its way is unknown."""
        self.greeted = False
        self._window.reset(self._window.acked)

    def pump(self, now: float) -> bool:
        """Send what there is and what is overdue; say whether more is waiting than the window takes."""
        if not self.greeted:
            return False
        self._send_again(self._window.overdue(now))
        while self._window.room:
            count = min(self._window.room, _READ)
            sent = 0
            for stored in outbox.read_stored(
                self._reader,
                self._window.sent,
                facts=limits.BATCH_FACTS,
                size=limits.BATCH_BYTES,
                batches=count,
            ):
                if sent == count:
                    break
                self._send(stored, now)
                sent += 1
            if not sent:
                return False
        return True

    def on_ack(self, ack: FactsAck, signed: Signed, now: float, *, hello: bool) -> None:
        """Take the centre's word; `hello` says that it answers this session's question."""
        agreed = self._link(ack.epoch, ack.upto) == ack.head
        if agreed and ack.upto:
            self._word = fact_id(ack.epoch, ack.upto), signed
        if (not agreed and ack.epoch >= self._epoch()) or (hello and self._forked):
            self._diverged(ack)
        elif hello and not (self.greeted and agreed and fact_id(ack.epoch, ack.upto) >= self.acked):
            self._stand(ack, agreed=agreed)
        elif agreed:
            self._send_again(self._window.settle_upto(ack.epoch, ack.upto, now))
            if hello:  # it was started anew: what the one before it had not committed is gone
                self._send_again(self._window.again(ack.epoch, ack.upto + 1, limits.LAST_SEQ, now))
        elif ack.re:
            self._send_again(self._window.settle_link(ack.re, now))
        self.greeted = self.greeted or hello

    def on_gap(self, gap: Gap, now: float) -> None:
        """Send again what is missing; let go of what went into quarantine."""
        if gap.code is Code.MISSING:
            wanted = self._window.again(gap.epoch, gap.first, gap.last, now)
            self._send_again(wanted)
            if fact_id(gap.epoch, gap.first) <= self._window.acked:
                self.greeted = False  # it lost what it had acknowledged: ask where it stands
            return
        log.warning("the centre refuses facts %d/%d-%d: %s %s", gap.epoch, gap.first, gap.last, gap.code, gap.detail)
        if gap.code in {Code.FORK, Code.BAD_EPOCH}:
            self._send_again(self._window.settle_range(gap.epoch, gap.first, gap.last, now))
            if gap.epoch == self._epoch() and not self._forked:
                self._forked, self.greeted = True, False

    def due_at(self) -> float | None:
        """Give when `pump` or `persist` has something to do although nothing arrives."""
        ours = (self._due if self._unwritten else None, self._word_due if self._word else None)
        return min((at for at in (self._window.due_at(), *ours) if at is not None), default=None)

    def persist(self, now: float, *, force: bool = False) -> None:
        """Write the watermark down, once a second or when everything is acknowledged, and the countersignature."""
        acked, word = self._window.acked, self._word
        marks = self._unwritten and (force or now >= self._due or self._window.sent == acked)
        signs = word is not None and (force or now >= self._word_due)
        if not marks and not signs:
            return

        def job(tx: Transaction) -> None:
            if marks:
                outbox.set_acked(tx, acked)
            if signs and word is not None:
                identifier, signed = word
                outbox.keep_countersignature(tx, identifier, signed.payload, signed.key, signed.signature)

        self._writer.run(job)
        if marks:
            self._written, self._due = acked, now + _PERSIST_SECONDS
        if signs:
            self._word, self._word_due = None, now + COUNTERSIGN_SECONDS

    @property
    def _unwritten(self) -> bool:
        return self._window.acked != self._written

    def _send(self, stored: outbox.Stored, now: float) -> None:
        message = encode_batch(stored.epoch, stored.first, stored.bodies, stored.link)
        last = stored.first + len(stored.bodies) - 1
        self._window.add(Flight(stored.epoch, stored.first, last, stored.last_id, stored.link.hex(), message), now)
        self._publish(message)

    def _send_again(self, flights: Iterable[Flight]) -> None:
        for flight in flights:
            self._publish(flight.message)

    def _stand(self, ack: FactsAck, *, agreed: bool) -> None:
        """Go on where the centre stands, which may be before or behind what we know of it."""
        stand, epoch = fact_id(ack.epoch, ack.upto), place(self._window.acked)[0]
        if agreed and (ack.epoch == epoch or stand < self._window.acked):
            self._window.reset(stand)
        elif ack.epoch < epoch:
            self._window.reset(fact_id(ack.epoch + 1, 0))

    def _diverged(self, ack: FactsAck) -> None:
        old = HighWater(ack.agent, ack.epoch, ack.upto, ack.head)
        ours = self._link(ack.epoch, ack.upto) or ""

        def job(tx: Transaction) -> None:
            if tx.head.epoch <= old.epoch:  # else it was begun for an earlier word of the same fork
                new_epoch(tx, old, cause="restored")
                if self._forked or ours:
                    tx.append(SyncForked(epoch=old.epoch, seq=old.seq, ours=ours, theirs=old.head))

        self._writer.run(job)
        self._forked = False
        log.warning("the centre has another history at %d/%d; epoch %d begins", ack.epoch, ack.upto, self._epoch())

    def _epoch(self) -> int:
        return read_head(self._reader).epoch

    def _link(self, epoch: int, seq: int) -> str | None:
        if seq == 0:
            return genesis(self._agent, epoch).hex()
        link = outbox.find_link(self._reader, fact_id(epoch, seq))
        return None if link is None else link.hex()
