"""What arrives from the agents goes into the database; what they are told is signed after the commit.

Everything that waits is taken in one transaction, so that a fast stream shares its fsync. The answers of a transaction
that failed are never sent: the broker gives its messages again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from edge_agent.central import commands, registry
from edge_agent.central.chains import Answer, Chains, Checked, check
from edge_agent.central.database import Database, Tx
from edge_agent.central.instants import to_micros
from edge_agent.central.registry import AgentRow
from edge_agent.sync.contract.batch import DocumentHeader, decode_document
from edge_agent.sync.contract.codes import Code, RefusedError
from edge_agent.sync.contract.messages import DocumentAck, FactsAck, Gap, Result, State
from edge_agent.sync.contract.signing import Purpose, Signer, decode
from edge_agent.sync.contract.topics import Address, Channel

_MICROSECOND = timedelta(microseconds=1)
ASK_AFTER, ASK_AGAIN = timedelta(seconds=2), timedelta(seconds=10)
"""A hole is asked for when it stays: with several workers batches overtake each other all the time."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """One message of an agent; a `retained` state may be older than this worker's connection."""

    address: Address
    channel: Channel
    payload: bytes
    retained: bool = False


@dataclass(frozen=True, slots=True)
class Reply:
    address: Address
    channel: Channel
    message: bytes


Content = Checked | tuple[DocumentHeader, bytes] | State | Result


@dataclass(frozen=True, slots=True)
class _Read:
    """An arrival whose content was decoded before the transaction began."""

    arrival: Arrival
    content: Content


Said = FactsAck | DocumentAck | Gap


class Ingest:
    """Takes arrivals in. `show_out` is called with an agent that speaks although it was revoked."""

    def __init__(
        self, database: Database, signer: Signer, *, show_out: Callable[[Address], None] = lambda _: None
    ) -> None:
        self._database = database
        self._signer = signer
        self._show_out = show_out

    def take(self, arrivals: Sequence[Arrival], now: datetime) -> list[Reply]:
        """Commit all of them and give the replies. Raises the database's error, and nothing was taken then."""
        refused: list[tuple[Arrival, RefusedError]] = []
        read = [each for arrival in arrivals if (each := _read(arrival, refused)) is not None]
        with self._database.write() as tx:
            work = _Transaction(tx, now, refused)
            said = work.take(read)
        for address in work.revoked:
            self._show_out(address)
        return [self._sign(each) for each in said]

    def ask_for_missing(self, now: datetime) -> list[Reply]:
        """Ask again for what has been missing for a while; of several workers one does."""
        with self._database.write() as tx:
            gaps = _holes(tx, to_micros(now))
        return [self._sign(gap) for gap in gaps]

    def due_commands(self, now: datetime) -> list[Reply]:
        """Give the commands whose turn it is."""
        with self._database.write() as tx:
            due = list(commands.take_due(tx, now))
        return [Reply(address, Channel.CMD, message) for address, message in due]

    def _sign(self, said: Said) -> Reply:
        purpose, channel = (Purpose.GAP, Channel.GAP) if isinstance(said, Gap) else (Purpose.ACK, Channel.ACK)
        return Reply(Address(said.tenant, said.agent), channel, self._signer.seal(purpose, said))


