"""What the chain alone can't tell, the heads that were signed do."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from edge_agent.evidence.seal import seal_head
from edge_agent.model.fact import next_link
from edge_agent.simulator.classroom import make_classroom
from edge_agent.store.facts import place
from edge_agent.store.fsck import fsck


def cut(connection: sqlite3.Connection) -> None:
    connection.execute("DELETE FROM facts WHERE id = (SELECT max(id) FROM facts)")


def link_anew(connection: sqlite3.Connection) -> None:
    """Change the last fact and compute its link again, so that the chain holds."""
    (before,), (last, body) = (
        connection.execute("SELECT link FROM facts ORDER BY id DESC LIMIT 1 OFFSET 1").fetchone(),
        connection.execute("SELECT id, body FROM facts ORDER BY id DESC LIMIT 1").fetchone(),
    )
    changed = bytes(body).replace(b'"by"', b'"By"', 1)
    link = next_link(bytes(before), place(last)[1], changed)
    connection.execute("UPDATE facts SET body = ?, link = ? WHERE id = ?", (changed, link, last))


@pytest.mark.parametrize(("harm", "said"), [(cut, "is not in the journal"), (link_anew, "another link")])
def test_a_journal_that_contradicts_its_seals_is_not_clean(
    tmp_path: Path, harm: Callable[[sqlite3.Connection], None], said: str
) -> None:
    room = make_classroom(tmp_path)
    seal_head(room.writer, room.signer)
    assert [each for each in fsck(room.database, room.files) if not each.harmless] == []
    room.writer.close()
    with closing(sqlite3.connect(room.database)) as connection, connection:
        harm(connection)
    found = [each for each in fsck(room.database, room.files) if not each.harmless]
    assert [each.code for each in found] == ["sealed"]
    assert said in found[0].what
