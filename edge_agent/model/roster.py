"""A version of a class's roster as a document whose rows are committed to one by one.

A fact names the root over all rows. Each row carries a random salt, and its commitment is `SHA256(salt || row)`: a
package may then show one trainee's row with its salt and the other commitments, which prove that it belongs to the
roster and, salted, betray none of the other resident ids to somebody who tries them all.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass

from edge_agent.model.merkle import merkle_root
from edge_agent.model.people import Owner, Trainee

VERSION = 1
SALT_BYTES = 16


@dataclass(frozen=True, slots=True)
class RosterRow:
    """One trainee's row: `text` is the JSON that is committed to, never serialised a second time."""

    salt: bytes
    text: str

    @property
    def commitment(self) -> bytes:
        return hashlib.sha256(self.salt + self.text.encode()).digest()


@dataclass(frozen=True, slots=True)
class Roster:
    """`rows` in the order of the document; `root` is what the fact `roster.saved` calls `commitments`."""

    class_id: str
    revision: int
    owner: Owner
    rows: tuple[RosterRow, ...]

    @property
    def root(self) -> str:
        return merkle_root([row.commitment for row in self.rows]).hex()

    def encode(self) -> bytes:
        return json.dumps(
            {
                "v": VERSION,
                "kind": "roster",
                "class_id": self.class_id,
                "revision": self.revision,
                "owner": self.owner.value,
                "rows": [{"salt": row.salt.hex(), "row": row.text} for row in self.rows],
                "root": self.root,
            },
            ensure_ascii=False,
            separators=(",", ":"),
        ).encode()


def make_roster(class_id: str, revision: int, owner: Owner, trainees: Iterable[tuple[Trainee, bytes]]) -> Roster:
    """Make a roster of trainees, each with its salt: `SALT_BYTES` random bytes, used once."""
    rows = tuple(RosterRow(salt, _row_text(trainee)) for trainee, salt in trainees)
    return Roster(class_id, revision, owner, rows)


def read_roster(body: bytes) -> Roster:
    """Read a document and check its root; raises `ValueError` where it is not one or its rows don't make its root."""
    try:
        document = json.loads(body)
        rows = tuple(RosterRow(bytes.fromhex(row["salt"]), row["row"]) for row in document["rows"])
        roster = Roster(document["class_id"], document["revision"], Owner(document["owner"]), rows)
        version, kind, root = document["v"], document["kind"], document["root"]
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"not a roster document: {error!r}") from error
    if (version, kind) != (VERSION, "roster"):
        raise ValueError(f"not a roster document of version {VERSION}: {kind!r} {version!r}")
    if root != roster.root:
        raise ValueError("the roster's rows don't make its root")
    return roster


def _row_text(trainee: Trainee) -> str:
    return json.dumps(
        {
            "trainee": trainee.id,
            "name": trainee.name,
            "document_type": trainee.document_type,
            "document": trainee.document,
            "phone": trainee.phone,
            "subgroup": trainee.subgroup,
            "online_periods": trainee.online_periods,
            "certificate": trainee.certificate,
        },
        ensure_ascii=False,
        separators=(",", ":"),
    )
