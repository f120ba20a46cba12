"""Whatever arrives, in whatever order and however often: the journal at the centre grows by its chain alone."""

from __future__ import annotations

import hashlib
import random
from datetime import timedelta

import msgspec
import pytest
import zstandard
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edge_agent.central import registry
from edge_agent.central.database import Database
from edge_agent.central.ingest import Arrival, Ingest, Reply
from edge_agent.model.fact import genesis
from edge_agent.sync.contract.batch import DocumentHeader, encode_batch, encode_document
from edge_agent.sync.contract.codes import Code
from edge_agent.sync.contract.messages import DocumentAck, FactsAck, Gap, State, read_ack
from edge_agent.sync.contract.signing import Purpose, Signer, Verifier, read_signed
from edge_agent.sync.contract.topics import Address, Channel
from tests.sync import witness
from tests.sync.journal import Journal
from tests.sync.world import NOW

ADDRESS = Address("jinan", "ea-1")
CENTRE = Signer(Ed25519PrivateKey.from_private_bytes(b"\1" * 32))
VERIFIER = Verifier([CENTRE.public])


class Centre:
    """The ingest with one enrolled agent, and what it says in a form that a test reads."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.ingest = Ingest(database, CENTRE)
        with database.write() as tx:
            self.number = registry.enrol(tx, ADDRESS, public="00" * 32, venue="一号教室", now=NOW)

    def take(self, *messages: bytes, channel: Channel = Channel.EV) -> list[FactsAck | DocumentAck | Gap]:
        return self.read(self.ingest.take([Arrival(ADDRESS, channel, message) for message in messages], NOW))

    def read(self, replies: list[Reply]) -> list[FactsAck | DocumentAck | Gap]:
        return [self._open(reply) for reply in replies]

    def stored(self) -> list[bytes]:
        with self.database.read() as tx:
            return [body for (body,) in tx.rows("SELECT body FROM facts ORDER BY agent, place")]

    def count(self, table: str) -> int:
        with self.database.read() as tx:
            row = tx.row(f"SELECT count(*) FROM {table}")  # noqa: S608 - a table of ours
        assert row is not None
        return int(row[0])

    def refusals(self) -> dict[str, int]:
        with self.database.read() as tx:
            return dict(tx.rows("SELECT code, sum(count) FROM refusals GROUP BY code"))

    @staticmethod
    def _open(reply: Reply) -> FactsAck | DocumentAck | Gap:
        witness.check(reply.address.topic(reply.channel), reply.message)
        if reply.channel is Channel.GAP:
            return VERIFIER.open(Purpose.GAP, reply.message, Gap)
        signed = read_signed(reply.message)
        VERIFIER.verify(Purpose.ACK, signed)
        return read_ack(signed.payload)


@pytest.fixture
def centre(database: Database) -> Centre:
    return Centre(database)


def _upto(said: list[FactsAck | DocumentAck | Gap]) -> int:
    return max((ack.upto for ack in said if isinstance(ack, FactsAck)), default=0)


def test_a_batch_is_stored_as_it_was_written_and_countersigned(centre: Centre) -> None:
    journal = Journal().grow(100)
    (ack,) = centre.take(journal.batch(1, 100))
    assert isinstance(ack, FactsAck)
    assert (ack.epoch, ack.upto, ack.head, ack.re) == (1, 100, journal.links[100].hex(), "")
    assert centre.stored() == journal.bodies


def test_batches_in_any_order_end_in_order(centre: Centre) -> None:
    journal = Journal().grow(500)
    batches = [journal.batch(first, first + 9) for first in range(1, 500, 10)]
    random.Random(7).shuffle(batches)  # noqa: S311 - an order, not a secret
    said = [ack for batch in batches for ack in centre.take(batch)]
    assert _upto(said) == 500
    assert centre.stored() == journal.bodies
    assert centre.count("parked") == 0


def test_a_repeated_batch_changes_nothing_and_is_answered_by_name(centre: Centre) -> None:
    journal = Journal().grow(30)
    centre.take(journal.batch(1, 10), journal.batch(1, 20), journal.batch(11, 30))
    said = centre.take(journal.batch(11, 20))
    assert [(ack.upto, ack.re) for ack in said if isinstance(ack, FactsAck)] == [(30, journal.links[20].hex())]
    assert centre.stored() == journal.bodies


def test_the_same_place_with_another_fact_is_a_fork(centre: Centre) -> None:
    ours, theirs = Journal().grow(20), Journal().grow(10).grow(10, word="b")
    centre.take(ours.batch(1, 20))
    (gap,) = centre.take(theirs.batch(11, 20))
    assert isinstance(gap, Gap)
    assert (gap.code, gap.epoch, gap.first, gap.last) == (Code.FORK, 1, 11, 20)
    assert centre.stored() == ours.bodies
    assert centre.count("quarantine") == 1


def test_behind_a_fork_everything_goes_into_quarantine_at_once(centre: Centre) -> None:
    ours, theirs = Journal().grow(10), Journal().grow(5, word="b").grow(30)
    centre.take(ours.batch(1, 10), theirs.batch(31, 35))
    assert centre.count("parked") == 1
    said = centre.take(theirs.batch(11, 20), theirs.batch(21, 30))
    assert [gap.code for gap in said if isinstance(gap, Gap)] == [Code.FORK, Code.FORK]
    assert (centre.count("quarantine"), centre.count("parked")) == (2, 0)
    (ack,) = centre.take(ours.grow(5).batch(11, 15))
    assert isinstance(ack, FactsAck)
    assert ack.upto == 15


def test_an_epoch_is_opened_by_its_first_fact_alone(centre: Centre) -> None:
    journal = Journal().grow(10)
    following = journal.next_epoch(10).grow(9)
    centre.take(journal.batch(1, 10))
    assert centre.take(following.batch(2, 10)) == []
    said = centre.take(following.batch(1, 1))
    assert [(ack.epoch, ack.upto) for ack in said if isinstance(ack, FactsAck)] == [(2, 10)]
    assert centre.stored() == journal.bodies + following.bodies


def test_a_future_epoch_is_refused(centre: Centre) -> None:
    (gap,) = centre.take(Journal(epoch=7).grow(3).batch(1, 3))
    assert isinstance(gap, Gap)
    assert gap.code is Code.BAD_EPOCH
    assert centre.stored() == []


def test_the_end_of_an_old_epoch_may_come_after_the_new_one(centre: Centre) -> None:
    journal = Journal().grow(20)
    following = journal.next_epoch(20)
    centre.take(journal.batch(1, 10), following.batch(1, 1))
    said = centre.take(journal.batch(11, 20))
    assert [(ack.epoch, ack.upto) for ack in said if isinstance(ack, FactsAck)] == [(1, 20)]


def test_a_hole_that_stays_is_asked_for_by_one_worker(centre: Centre) -> None:
    journal = Journal().grow(30)
    centre.take(journal.batch(1, 10), journal.batch(21, 30))
    assert centre.ingest.ask_for_missing(NOW) == []
    later = NOW + timedelta(seconds=3)
    said = centre.read(centre.ingest.ask_for_missing(later))
    assert [(gap.code, gap.first, gap.last) for gap in said if isinstance(gap, Gap)] == [(Code.MISSING, 11, 20)]
    assert centre.ingest.ask_for_missing(later) == []


def test_too_much_ahead_of_a_hole_is_dropped_and_taken_when_it_comes_again(centre: Centre) -> None:
    journal = Journal().grow(300)
    ahead = [journal.batch(seq, seq) for seq in range(2, 301)]
    centre.take(*ahead)
    assert centre.count("parked") == 200
    assert _upto(centre.take(journal.batch(1, 1))) == 201
    assert _upto(centre.take(*ahead)) == 300
    assert centre.stored() == journal.bodies


def test_nothing_stays_parked_behind_the_watermark(centre: Centre) -> None:
    """An agent that was killed and cuts its batches elsewhere leaves some that others have covered."""
    journal = Journal().grow(20)
    for first, last in ((11, 20), (12, 15), (13, 16), (14, 20)):
        centre.take(journal.batch(first, last))
    assert centre.count("parked") == 4
    centre.take(journal.batch(1, 10))
    assert centre.stored() == journal.bodies
    assert centre.count("parked") == 0


def test_a_body_against_its_schema_is_kept_with_its_flaw_and_stops_nothing(centre: Centre) -> None:
    journal = Journal().grow(1)
    journal.append_body(b"not JSON at all")
    journal.append_body(journal.bodies[0].replace(b'"seq":1', b'"seq":3').replace(b'"alarm":"a0"', b'"alarm":7'))
    journal.append_body(journal.bodies[0])
    journal.append_body(journal.bodies[0].replace(b"alarm.cleared", b"from.tomorrow").replace(b'"seq":1', b'"seq":5'))
    assert _upto(centre.take(journal.batch(1, 5))) == 5
    with centre.database.read() as tx:
        rows = tx.rows("SELECT kind, flaw FROM facts ORDER BY place")
    kinds, flaws = zip(*rows, strict=True)
    assert kinds == ("alarm.cleared", "", "alarm.cleared", "alarm.cleared", "from.tomorrow")
    assert [bool(flaw) for flaw in flaws] == [False, True, True, True, False]
    assert "data.alarm" in flaws[2]
    assert flaws[3] == "says that it is 1/1"


@pytest.mark.parametrize(
    ("message", "code"),
    [
        (b"", Code.MALFORMED),
        (b"garbage", Code.MALFORMED),
        (Journal().grow(50).batch(1, 50)[:-20], Code.MALFORMED),
        (Journal().grow(2).batch(1, 2) + b"more", Code.MALFORMED),
        (zstandard.compress(b"{}\n{}"), Code.MALFORMED),
        (zstandard.compress(b'{"epoch":1,"first":1,"n":3,"head":"%s"}\n{}' % (b"0" * 64)), Code.MALFORMED),
        (zstandard.compress(bytes(64 << 20)), Code.TOO_LARGE),
        (zstandard.ZstdCompressor(write_content_size=False).compress(bytes(64 << 20)), Code.MALFORMED),
        (bytes(2 << 20), Code.TOO_LARGE),
        (Journal("ea-2").grow(3).batch(1, 3), Code.WRONG_AGENT),
    ],
)
def test_what_is_no_batch_is_counted_and_leaves_the_rest_alone(centre: Centre, message: bytes, code: Code) -> None:
    journal = Journal().grow(10)
    assert _upto(centre.take(journal.batch(1, 5), message, journal.batch(6, 10))) == 10
    assert centre.refusals() == {code: 1}


def test_a_header_that_lies_about_its_head_is_a_fork(centre: Centre) -> None:
    journal = Journal().grow(5)
    (gap,) = centre.take(encode_batch(1, 1, journal.bodies, genesis("ea-1", 1)))
    assert isinstance(gap, Gap)
    assert gap.code is Code.FORK
    assert centre.stored() == []


def test_a_stranger_and_a_revoked_agent_get_no_answer(centre: Centre) -> None:
    message = Journal("ea-9").grow(1).batch(1, 1)
    assert centre.ingest.take([Arrival(Address("jinan", "ea-9"), Channel.EV, message)], NOW) == []
    with centre.database.write() as tx:
        tx.run("UPDATE agents SET revoked = 1")
    assert centre.take(Journal().grow(1).batch(1, 1)) == []
    assert centre.refusals() == {Code.UNKNOWN_AGENT: 2}
    assert centre.stored() == []


def test_a_hello_is_answered_with_where_the_centre_stands(centre: Centre) -> None:
    journal = Journal().grow(12)
    hello = msgspec.json.encode(State(online=True, session="s1", hello=True))
    (ack,) = centre.take(hello, channel=Channel.STATE)
    assert isinstance(ack, FactsAck)
    assert (ack.epoch, ack.upto, ack.head, ack.re) == (1, 0, genesis("ea-1", 1).hex(), "s1")
    centre.take(journal.batch(1, 12))
    (ack,) = centre.take(hello, channel=Channel.STATE)
    assert isinstance(ack, FactsAck)
    assert (ack.upto, ack.head) == (12, journal.links[12].hex())


def test_the_last_will_of_a_replaced_connection_is_ignored(centre: Centre) -> None:
    for state in (
        State(online=True, session="s1"),
        State(online=True, session="s2"),
        State(online=False, session="s1"),
    ):
        centre.take(msgspec.json.encode(state), channel=Channel.STATE)
    with centre.database.read() as tx:
        assert tx.row("SELECT online FROM agents") == (1,)
    centre.take(msgspec.json.encode(State(online=False, session="s2")), channel=Channel.STATE)
    with centre.database.read() as tx:
        assert tx.row("SELECT online FROM agents") == (0,)


def test_a_retained_state_is_believed_and_answered_whoever_it_replaces(centre: Centre) -> None:
    """A worker that comes hears them all: it answers those online, and learns who has gone meanwhile."""
    centre.take(msgspec.json.encode(State(online=True, session="s1")), channel=Channel.STATE)

    def retained(state: State) -> list[FactsAck | DocumentAck | Gap]:
        arrival = Arrival(ADDRESS, Channel.STATE, msgspec.json.encode(state), retained=True)
        return centre.read(centre.ingest.take([arrival], NOW))

    (ack,) = retained(State(online=True, session="s2"))
    assert isinstance(ack, FactsAck)
    assert ack.re == "s2"
    assert retained(State(online=False, session="s3")) == []
    with centre.database.read() as tx:
        assert tx.row("SELECT online FROM agents") == (0,)


def test_a_document_is_kept_once_and_acknowledged_each_time(centre: Centre) -> None:
    body = "名单".encode()
    good = DocumentHeader(id="d1", kind="roster", subject="c1", revision=1, sha256=hashlib.sha256(body).hexdigest())
    torn = msgspec.structs.replace(good, sha256="0" * 64)
    assert centre.take(encode_document(torn, body), channel=Channel.DOC) == []
    assert centre.refusals() == {Code.HASH_DIFFERS: 1}
    for _ in range(2):
        (ack,) = centre.take(encode_document(good, body), channel=Channel.DOC)
        assert isinstance(ack, DocumentAck)
        assert (ack.id, ack.sha256) == (good.id, good.sha256)
    assert centre.count("documents") == 1
