"""Which file goes next: a look must stay cheap after years of recordings that nobody asked for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from edge_agent.model.media import Media, MediaKind
from edge_agent.store import media, uploads
from edge_agent.store.uploads import Wanted, next_upload, read_waiting
from edge_agent.store.writer import Transaction
from tests.venue import Venue, at, reading


@pytest.fixture
def venue(tmp_path: Path) -> Iterator[Venue]:
    room = Venue(tmp_path)
    yield room
    room.close()


ASKED = Wanted(MediaKind.RECORDING, all=False)


def add_recordings(venue: Venue, count: int) -> None:
    row = Media("", MediaKind.RECORDING, "", "0" * 64, 9, at("08:00"), at("08:01"))
    rows = [
        replace(row, id=f"m{number}", path=f"{number}", start=row.start + timedelta(minutes=number))
        for number in range(count)
    ]

    def add(tx: Transaction) -> None:
        for each in rows:
            media.add(tx, each)

    venue.writer.run(add)


def test_only_what_was_asked_for_goes(venue: Venue) -> None:
    add_recordings(venue, 3)
    with reading(venue.database) as connection:
        assert next_upload(connection, [ASKED], venue.clock.wall) is None
        assert read_waiting(connection, [replace(ASKED, all=True)]).count == 3
    venue.writer.run(lambda tx: media.request(tx, "m1"))
    with reading(venue.database) as connection:
        found = next_upload(connection, [ASKED], venue.clock.wall)
        assert found is not None
        assert found.media.id == "m1"
        assert read_waiting(connection, [ASKED]).count == 1


@pytest.mark.parametrize(
    ("wanted", "index"), [(ASKED, "media_requested"), (replace(ASKED, all=True), "media_unconfirmed")]
)
def test_a_look_walks_no_rows_that_do_not_go(venue: Venue, wanted: Wanted, index: str) -> None:
    with reading(venue.database) as connection:
        plan = connection.execute(
            f"EXPLAIN QUERY PLAN {uploads._NEXT.format(wanted.waits)}",
            {"kind": "recording", "consent": False, "now": 0, "latest": 0},
        ).fetchall()
    assert f"USING INDEX {index} (kind=?)" in plan[0]["detail"]
    assert not any("TEMP B-TREE" in row["detail"] for row in plan)
