"""Seals: the device's signature over the journal's head, and the daily root over its media.

A seal says: at this moment the journal of this agent ended with this link. Whoever holds one can tell whether facts
before it were altered, removed or added since; a chain cut at its end is told by the centre's countersignature, which
lies outside the device.
"""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta

from edge_agent.evidence.keys import SealSigner, known_public
from edge_agent.model.kinds.system import MediaRoot
from edge_agent.model.merkle import merkle_root
from edge_agent.model.stamp import instant
from edge_agent.store import media
from edge_agent.store.facts import fact_id
from edge_agent.store.seals import keep_seal, last_seal
from edge_agent.store.writer import Transaction, Writer

EVERY = timedelta(seconds=60)


def covered(payload: str) -> bytes:
    """What the signature covers: its purpose and the very text that is kept."""
    return b"edge_agent seal v1\n" + payload.encode()


def seal_head(writer: Writer, signer: SealSigner) -> bool | None:
    """Sign the head; False where the newest seal covers it already, None where another key took over from this one."""

    def job(tx: Transaction) -> bool | None:
        head = tx.head
        identifier = fact_id(head.epoch, head.seq)
        newest = last_seal(tx.connection)
        if head.seq == 0 or (newest is not None and newest.id >= identifier):
            return False
        if known_public(tx) != signer.public:
            return None
        payload = json.dumps(
            {
                "agent": head.agent,
                "epoch": head.epoch,
                "seq": head.seq,
                "head": head.link.hex(),
                "at": instant(tx.stamp.wall),
                "trust": tx.stamp.trust.value,
            }
        )
        keep_seal(tx, identifier, payload=payload, key=signer.public, signature=signer.sign(covered(payload)))
        return True

    return writer.run(job)


def keep_media_root(writer: Writer, day: date, start: datetime, end: datetime) -> bool:
    """Put a finished day's media root on the record, once; [start, end) is the day in the policy's zone."""

    def job(tx: Transaction) -> bool:
        if tx.execute("SELECT 1 FROM media_roots WHERE day = ?", (day.isoformat(),)).fetchone():
            return False
        leaves = [bytes.fromhex(digest) for digest in media.digests_between(tx.connection, start, end)]
        root = merkle_root(leaves).hex()
        fact = tx.append(MediaRoot(day=day.isoformat(), files=len(leaves), root=root))
        tx.execute("INSERT INTO media_roots VALUES (?, ?, ?)", (day.isoformat(), root, fact_id(fact.epoch, fact.seq)))
        return True

    return writer.run(job)
