"""Consents are given and withdrawn for each purpose by itself."""

from __future__ import annotations

from edge_agent.clock import SettableClock
from edge_agent.model.kinds.people import ConsentGiven, ConsentWithdrawn
from edge_agent.store import consents
from edge_agent.store.facts import read_facts
from edge_agent.store.writer import Writer


def test_given_withdrawn_and_given_again(writer: Writer, clock: SettableClock) -> None:
    now = clock.stamp().wall
    given = ConsentGiven(trainee="t1", purpose="recognise", text="2025-06", at=now)
    gone = ConsentWithdrawn(trainee="t1", purpose="recognise", at=now)
    writer.run(lambda tx: consents.give(tx, given, by="t1"))
    assert writer.run(lambda tx: consents.who_consents(tx.connection, "recognise")) == {"t1"}
    assert writer.run(lambda tx: consents.who_consents(tx.connection, "upload")) == set()
    assert writer.run(lambda tx: consents.withdraw(tx, gone, by="t1"))
    assert not writer.run(lambda tx: consents.withdraw(tx, gone, by="t1"))
    known = writer.run(lambda tx: consents.of_trainee(tx.connection, "t1"))["recognise"]
    assert (known.holds, known.withdrawn) == (False, now)
    writer.run(lambda tx: consents.give(tx, given, by="t1"))
    assert writer.run(lambda tx: consents.of_trainee(tx.connection, "t1"))["recognise"].holds
    kinds = writer.run(lambda tx: [fact.kind for fact in read_facts(tx.connection, kinds=("consent.",))])
    assert kinds == ["consent.given", "consent.withdrawn", "consent.given"]