class _Transaction:
    """One transaction's work, and what is to be said once it is committed."""

    def __init__(self, tx: Tx, now: datetime, refused: list[tuple[Arrival, RefusedError]]) -> None:
        self._tx = tx
        self._now = now
        self._chains = Chains(tx, now)
        self._said: list[Said] = []
        self._grown: dict[tuple[int, int], AgentRow] = {}
        self._refused = refused
        self.revoked: set[Address] = set()
        """Who must not be at the broker any more, and is; a Last Will is the word of one that has gone."""

    def take(self, read: Sequence[_Read]) -> list[Said]:
        agents = registry.lock(self._tx, {each.arrival.address for each in read})
        self._chains.load([agent for agent in agents.values() if not agent.revoked])
        for each in read:
            agent = agents.get(each.arrival.address)
            if agent is None or agent.revoked:
                detail = "its key was revoked" if agent else "no such agent"
                self._refused.append((each.arrival, RefusedError(Code.UNKNOWN_AGENT, detail)))
                if agent is not None and not (isinstance(each.content, State) and not each.content.online):
                    self.revoked.add(agent.address)
                continue
            match each.content:
                case Checked():
                    self._facts(agent, each.content, each.arrival.payload)
                case State():
                    self._state(agent, each.content, each.arrival)
                case Result() as result:
                    self._result(agent, each, result)
                case header, body:
                    self._document(agent, header, body)
        self._chains.flush()
        for (_, epoch), agent in self._grown.items():
            self._ack(agent, epoch)
        self._count()
        return self._said

    def _facts(self, agent: AgentRow, checked: Checked, message: bytes) -> None:
        for answer in self._chains.take(agent, checked, message):
            epoch = answer.header.epoch
            if answer.state == "taken":
                self._grown[agent.number, epoch] = agent
            elif answer.state == "again":
                self._ack(agent, epoch, re=answer.header.head)
            elif answer.state == "refused":
                self._refuse(agent, answer)

    def _refuse(self, agent: AgentRow, answer: Answer) -> None:
        arrival = Arrival(agent.address, Channel.EV, b"")
        self._refused.append((arrival, RefusedError(answer.code, answer.detail)))
        header = answer.header
        self._said.append(
            Gap(
                tenant=agent.address.tenant,
                agent=agent.address.agent,
                epoch=header.epoch,
                first=header.first,
                last=header.last,
                code=answer.code,
                detail=answer.detail,
            )
        )

    def _ack(self, agent: AgentRow, epoch: int, *, re: str = "") -> None:
        head = self._chains.head(agent, epoch)
        self._said.append(
            FactsAck(
                tenant=agent.address.tenant,
                agent=agent.address.agent,
                epoch=epoch,
                upto=head.upto,
                head=head.link.hex(),
                at=self._now,
                re=re,
            )
        )

    def _state(self, agent: AgentRow, state: State, arrival: Arrival) -> None:
        row = self._tx.row("SELECT state FROM agents WHERE number = %s", (agent.number,))
        known = decode(row[0], State) if row and row[0] else None
        if not state.online and not arrival.retained and known is not None and known.session != state.session:
            return  # the Last Will of a connection that another one has replaced
        self._tx.run(
            "UPDATE agents SET state = %s, state_at = %s, online = %s WHERE number = %s",
            (arrival.payload.decode(), to_micros(self._now), int(state.online), agent.number),
        )
        if state.hello or (arrival.retained and state.online):
            commands.send_again(self._tx, agent)
            self._ack(agent, self._chains.last_epoch(agent), re=state.session)

    def _result(self, agent: AgentRow, read: _Read, result: Result) -> None:
        if not commands.note_result(self._tx, agent, result, self._now):
            refusal = RefusedError(Code.NOT_FOUND, f"an answer to {result.id}, which waits for none")
            self._refused.append((read.arrival, refusal))

    def _document(self, agent: AgentRow, header: DocumentHeader, body: bytes) -> None:
        self._tx.run(
            "INSERT INTO documents VALUES (%s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
            (
                agent.number,
                header.id,
                header.kind,
                header.subject,
                header.revision,
                header.sha256,
                body,
                to_micros(self._now),
            ),
        )
        address = agent.address
        self._said.append(
            DocumentAck(tenant=address.tenant, agent=address.agent, id=header.id, sha256=header.sha256, at=self._now)
        )

    def _count(self) -> None:
        """Keep how often each topic was refused, and why the last time."""
        self._tx.run_many(
            "INSERT INTO refusals VALUES (%s, %s, 1, %s, %s) ON CONFLICT(topic, code) DO UPDATE SET"
            " count = refusals.count + 1, last = excluded.last, detail = excluded.detail",
            [
                (arrival.address.topic(arrival.channel), refusal.code, to_micros(self._now), refusal.message)
                for arrival, refusal in self._refused
            ],
        )


def _read(arrival: Arrival, refused: list[tuple[Arrival, RefusedError]]) -> _Read | None:
    """Decode an arrival before the transaction; one that can't be read is noted."""
    reader = _READERS.get(arrival.channel)
    if reader is None:
        refused.append((arrival, RefusedError(Code.MALFORMED, f"{arrival.channel} is not an agent's to send.")))
        return None
    try:
        return _Read(arrival, reader(arrival))
    except RefusedError as refusal:
        refused.append((arrival, refusal))
        return None


_READERS: Mapping[Channel, Callable[[Arrival], Content]] = {
    Channel.EV: lambda arrival: check(arrival.address.agent, arrival.payload),
    Channel.DOC: lambda arrival: decode_document(arrival.payload),
    Channel.STATE: lambda arrival: decode(arrival.payload, State),
    Channel.RES: lambda arrival: decode(arrival.payload, Result),
}


def _holes(tx: Tx, now: int) -> list[Gap]:
    rows = tx.rows(
        "UPDATE parked SET asked = %s WHERE at < %s AND asked < %s RETURNING agent, epoch, first",
        (now, now - ASK_AFTER // _MICROSECOND, now - ASK_AGAIN // _MICROSECOND),
    )
    gaps = []
    for number, epoch in {(number, epoch) for number, epoch, _ in rows}:
        row = tx.row(
            "SELECT tenant, agents.agent, coalesce(upto, 0) FROM agents"
            " LEFT JOIN heads ON heads.agent = number AND epoch = %s WHERE number = %s",
            (epoch, number),
        )
        first = min(first for each, at, first in rows if (each, at) == (number, epoch))
        if row is not None and row[2] + 1 < first:
            tenant, agent, upto = row
            gaps.append(Gap(tenant=tenant, agent=agent, epoch=epoch, first=upto + 1, last=first - 1, code=Code.MISSING))
    return gaps
