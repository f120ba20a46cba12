"""Batches into facts: each agent's journal grows only by what is contiguous and continues its chain.

Within one transaction that holds the agent's row: what comes early is parked whole, what is there already is compared,
and a batch that contradicts what is there is a fork: it goes into quarantine and changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import repeat
from typing import Literal

from edge_agent.central.database import FactRow, Tx
from edge_agent.central.instants import to_micros
from edge_agent.central.registry import AgentRow
from edge_agent.model.fact import genesis
from edge_agent.model.kinds.system import EpochStarted
from edge_agent.sync.contract import limits
from edge_agent.sync.contract.batch import Batch, BatchHeader, chain, decode_batch
from edge_agent.sync.contract.codes import Code, RefusedError
from edge_agent.sync.contract.facts import check_body

_SEQ_BITS = 40
_PARKED = 2 * limits.WINDOW


def place(epoch: int, seq: int) -> int:
    """Give the integer that orders an agent's facts."""
    return epoch << _SEQ_BITS | seq


@dataclass(frozen=True, slots=True)
class Checked:
    """A batch whose bodies were read; `opens` is the epoch that its first fact names as the one before, or None."""

    batch: Batch
    kinds: list[str]
    flaws: list[str]
    opens: int | None

    @property
    def header(self) -> BatchHeader:
        return self.batch.header


def check(agent: str, message: bytes) -> Checked:
    """Unpack a batch and check each body against its kind's schema; `RefusedError` where it is none of this agent."""
    batch = decode_batch(message)
    kinds, flaws, opens = [], [], None
    epoch = batch.header.epoch
    for seq, body in enumerate(batch.bodies, batch.header.first):
        kind, fact, flaw = check_body(body)
        if fact is not None:
            if fact.agent != agent:
                raise RefusedError(Code.WRONG_AGENT, f"Fact {epoch}/{seq} is {fact.agent}'s, on the topic of {agent}.")
            if fact.seq != seq or fact.epoch != epoch:
                flaw = flaw or f"says that it is {fact.epoch}/{fact.seq}"
            if seq == 1 and isinstance(fact.data, EpochStarted):
                opens = fact.data.old_epoch
        kinds.append(kind)
        flaws.append(flaw)
    return Checked(batch, kinds, flaws, opens)


