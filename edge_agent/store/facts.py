"""The journal: appending facts inside a transaction, and reading them back."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from edge_agent.errors import StorageError
from edge_agent.model.anchor import Anchor
from edge_agent.model.body import Envelope
from edge_agent.model.fact import Fact, Payload, genesis, next_link
from edge_agent.model.kinds.system import ClockAnchor
from edge_agent.model.stamp import Stamp, Trust
from edge_agent.store.database import from_micros, to_micros
from edge_agent.store.kinds import of_kinds

_SEQ_BITS = 40
_SEQ_MASK = (1 << _SEQ_BITS) - 1


def fact_id(epoch: int, seq: int) -> int:
    """Give the integer that orders all facts of all epochs."""
    return epoch << _SEQ_BITS | seq


def place(identifier: int) -> tuple[int, int]:
    """Give `(epoch, seq)` of an id."""
    return identifier >> _SEQ_BITS, identifier & _SEQ_MASK


class Head(msgspec.Struct, frozen=True):
    """The end of the journal: `seq` is 0 and `link` the genesis before an epoch's first fact."""

    agent: str
    epoch: int
    seq: int
    link: bytes


def read_head(connection: sqlite3.Connection) -> Head:
    row = connection.execute(_HEAD).fetchone()
    if row is None:
        raise StorageError(
            "数据库尚未初始化 / the database belongs to no agent yet.",
            do="请运行 edge-agent migrate。Run: edge-agent migrate",
        )
    agent, epoch, last, link = row
    if last is None or place(last)[0] != int(epoch):
        return Head(agent, int(epoch), 0, genesis(agent, int(epoch)))
    return Head(agent, int(epoch), place(last)[1], link)


class HeadReader:
    """Reads the head inside a write transaction, and again only where somebody else has written since.

    `PRAGMA data_version` tells commits of every connection but this one, at a sixth of the cost of the query.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._known: tuple[int, Head] | None = None
        self._version = 0

    def read(self) -> Head:
        """Give the head; call it after `BEGIN IMMEDIATE`, when nobody else can write."""
        self._version = self._connection.execute("PRAGMA data_version").fetchone()[0]
        if self._known is None or self._known[0] != self._version:
            return read_head(self._connection)
        return self._known[1]

    def committed(self, head: Head) -> None:
        """Note where the transaction that has just been committed left the journal."""
        self._known = self._version, head

    def forget(self) -> None:
        """A transaction failed: what this connection then holds is read anew."""
        self._known = None


# One statement, because it is run inside transactions, and without nested ones, which take twice as long.
_HEAD = """
SELECT agent.value, epoch.value, last.id, last.link FROM meta AS agent JOIN meta AS epoch ON epoch.key = 'epoch'
LEFT JOIN facts AS last ON last.id = (SELECT max(id) FROM facts) WHERE agent.key = 'agent'
"""


class Appender:
    """Appends within one transaction, from `head`, which holds inside it: it was read after `BEGIN IMMEDIATE`."""

    def __init__(self, connection: sqlite3.Connection, stamp: Stamp, head: Head) -> None:
        self._connection = connection
        self.stamp = stamp
        self.stand_at(head)

    def stand_at(self, head: Head) -> None:
        """Take `head` as the journal's end: a new epoch has begun, or a job's facts were taken back."""
        self.head = head
        self._envelope = Envelope(agent=head.agent, epoch=head.epoch, stamp=self.stamp)

    def append(self, payloads: Sequence[Payload], *, by: str, policy: str) -> list[Fact]:
        """Append facts in one statement: for a batch of a hundred that is a quarter of the time."""
        agent, epoch, seq, link = self.head.agent, self.head.epoch, self.head.seq, self.head.link
        facts = []
        for payload in payloads:
            seq += 1
            body = self._envelope.body(seq, payload, policy=policy, by=by)
            link = next_link(link, seq, body)
            facts.append(Fact(agent, epoch, seq, payload.KIND, self.stamp, policy, by, _LazyData(body), body, link))
        self._connection.executemany(
            "INSERT INTO facts VALUES (?, ?, ?, ?)",
            [(fact_id(epoch, fact.seq), fact.kind, fact.body, fact.link) for fact in facts],
        )
        for payload, fact in zip(payloads, facts, strict=True):
            if isinstance(payload, ClockAnchor):
                self._note_anchor(payload, fact_id(epoch, fact.seq))
        self.head = Head(agent, epoch, seq, link)
        return facts

    def _note_anchor(self, anchor: ClockAnchor, identifier: int) -> None:
        self._connection.execute(
            "INSERT INTO anchors VALUES (?, ?, ?, ?, ?)",
            (anchor.boot_id, anchor.boottime, to_micros(anchor.wall), anchor.max_error, identifier),
        )


class _LazyData(Mapping[str, Any]):
    """The body's data, parsed when someone looks: most appenders only want the name."""

    __slots__ = ("_body",)

    def __init__(self, body: bytes) -> None:
        self._body = body

    def __getitem__(self, key: str) -> Any:
        return json.loads(self._body)["data"][key]

    def __iter__(self) -> Iterator[str]:
        return iter(json.loads(self._body)["data"])

    def __len__(self) -> int:
        return len(json.loads(self._body)["data"])


