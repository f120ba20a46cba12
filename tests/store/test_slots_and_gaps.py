"""Slots and gaps: once each, a picture is never taken back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from edge_agent.model.kinds.capture import GapClosed, GapOpened, SlotVoided, SnapshotMissed, SnapshotTaken
from edge_agent.store import gaps, slots
from edge_agent.store.facts import read_facts
from edge_agent.store.writer import Writer
from tests.looking import look

AT = datetime(2024, 10, 8, 0, 3, tzinfo=UTC)
TAKEN = SnapshotTaken(
    slot="A/p1/opening",
    lesson="A",
    period=1,
    slot_kind="opening",
    camera="c",
    at=AT,
    source="live",
    media="m1",
    sha256="0" * 64,
    size=1,
)
MISSED = SnapshotMissed(slot="A/p1/opening", lesson="A", period=1, slot_kind="opening", cause="offline")
VOID = SlotVoided(slot="A/p1/opening", lesson="A", reason="cancelled")


def kinds(database: Path) -> list[str]:
    return [fact.kind for fact in read_facts(look(database), kinds=("snapshot.", "gap."))]


def test_a_slot_is_taken_once(writer: Writer, database: Path) -> None:
    assert writer.run(lambda tx: slots.note_taken(tx, TAKEN))
    assert not writer.run(lambda tx: slots.note_taken(tx, TAKEN))
    assert not writer.run(lambda tx: slots.note_missed(tx, MISSED))
    assert not writer.run(lambda tx: slots.note_void(tx, VOID))
    assert kinds(database) == ["snapshot.taken"]
    [state] = slots.of_lesson(look(database), "A")
    assert (state.state, state.media, state.cause) == ("taken", "m1", "")


def test_a_missed_slot_may_still_be_drawn_from_the_recording(writer: Writer, database: Path) -> None:
    assert writer.run(lambda tx: slots.note_missed(tx, MISSED))
    assert not writer.run(lambda tx: slots.note_missed(tx, MISSED))
    assert writer.run(lambda tx: slots.note_taken(tx, TAKEN))
    assert kinds(database) == ["snapshot.missed", "snapshot.taken"]
    assert slots.of_lesson(look(database), "A")[0].state == "taken"


def test_a_gap_is_noted_once_and_closed(writer: Writer, database: Path) -> None:
    opened = GapOpened(camera="c", lesson="A", start=AT, cause="offline")
    assert writer.run(lambda tx: gaps.open_gap(tx, opened))
    assert not writer.run(lambda tx: gaps.open_gap(tx, opened))
    assert [gap.end for gap in gaps.still_open(look(database))] == [None]
    end = AT + timedelta(seconds=9)
    writer.run(lambda tx: gaps.close_gap(tx, GapClosed(camera="c", lesson="A", start=AT, end=end, cause="timeout")))
    later = GapClosed(camera="c", lesson="A", start=end, end=end + timedelta(seconds=1), cause="power")
    writer.run(lambda tx: gaps.close_gap(tx, later))
    assert gaps.still_open(look(database)) == []
    assert [(gap.start, gap.end, gap.cause) for gap in gaps.of_lesson(look(database), "A")] == [
        (AT, end, "timeout"),
        (end, end + timedelta(seconds=1), "power"),
    ]
    assert kinds(database) == ["gap.opened", "gap.closed", "gap.closed"]
