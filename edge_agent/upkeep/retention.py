"""Which media may go: one pure function, and its execution.

The order of words in `decide` is the promise: not before `min_keep`; not before the confirmation where the kind's
upload policy is `all`; after `keep` it goes; between the two the oldest recordings give way when space is wanted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from edge_agent.model.kinds.system import MediaDeleted
from edge_agent.model.media import Media, MediaKind, UploadPolicy
from edge_agent.store import media as media_rows
from edge_agent.store.files import MediaFiles
from edge_agent.store.writer import Transaction, Writer


@dataclass(frozen=True, slots=True)
class Rule:
    """A kind's rule; `min_keep` already holds the policy's years."""

    upload: UploadPolicy
    min_keep: timedelta
    keep: timedelta


@dataclass(frozen=True, slots=True)
class Deletion:
    media: Media
    why: Literal["keep_over", "space"]


def decide(
    media: Iterable[Media], rules: Mapping[MediaKind, Rule], now: datetime, *, wanted: int = 0
) -> list[Deletion]:
    """Give what may be deleted now, oldest first; recordings also until `wanted` bytes are found."""
    candidates = sorted((each for each in media if each.deleted is None), key=lambda each: each.end)
    over = [
        each for each in candidates if _may_go(each, rules[each.kind], now) and _is_over(each, rules[each.kind], now)
    ]
    deletions = [Deletion(each, "keep_over") for each in over]
    found = sum(each.size for each in over)
    for each in candidates:
        if found >= wanted:
            break
        rule = rules[each.kind]
        if each.kind is MediaKind.RECORDING and not _is_over(each, rule, now) and _may_go(each, rule, now):
            deletions.append(Deletion(each, "space"))
            found += each.size
    return deletions


def _may_go(media: Media, rule: Rule, now: datetime) -> bool:
    if now - media.end < rule.min_keep:
        return False
    promised = rule.upload is UploadPolicy.ALL or media.requested
    return not promised or media.confirmed is not None or media.archived is not None


def _is_over(media: Media, rule: Rule, now: datetime) -> bool:
    return now - media.end >= rule.keep


def delete(writer: Writer, files: MediaFiles, deletion: Deletion, rule: Rule) -> None:
    """Delete one file: the row and the fact first, so that no row ever names a file that is gone.

    After a crash between the two the file has no living row; `fsck` names it and the next start clears it.
    """
    media = deletion.media

    def job(tx: Transaction) -> None:
        media_rows.mark_deleted(tx, media.id)
        tx.append(
            MediaDeleted(
                media=media.id,
                media_kind=media.kind.value,
                sha256=media.sha256,
                size=media.size,
                start=media.start,
                rule=f"{deletion.why} upload={rule.upload.value} min_keep={rule.min_keep.days}d keep={rule.keep.days}d",
                confirmed_by=media_rows.confirmed_by(tx.connection, media.id),
                confirmed_at=media.confirmed or media.archived,
            )
        )

    writer.run(job)
    files.delete(media.path)
