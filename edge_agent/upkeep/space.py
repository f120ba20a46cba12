"""Retention and the disk guard at work: reads what there is, deletes what was decided."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from edge_agent.model.media import Media, MediaKind, UploadPolicy
from edge_agent.settings import DiskSettings, MediaSettings
from edge_agent.store import media as media_rows
from edge_agent.store.database import Connection
from edge_agent.store.files import MediaFiles
from edge_agent.store.writer import Writer
from edge_agent.upkeep.disk import MB, Level, Reserves, level
from edge_agent.upkeep.retention import Rule, decide, delete

_YEAR = timedelta(days=366)
_AT_ONCE = 500  # files of a kind that one look deletes at most; the next one is a minute later


def reserves(settings: DiskSettings) -> Reserves:
    return Reserves(
        checkin=settings.reserve_checkin_mb * MB,
        snapshot=settings.reserve_snapshot_mb * MB,
        substream=settings.substream_below_mb * MB,
    )


def rules_of(settings: MediaSettings, snapshot_years: int) -> Mapping[MediaKind, Rule]:
    """Give each kind's rule; `snapshot_years` of the policy is a floor that no setting lowers."""
    floors = {MediaKind.SNAPSHOT, MediaKind.CLIP, MediaKind.SUPPLEMENT}
    found = {}
    for kind in MediaKind:
        rule = settings.rule(kind)
        least = snapshot_years * _YEAR if kind in floors else timedelta(0)
        min_keep = max(timedelta(days=rule.min_keep_days), least)
        found[kind] = Rule(rule.upload, min_keep, max(timedelta(days=rule.keep_days), min_keep))
    return found


def free_space(
    writer: Writer,
    connection: Connection,
    files: MediaFiles,
    rules: Mapping[MediaKind, Rule],
    now: datetime,
    *,
    keep_free: int,
) -> int:
    """Delete what may go, until `keep_free` bytes are free; give how many files went."""
    wanted = max(0, keep_free - files.free())
    chosen = decide(_candidates(connection, rules, now, pressed=bool(wanted)), rules, now, wanted=wanted)
    for deletion in chosen:
        delete(writer, files, deletion, rules[deletion.media.kind])
    return len(chosen)


def _candidates(
    connection: Connection, rules: Mapping[MediaKind, Rule], now: datetime, *, pressed: bool
) -> Iterator[Media]:
    """Give the oldest files that `decide` might let go: after years there are too many to look at each of them."""
    for kind, rule in rules.items():
        least = rule.min_keep if pressed and kind is MediaKind.RECORDING else rule.keep
        promised = rule.upload is UploadPolicy.ALL
        yield from media_rows.ended_before(connection, kind, now - least, promised=promised, limit=_AT_ONCE)


def level_now(files: MediaFiles, settings: DiskSettings) -> Level:
    """Say what the disk allows at this moment."""
    return level(files.free(), reserves(settings))
