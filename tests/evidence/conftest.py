"""One finished class, its package, and the keys that an auditor has from elsewhere."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edge_agent.evidence.verify import Keys
from edge_agent.simulator.classroom import Classroom, make_classroom
from edge_agent.store import outbox
from edge_agent.store.facts import fact_id

CENTRE = Ed25519PrivateKey.from_private_bytes(b"centre".ljust(32, b"!"))
CENTRE_PUBLIC = CENTRE.public_key().public_bytes_raw().hex()


@dataclass(frozen=True)
class Packaged:
    """`path` is an intact package of `room`'s class, countersigned by a centre."""

    room: Classroom
    path: Path
    keys: Keys


def countersign(room: Classroom) -> dict[str, str]:
    """Acknowledge the head as the centre does after its commit, keep that, and give it as a receipt."""
    head = room.writer.run(lambda tx: tx.head)
    said = {"of": "facts", "agent": head.agent, "epoch": head.epoch, "upto": head.seq, "head": head.link.hex()}
    payload = json.dumps(said)
    signature = base64.b64encode(CENTRE.sign(b"edge_agent ack v1\n" + payload.encode())).decode()
    key = hashlib.sha256(bytes.fromhex(CENTRE_PUBLIC)).hexdigest()[:16]
    identifier = fact_id(head.epoch, head.seq)
    room.writer.run(lambda tx: outbox.keep_countersignature(tx, identifier, payload, key, signature))
    return {"payload": payload, "key": key, "signature": signature}


@pytest.fixture(scope="package")
def packaged(tmp_path_factory: pytest.TempPathFactory) -> Packaged:
    folder = tmp_path_factory.mktemp("venue")
    room = make_classroom(folder)
    countersign(room)
    path = folder / "package.zip"
    room.package(path)
    return Packaged(room, path, Keys(frozenset({room.signer.public}), frozenset({CENTRE_PUBLIC})))
