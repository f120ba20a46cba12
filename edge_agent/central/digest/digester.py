"""Keeps what pages show up to date with what was received."""

from __future__ import annotations

import hashlib
import hmac
import logging
import threading
import time
from collections.abc import Callable

from edge_agent.central.chains import place
from edge_agent.central.database import Database, Tx
from edge_agent.central.digest import people, plan, room
from edge_agent.central.digest.batch import HANDLERS, Batch, Read
from edge_agent.central.instants import to_micros
from edge_agent.errors import StorageError
from edge_agent.sync.contract.codes import RefusedError
from edge_agent.sync.contract.facts import check_body
from edge_agent.sync.contract.messages import State
from edge_agent.sync.contract.signing import decode

log = logging.getLogger(__name__)

_TOGETHER = 500  # facts a transaction: some 50 ms, so that receivers wait for no longer on SQLite
_AHEAD = 10_000  # facts looked through in one: most kinds are for nobody's page
_IDLE_SECONDS = 1.0
_GIVE_WAY_SECONDS, _LOOK_SECONDS, _TURN_SECONDS = 20.0, 0.1, 2.0
"""While a receiver of this process takes in a backlog, it goes first: pages are late for as long, not venues. A backlog
that lasts leaves the digest a turn now and then, for however many agents there are."""

_SEQ_MASK = (1 << 40) - 1
_KINDS = (plan, room, people)  # imported for what they register


class Digester:
    """Any number of them run side by side. `secret` keys the hashes of document numbers."""

    def __init__(self, database: Database, secret: bytes) -> None:
        self._database = database
        self._secret = secret
        self._busy: Callable[[], bool] = lambda: False
        self._turn_ends = 0.0
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="digest", daemon=True)

    def start(self, busy: Callable[[], bool] = lambda: False) -> None:
        """Begin; `busy` says whether this process takes in a backlog just now."""
        self._busy = busy
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join()

    def person(self, document: str) -> str:
        """Give what stands for a document number: the same at every venue, and told to nobody."""
        return hmac.new(self._secret, document.strip().upper().encode(), hashlib.sha256).hexdigest()[:32]

    def catch_up(self) -> None:
        """Digest all that there is."""
        while self.step() and not self._stopping.is_set():
            pass

    def step(self) -> bool:
        """Do a round; say whether there may be more to do."""
        more = False
        with self._database.read() as tx:
            behind = tx.rows(
                "SELECT heads.agent, heads.epoch, heads.upto FROM heads LEFT JOIN digested"
                " ON digested.agent = heads.agent AND digested.epoch = heads.epoch"
                " WHERE heads.upto > coalesce(digested.seq, 0) ORDER BY heads.agent, heads.epoch LIMIT 1000"
            )
        for agent, epoch, upto in behind:
            self._give_way()
            if self._stopping.is_set():
                return False
            more |= self._digest(agent, epoch, upto, _TOGETHER) < upto
        with self._database.write() as tx:
            more |= people.read_wanted(tx, self.person) > 0
        with self._database.write() as tx:
            more |= _read_states(tx)
        return more or len(behind) == 1000  # noqa: PLR2004 - the limit above

    def _give_way(self) -> None:
        if time.monotonic() < self._turn_ends:
            return
        for _ in range(round(_GIVE_WAY_SECONDS / _LOOK_SECONDS)):
            if not self._busy() or self._stopping.wait(_LOOK_SECONDS):
                return
        self._turn_ends = time.monotonic() + _TURN_SECONDS

    def _digest(self, agent: int, epoch: int, upto: int, most: int) -> int:
        """Digest an agent's next facts; give how far it is. What one transaction can't take is taken one by one."""
        try:
            with self._database.write() as tx:
                return self._take(tx, agent, epoch, upto, most)
        except Exception:
            if most == 1:
                log.exception("a fact of agent %d in epoch %d can't be digested and is passed over", agent, epoch)
                with self._database.write() as tx:
                    return _skip(tx, agent, epoch)
            return [self._digest(agent, epoch, upto, 1) for _ in range(most)][-1]

    def _take(self, tx: Tx, agent: int, epoch: int, upto: int, most: int) -> int:
        done = _cursor(tx, agent, epoch)
        # What a head says is there without a hole, so a cursor may pass over the kinds that nobody digests.
        last = min(upto, done + _AHEAD)
        marks = ", ".join(["%s"] * len(HANDLERS))
        rows = tx.rows(
            "SELECT place, body FROM facts WHERE agent = %s AND place > %s AND place <= %s AND flaw = ''"
            f" AND kind IN ({marks}) ORDER BY place LIMIT %s",
            (agent, place(epoch, done), place(epoch, last), *HANDLERS, most),
        )
        batch = Batch(tx, agent, self.person)
        for at, body in rows:
            kind, envelope, _ = check_body(bytes(body))
            if envelope is not None:
                HANDLERS[kind](batch, Read(at, envelope), envelope.data)
        batch.flush()
        if len(rows) == most:
            last = rows[-1][0] & _SEQ_MASK
        if last > done:
            _move(tx, agent, epoch, last)
            _note_newest(tx, agent, epoch, last)
        return last

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                if self.step():
                    continue
            except StorageError as error:
                log.warning("nothing can be digested: %s", error)
            except Exception:
                log.exception("a fault of this program: what pages show may be old")
            self._stopping.wait(_IDLE_SECONDS)


