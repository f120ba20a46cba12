"""Verdicts follow the record, once each, the same day."""

from __future__ import annotations

from contextlib import closing
from datetime import datetime, time
from pathlib import Path

from edge_agent.evidence.verdicts import VerdictKeeper
from edge_agent.policies import load_policy
from edge_agent.simulator.classroom import FIRST_DAY, SHANGHAI, make_classroom
from edge_agent.store.database import connect
from edge_agent.store.facts import read_facts
from edge_agent.store.verdicts import list_given


def test_each_lesson_is_judged_once_and_the_verdict_says_why(tmp_path: Path) -> None:
    room = make_classroom(tmp_path)
    keeper = VerdictKeeper(room.writer, load_policy)
    room.clock.wall = datetime.combine(FIRST_DAY, time(12), SHANGHAI)
    with closing(connect(room.database, readonly=True)) as connection:
        given = [keeper.tick(connection, room.clock.stamp()) for _ in range(6)]
        assert {each.lesson: each.verdict for each in given if each} == {"L0a": "partial", "L0b": "complete"}
        assert sum(each is not None for each in given) == 2, "the same verdict is not given again"
        stored = {each.lesson: each for each in list_given(connection)}
        facts = list(read_facts(connection, kinds=("verdict.given",)))
    assert set(stored["L0a"].reasons) == {"gap", "snapshot_missed", "not_signed_out"}
    assert len(facts) == 2
    assert facts[0].policy.startswith("jinan-2024@")


def test_a_lesson_that_runs_is_not_judged_yet(tmp_path: Path) -> None:
    room = make_classroom(tmp_path)
    keeper = VerdictKeeper(room.writer, load_policy)
    room.clock.wall = datetime.combine(FIRST_DAY, time(9), SHANGHAI)
    with closing(connect(room.database, readonly=True)) as connection:
        assert [keeper.tick(connection, room.clock.stamp()) for _ in range(4)] == [None] * 4
        assert list_given(connection) == []


def test_what_the_lesson_before_holds_of_a_stream_that_goes_on_is_recorded(tmp_path: Path) -> None:
    """A stream is cut at the first keyframe after the boundary of two lessons: up to a group of pictures late."""
    room = make_classroom(tmp_path)
    first = "SELECT id FROM media WHERE lesson = 'L0b' AND kind = 'recording' ORDER BY start LIMIT 1"
    room.writer.run(lambda tx: tx.execute("UPDATE media SET lesson = 'L0a' WHERE id = ?", tx.execute(first).fetchone()))
    keeper = VerdictKeeper(room.writer, load_policy)
    room.clock.wall = datetime.combine(FIRST_DAY, time(12), SHANGHAI)
    with closing(connect(room.database, readonly=True)) as connection:
        for _ in range(6):
            keeper.tick(connection, room.clock.stamp())
        given = {each.lesson: (each.verdict, each.reasons) for each in list_given(connection)}
    assert given["L0b"] == ("complete", ())
