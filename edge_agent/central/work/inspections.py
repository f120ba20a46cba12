"""What inspectors found of what was drawn: a signed word each, kept in order, never changed.

1. A word names sample, item, outcome, note, who and when, and the SHA-256 of the word before it in the same sample, so
   that none can be changed, taken out or put in between.
2. An item may be looked at again; the newest word counts, the older ones stay.
3. `check` verifies every word, and that the rows for looking up say the same.
"""

from __future__ import annotations

import hashlib
from datetime import datetime

import msgspec

from edge_agent.central.database import Tx
from edge_agent.central.instants import to_micros
from edge_agent.central.work import sampling
from edge_agent.central.work.sampling import Sample
from edge_agent.errors import NotFoundError
from edge_agent.sync.contract.codes import RefusedError
from edge_agent.sync.contract.messages import Instant
from edge_agent.sync.contract.signing import Purpose, Signer, Verifier


class Inspected(msgspec.Struct, frozen=True, kw_only=True):
    """The signed word: `item` is the key that was drawn, `after` the SHA-256 of the word before, if there is one."""

    sample: str
    number: int
    item: str
    outcome: str
    note: str
    by: str
    at: Instant
    after: str


def tick(
    tx: Tx, signer: Signer, sample: Sample, number: int, *, outcome: str, note: str, by: str, now: datetime
) -> None:
    """Note that an item was inspected, with what came of it. Raises `NotFoundError` for one that was not drawn."""
    changed = tx.run(
        "UPDATE sample_items SET outcome = %s, note = %s, account = %s, at = %s WHERE sample = %s AND number = %s",
        (outcome, note, by, to_micros(now), sample.id, number),
    )
    if not changed:
        raise NotFoundError("This is not on the list (不在抽查名单中).")
    # Of two inspectors at once the second waits here, and follows the first one's word.
    tx.run("UPDATE samples SET round = round WHERE id = %s", (sample.id,))
    words = list_words(tx, sample)
    word = Inspected(
        sample=sample.id,
        number=number,
        item=sampling.read(sample).chosen[number - 1],
        outcome=outcome,
        note=note,
        by=by,
        at=now,
        after=_digest(words[-1]) if words else "",
    )
    tx.run(
        "INSERT INTO inspections(sample, number, document) VALUES (%s, %s, %s)",
        (sample.id, number, signer.seal(Purpose.INSPECTION, word).decode()),
    )


def list_words(tx: Tx, sample: Sample) -> list[str]:
    """Give the signed words of a sample, oldest first."""
    rows = tx.rows("SELECT document FROM inspections WHERE sample = %s ORDER BY id", (sample.id,))
    return [document for (document,) in rows]


def check(tx: Tx, verifier: Verifier, sample: Sample) -> str:
    """Verify list and words; give what is wrong, empty where all agrees."""
    if wrong := sampling.check(tx, verifier, sample):
        return wrong
    chosen, after = sampling.read(sample).chosen, ""
    newest: dict[int, tuple[str, str, str, int]] = {}
    for document in list_words(tx, sample):
        try:
            word = verifier.open(Purpose.INSPECTION, document, Inspected)
        except RefusedError as error:
            return error.message
        if word.sample != sample.id or word.after != after or chosen[word.number - 1 : word.number] != [word.item]:
            return "the signed inspections do not follow each other"
        after = _digest(document)
        newest[word.number] = (word.outcome, word.note, word.by, to_micros(word.at))
    rows = tx.rows(
        "SELECT number, outcome, note, account, at FROM sample_items WHERE sample = %s AND outcome <> ''", (sample.id,)
    )
    if {number: tuple(row) for number, *row in rows} != newest:
        return "the inspections shown are not those that were signed"
    return ""


def _digest(document: str) -> str:
    return hashlib.sha256(document.encode()).hexdigest()