def _cursor(tx: Tx, agent: int, epoch: int) -> int:
    """Give how far this epoch was digested; of several programs one goes on."""
    tx.run("INSERT INTO digested VALUES (%s, %s, 0) ON CONFLICT DO NOTHING", (agent, epoch))
    row = tx.row("SELECT seq FROM digested WHERE agent = %s AND epoch = %s FOR UPDATE", (agent, epoch))
    return int(row[0]) if row else 0


def _move(tx: Tx, agent: int, epoch: int, seq: int) -> None:
    tx.run("UPDATE digested SET seq = %s WHERE agent = %s AND epoch = %s", (seq, agent, epoch))


def _skip(tx: Tx, agent: int, epoch: int) -> int:
    """Pass over the next fact that somebody would digest."""
    done = _cursor(tx, agent, epoch)
    marks = ", ".join(["%s"] * len(HANDLERS))
    row = tx.row(
        f"SELECT min(place) FROM facts WHERE agent = %s AND place > %s AND place < %s AND kind IN ({marks})",
        (agent, place(epoch, done), place(epoch + 1, 0), *HANDLERS),
    )
    if row is None or row[0] is None:
        return done
    _move(tx, agent, epoch, row[0] & _SEQ_MASK)
    return int(row[0] & _SEQ_MASK)


def _note_newest(tx: Tx, agent: int, epoch: int, seq: int) -> None:
    """Note when the newest fact happened and when it came: the difference is the venue's lag."""
    row = tx.row("SELECT body FROM facts WHERE agent = %s AND place = %s", (agent, place(epoch, seq)))
    envelope = None if row is None else check_body(bytes(row[0]))[1]
    if envelope is None:
        return
    taken = tx.row("SELECT at FROM heads WHERE agent = %s AND epoch = %s", (agent, epoch))
    tx.run(
        "INSERT INTO standings(agent, fact_at, taken_at) VALUES (%s, %s, %s) ON CONFLICT(agent)"
        " DO UPDATE SET fact_at = excluded.fact_at, taken_at = excluded.taken_at",
        (agent, to_micros(envelope.clock.wall), taken[0] if taken else None),
    )


def _read_states(tx: Tx) -> bool:
    """Read what venues said of themselves since the last time. A Last Will knows of no queue: the last figures stay."""
    rows = tx.rows(
        "SELECT number, state, agents.state_at FROM agents LEFT JOIN standings ON standings.agent = number"
        " WHERE agents.state_at IS NOT NULL AND agents.state_at > coalesce(standings.state_at, 0)"
        " ORDER BY agents.state_at LIMIT %s",
        (_TOGETHER,),
    )
    for number, text, at in rows:
        tx.run(
            "INSERT INTO standings(agent, state_at) VALUES (%s, %s) ON CONFLICT(agent)"
            " DO UPDATE SET state_at = excluded.state_at",
            (number, at),
        )
        try:
            state = decode(text, State)
        except RefusedError:
            continue
        if state.online:
            _note_state(tx, number, state)
    return len(rows) == _TOGETHER


def _note_state(tx: Tx, number: int, state: State) -> None:
    ages = [each.oldest for each in (state.facts, state.media) if each.oldest is not None and each.count]
    tx.run(
        "UPDATE standings SET facts = %s, media = %s, media_bytes = %s, oldest = %s, version = %s, trust = %s"
        " WHERE agent = %s",
        (
            state.facts.count,
            state.media.count,
            state.media.bytes,
            to_micros(min(ages)) if ages else None,
            state.version[:40],
            state.trust[:20],
            number,
        ),
    )
