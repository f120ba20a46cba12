"""Times without power, put on the record by the next boot: nobody can note one while it lasts."""

from __future__ import annotations

from datetime import datetime

from edge_agent.model.fact import Fact
from edge_agent.model.kinds.system import OutageClosed, OutageOpened, ServiceStarted
from edge_agent.model.stamp import Stamp, Trust
from edge_agent.store.database import Connection
from edge_agent.store.facts import fact_id, read_facts, read_last, recent_facts
from edge_agent.store.outages import known_boot, note_boot
from edge_agent.store.writer import Transaction, Writer
from edge_agent.upkeep.timekeeper import boot_began

_ENDING = 20
"""Facts at a boot's end among which an orderly stop stands: several services write theirs at once."""


class PowerLog:
    """Fed with every tick's stamp until the clock can be trusted; then it looks once how the boot before ended.

    An orderly stop is no outage. `alive` is when this service last wrote to the disk before it was started, if it did:
    a quiet night leaves no fact. A boot whose clock was not trusted says nothing of when it ended.
    """

    def __init__(self, writer: Writer, reader: Connection, alive: datetime | None) -> None:
        self._writer = writer
        self._reader = reader
        self._alive = alive
        self._settled = False

    def observe(self, stamp: Stamp) -> None:
        if self._settled or stamp.trust is Trust.UNTRUSTED:
            return
        self._settled = True
        known = known_boot(self._reader)
        if known == stamp.boot_id:
            return
        cut = self._cut(stamp) if known else None

        def job(tx: Transaction) -> None:
            note_boot(tx, stamp.boot_id)
            if cut is not None:
                tx.extend((OutageOpened(what=cut.what, at=cut.start, detail=cut.detail), cut))

        self._writer.run(job)

    def _cut(self, stamp: Stamp) -> OutageClosed | None:
        last = self._last_before(stamp.boot_id)
        if last is None or last.stamp.trust is Trust.UNTRUSTED:
            return None
        ending = recent_facts(self._reader, before=fact_id(last.epoch, last.seq) + 1, limit=_ENDING)
        if any(fact.kind == "service.stopped" and fact.data["service"] == "upkeep" for fact in ending):
            return None
        start, end = last.stamp.wall, boot_began(stamp)
        if self._alive is not None and start < self._alive < end:
            start = self._alive
        if start >= end:
            return None
        return OutageClosed(what="power", start=start, end=end, detail="断电或非正常关机：自最后一次写盘至开机")

    def _last_before(self, boot_id: str) -> Fact | None:
        """Give the last fact of an earlier boot: the first start of a service in this one is soon found after it.

        A boot may have gone on for a year, when this service alone is started anew.
        """

        def is_earlier(fact: Fact) -> bool:
            return fact.stamp.boot_id != boot_id

        started = read_last(self._reader, (ServiceStarted.KIND,), is_earlier)
        after = fact_id(started.epoch, started.seq) if started else 0
        own = next(read_facts(self._reader, after=after, kinds=(ServiceStarted.KIND,)), None)
        return read_last(self._reader, accept=is_earlier, before=fact_id(own.epoch, own.seq) if own else 0)