@dataclass(slots=True)
class Head:
    """Where one epoch of one agent stands."""

    upto: int
    link: bytes
    forked: bool = False
    changed: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one batch: taken, held `again`, put aside until the hole before it is filled, or refused."""

    header: BatchHeader
    state: Literal["taken", "again", "parked", "refused"]
    code: Code = Code.FORK
    detail: str = ""


@dataclass(slots=True)
class Chains:
    """The journals of the agents of one transaction. `flush` writes what was taken."""

    tx: Tx
    now: datetime
    _heads: dict[tuple[int, int], Head] = field(default_factory=dict)
    _parked: dict[int, int] = field(default_factory=dict)
    _rows: list[FactRow] = field(default_factory=list)

    def load(self, agents: Sequence[AgentRow]) -> None:
        """Read where the agents stand; their rows are locked."""
        if not agents:
            return
        marks, numbers = ", ".join(["%s"] * len(agents)), [agent.number for agent in agents]
        sql = f"SELECT agent, epoch, upto, link, forked FROM heads WHERE agent IN ({marks})"  # noqa: S608 - marks only
        for number, epoch, upto, link, forked in self.tx.rows(sql, numbers):
            self._heads[number, epoch] = Head(upto, link, bool(forked))
        sql = f"SELECT agent, count(*) FROM parked WHERE agent IN ({marks}) GROUP BY agent"  # noqa: S608 - marks only
        self._parked = dict(self.tx.rows(sql, numbers))

    def head(self, agent: AgentRow, epoch: int) -> Head:
        """Give where an epoch stands: at its genesis if nothing of it was taken."""
        return self._heads.get((agent.number, epoch)) or Head(0, genesis(agent.address.agent, epoch))

    def last_epoch(self, agent: AgentRow) -> int:
        return max((epoch for number, epoch in self._heads if number == agent.number), default=1)

    def take(self, agent: AgentRow, checked: Checked, message: bytes) -> list[Answer]:
        """Take one batch, and the parked ones that it makes contiguous."""
        answers = [self._take(agent, checked, message)]
        while answers[-1].state == "taken" and self._parked.get(agent.number):
            following = self._unpark(agent, checked.header.epoch)
            if following is None:
                break
            answers.append(self._take(agent, check(agent.address.agent, following), following))
        return answers

    def flush(self) -> None:
        """Write facts and heads."""
        self._insert()
        changed = [
            (number, epoch, head.upto, head.link, int(head.forked), to_micros(self.now))
            for (number, epoch), head in self._heads.items()
            if head.changed
        ]
        self.tx.run_many(
            "INSERT INTO heads VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT(agent, epoch) DO UPDATE SET"
            " upto = excluded.upto, link = excluded.link, forked = excluded.forked, at = excluded.at",
            changed,
        )

    def _take(self, agent: AgentRow, checked: Checked, message: bytes) -> Answer:
        header = checked.header
        head = self._heads.get((agent.number, header.epoch))
        if head is None and header.first == 1:
            if header.epoch > 1 and checked.opens != header.epoch - 1:
                detail = f"epoch {header.epoch} does not begin with epoch.started after epoch {header.epoch - 1}"
                return self._refuse(agent, header, message, Code.BAD_EPOCH, detail)
            head = self._heads[agent.number, header.epoch] = self.head(agent, header.epoch)
        if head is not None and header.first <= head.upto + 1:
            return self._continue(agent, head, checked, message)
        if head is not None and head.forked:
            return self._refuse(agent, header, message, Code.FORK, "behind a fork")
        return self._park(agent, header, message)

    def _continue(self, agent: AgentRow, head: Head, checked: Checked, message: bytes) -> Answer:
        header = checked.header
        known = min(head.upto, header.last) - header.first + 1
        if known and not self._holds(agent, header, checked.batch.bodies[:known]):
            return self._fork(agent, head, header, message, f"other facts stand at {header.epoch}/{header.first}")
        if header.last <= head.upto:
            return Answer(header, "again")
        bodies = checked.batch.bodies[known:]
        link = chain(head.link, head.upto + 1, bodies)
        if link.hex() != header.head:
            return self._fork(agent, head, header, message, f"does not continue the chain after {head.upto}")
        first = place(header.epoch, head.upto + 1)
        self._rows += zip(
            repeat(agent.number),
            range(first, first + len(bodies)),
            checked.kinds[known:],
            bodies,
            checked.flaws[known:],
            strict=False,  # the first of them has no end
        )
        head.upto, head.link, head.changed = header.last, link, True
        return Answer(header, "taken")

    def _holds(self, agent: AgentRow, header: BatchHeader, bodies: Sequence[bytes]) -> bool:
        self._insert()
        first = place(header.epoch, header.first)
        rows = self.tx.rows(
            "SELECT body FROM facts WHERE agent = %s AND place >= %s AND place < %s ORDER BY place",
            (agent.number, first, first + len(bodies)),
        )
        return [body for (body,) in rows] == list(bodies)

    def _insert(self) -> None:
        self.tx.insert_facts(self._rows)
        self._rows.clear()

    def _park(self, agent: AgentRow, header: BatchHeader, message: bytes) -> Answer:
        if self._parked.get(agent.number, 0) >= _PARKED:
            return Answer(header, "parked")  # not even that: its agent sends it again when the hole is filled
        added = self.tx.run(
            "INSERT INTO parked(agent, epoch, first, last, message, at) VALUES (%s, %s, %s, %s, %s, %s)"
            " ON CONFLICT DO NOTHING",
            (agent.number, header.epoch, header.first, header.last, message, to_micros(self.now)),
        )
        self._parked[agent.number] = self._parked.get(agent.number, 0) + added
        return Answer(header, "parked")

    def _unpark(self, agent: AgentRow, epoch: int) -> bytes | None:
        head = self._heads[agent.number, epoch]
        # An agent that was killed cuts its batches elsewhere: what others have covered meanwhile is of no more use.
        self._parked[agent.number] -= self.tx.run(
            "DELETE FROM parked WHERE agent = %s AND epoch = %s AND last <= %s", (agent.number, epoch, head.upto)
        )
        row = self.tx.row(
            "DELETE FROM parked WHERE agent = %s AND epoch = %s AND first = (SELECT min(first) FROM parked"
            " WHERE agent = %s AND epoch = %s AND first <= %s) RETURNING message",
            (agent.number, epoch, agent.number, epoch, head.upto + 1),
        )
        if row is None:
            return None
        self._parked[agent.number] -= 1
        message: bytes = row[0]
        return message

    def _fork(self, agent: AgentRow, head: Head, header: BatchHeader, message: bytes, detail: str) -> Answer:
        head.forked = head.changed = True
        # What waits behind a fork will never be contiguous; its agent sends it again, into quarantine.
        gone = self.tx.run("DELETE FROM parked WHERE agent = %s AND epoch = %s", (agent.number, header.epoch))
        self._parked[agent.number] = self._parked.get(agent.number, 0) - gone
        return self._refuse(agent, header, message, Code.FORK, detail)

    def _refuse(self, agent: AgentRow, header: BatchHeader, message: bytes, code: Code, detail: str) -> Answer:
        self.tx.run(
            "INSERT INTO quarantine(agent, at, code, epoch, first, last, detail, message)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
            (agent.number, to_micros(self.now), code, header.epoch, header.first, header.last, detail, message),
        )
        return Answer(header, "refused", code, detail)
