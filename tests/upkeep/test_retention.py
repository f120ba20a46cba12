"""Deletion, each word of the promise by name."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from edge_agent.clock import SettableClock
from edge_agent.model.media import Media, MediaKind, UploadPolicy
from edge_agent.store import media as media_rows
from edge_agent.store.facts import read_facts
from edge_agent.store.files import MediaFiles
from edge_agent.store.setup import prepare
from edge_agent.store.writer import Writer
from edge_agent.upkeep.retention import Deletion, Rule, decide, delete
from tests.looking import look

NOW = datetime(2026, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
ON_REQUEST = Rule(UploadPolicy.ON_REQUEST, 30 * DAY, 400 * DAY)
ALL = Rule(UploadPolicy.ALL, 30 * DAY, 400 * DAY)


def media(days: float, *, kind: MediaKind = MediaKind.RECORDING, name: str = "m") -> Media:
    end = NOW - days * DAY
    return Media(name, kind, f"{name}.mp4", "0" * 64, 100, end, end)


def why(each: Media, rule: Rule, wanted: int = 0) -> list[str]:
    return [deletion.why for deletion in decide([each], {each.kind: rule}, NOW, wanted=wanted)]


def test_nothing_goes_before_min_keep_however_full_the_disk() -> None:
    assert why(media(29), ON_REQUEST, wanted=10**12) == []
    assert why(replace(media(29), confirmed=NOW), ALL, wanted=10**12) == []


def test_what_must_be_uploaded_waits_for_its_confirmation_for_ever() -> None:
    assert why(media(4000), ALL, wanted=10**12) == []
    assert why(replace(media(4000), confirmed=NOW), ALL) == ["keep_over"]


def test_a_recording_that_the_centre_asked_for_waits_for_its_confirmation() -> None:
    assert why(replace(media(500), requested=True), ON_REQUEST, wanted=1) == []


def test_after_keep_it_goes_without_need() -> None:
    assert why(media(400), ON_REQUEST) == ["keep_over"]
    assert why(media(399), ON_REQUEST) == []


def test_for_space_the_oldest_recordings_go_first_and_no_more_than_needed() -> None:
    several = [media(days, name=str(days)) for days in (40, 60, 50)]
    chosen = decide(several, {MediaKind.RECORDING: ON_REQUEST}, NOW, wanted=150)
    assert [(each.media.id, each.why) for each in chosen] == [("60", "space"), ("50", "space")]


def test_snapshots_never_go_for_space() -> None:
    assert why(media(60, kind=MediaKind.SNAPSHOT), ON_REQUEST, wanted=10**12) == []


def test_nothing_stored_is_nothing_to_do() -> None:
    assert decide([], {}, NOW, wanted=1) == []


@given(
    st.lists(st.tuples(st.floats(0, 800), st.booleans(), st.booleans(), st.sampled_from([ON_REQUEST, ALL]))),
    st.integers(0, 2000),
)
def test_no_mixture_breaks_a_promise(rows: list[tuple[float, bool, bool, Rule]], wanted: int) -> None:
    kinds = {ON_REQUEST: MediaKind.RECORDING, ALL: MediaKind.CLIP}
    files = [
        replace(media(days, kind=kinds[rule], name=str(index)), confirmed=NOW if confirmed else None, requested=asked)
        for index, (days, confirmed, asked, rule) in enumerate(rows)
    ]
    for deletion in decide(files, {kind: rule for rule, kind in kinds.items()}, NOW, wanted=wanted):
        gone = deletion.media
        assert NOW - gone.end >= 30 * DAY
        assert gone.confirmed is not None or (gone.kind is MediaKind.RECORDING and not gone.requested)


def test_a_deletion_is_a_fact_with_its_rule_and_confirmation(tmp_path: Path) -> None:
    clock = SettableClock(NOW)
    prepare(tmp_path / "a.db", clock)
    writer, files = Writer(tmp_path / "a.db", clock), MediaFiles(tmp_path / "media")
    stored = files.store(MediaKind.RECORDING, ".mp4", b"video", NOW - 500 * DAY)
    row = replace(media(500), path=stored.path, sha256=stored.sha256, size=stored.size)
    writer.run(lambda tx: media_rows.add(tx, row))
    writer.run(lambda tx: media_rows.confirm(tx, row.id, row.sha256, by="centre"))
    confirmed = media_rows.find(look(tmp_path / "a.db"), row.id)
    assert confirmed is not None

    delete(writer, files, Deletion(confirmed, "keep_over"), ALL)
    assert not files.locate(stored.path).exists()
    [fact] = read_facts(look(tmp_path / "a.db"), kinds=("retention.deleted",))
    assert fact.data["sha256"] == row.sha256
    assert fact.data["rule"] == "keep_over upload=all min_keep=30d keep=400d"
    assert (fact.data["confirmed_by"], fact.data["confirmed_at"]) == ("centre", "2026-01-01T00:00:00.000Z")
    gone = media_rows.find(look(tmp_path / "a.db"), row.id)
    writer.close()
    assert gone is not None
    assert gone.deleted == NOW