def decode(body: bytes, link: bytes) -> Fact:
    """Read a stored fact back. Unknown keys and kinds are kept: an old reader must not lose what a newer one wrote."""
    raw = json.loads(body)
    clock = raw["clock"]
    stamp = Stamp(
        datetime.fromisoformat(clock["wall"]),
        clock["boot_id"],
        clock["boottime"],
        Trust(clock["trust"]),
        clock["max_error"],
    )
    return Fact(
        agent=raw["agent"],
        epoch=raw["epoch"],
        seq=raw["seq"],
        kind=raw["kind"],
        stamp=stamp,
        policy=raw["policy"],
        by=raw["by"],
        data=raw["data"],
        body=body,
        link=link,
    )


def read_facts(
    connection: sqlite3.Connection, *, after: int = 0, limit: int = -1, kinds: tuple[str, ...] = ()
) -> Iterator[Fact]:
    """Give facts with an id above `after`, in order; `kinds` may end in a dot to name a family."""
    wanted, named = of_kinds(kinds) if kinds else ("1", ())
    rows = connection.execute(
        f"SELECT body, link FROM facts WHERE id > ? AND {wanted} ORDER BY id LIMIT ?",  # noqa: S608 - see of_kinds
        (after, *named, limit),
    )
    for row in rows:
        yield decode(row["body"], row["link"])


def newest(connection: sqlite3.Connection) -> int:
    """Give the id of the newest fact, 0 before the first."""
    return int(connection.execute("SELECT coalesce(max(id), 0) FROM facts").fetchone()[0])


def kinds_after(connection: sqlite3.Connection, after: int) -> tuple[list[str], int]:
    """Give the kinds of the facts with an id above `after`, and the newest id: what a commit was about."""
    rows = connection.execute("SELECT id, kind FROM facts WHERE id > ? ORDER BY id", (after,)).fetchall()
    return [row["kind"] for row in rows], rows[-1]["id"] if rows else after


def read_last(
    connection: sqlite3.Connection,
    kinds: tuple[str, ...] = (),
    accept: Callable[[Fact], bool] = lambda _: True,
    *,
    before: int = 0,
) -> Fact | None:
    """Give the newest fact, or the newest of `kinds`, that is accepted and has an id below `before` (0: from the end).

    Rows are read until one is: without kinds, accept soon.
    """
    wanted, named = of_kinds(kinds) if kinds else ("1", ())
    rows = connection.execute(
        f"SELECT body, link FROM facts WHERE (? = 0 OR id < ?) AND {wanted} ORDER BY id DESC",  # noqa: S608 - see of_kinds
        (before, before, *named),
    )
    return next((fact for row in rows if accept(fact := decode(row["body"], row["link"]))), None)


def recent_facts(connection: sqlite3.Connection, *, before: int = 0, limit: int = 100, kind: str = "") -> list[Fact]:
    """Give facts with an id below `before` (0: from the end), the newest first; `kind` may end in a dot."""
    wanted, named = of_kinds([kind]) if kind else ("1", ())
    rows = connection.execute(
        f"SELECT body, link FROM facts WHERE (? = 0 OR id < ?) AND {wanted} ORDER BY id DESC LIMIT ?",  # noqa: S608 - see of_kinds
        (before, before, *named, limit),
    )
    return [decode(row["body"], row["link"]) for row in rows]


def read_anchors(connection: sqlite3.Connection) -> Iterator[Anchor]:
    """Give what is known of true time, in the order in which it was said."""
    for row in connection.execute("SELECT * FROM anchors ORDER BY fact"):
        yield Anchor(row["boot_id"], row["boottime"], from_micros(row["wall"]), row["max_error"])


@dataclass(frozen=True, slots=True)
class ChainBreak:
    epoch: int
    seq: int
    what: str


def check_chain(connection: sqlite3.Connection) -> Iterator[ChainBreak]:
    """Walk the whole journal: every link is recomputed, every hole named."""
    agent = read_head(connection).agent
    epoch, seq, link = 0, 0, b""
    for row in connection.execute(
        "SELECT id, CAST(body AS BLOB) AS body, CAST(link AS BLOB) AS link FROM facts ORDER BY id"
    ):
        at_epoch, at_seq = place(row["id"])
        if at_epoch != epoch:
            epoch, seq, link = at_epoch, 0, genesis(agent, at_epoch)
        if at_seq != seq + 1:
            yield ChainBreak(at_epoch, seq + 1, f"缺少 / facts {seq + 1} to {at_seq - 1} are missing")
        elif next_link(link, at_seq, row["body"]) != row["link"]:
            yield ChainBreak(at_epoch, at_seq, "内容与链不符 / body and link disagree")
        seq, link = at_seq, row["link"]
