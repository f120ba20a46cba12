"""Writes `docs/contract` anew: `python -m tests.sync.contract_files`, after a change of the contract's types."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import msgspec
import yaml
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edge_agent.model.kinds.attendance import SignedIn
from edge_agent.sync.contract.batch import BatchHeader
from edge_agent.sync.contract.codes import Code
from edge_agent.sync.contract.commands import Command, RecordStop
from edge_agent.sync.contract.document import asyncapi, schema_files
from edge_agent.sync.contract.messages import FactsAck, Gap, Result, State, Waiting
from edge_agent.sync.contract.signing import Purpose, Signer
from tests.data import ROOT
from tests.sync.journal import Journal
from tests.sync.world import NOW

FOLDER = ROOT / "docs" / "contract"
CENTRE = Signer(Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
"""The examples' centre: anybody may check them, and nobody should trust them."""


def example_journal() -> Journal:
    tap = SignedIn(unit="L1/1", class_id="c1", lesson="L1", trainee="t-5e884898", at=NOW, method="manual", visit="v1")
    return Journal().append(tap).grow(1)


def examples() -> dict[str, bytes]:
    """Messages as they stand on the wire; of a batch, what is inside its zstd frame."""
    journal = example_journal()
    head = journal.links[2].hex()
    header = msgspec.json.encode(BatchHeader(epoch=1, first=1, n=2, head=head))
    named = {"tenant": "jinan", "agent": "ea-1"}
    ack = FactsAck(**named, epoch=1, upto=2, head=head, at=NOW)
    gap = Gap(**named, epoch=1, first=3, last=9, code=Code.MISSING)
    command = Command(
        **named,
        id="7d9f0c11",
        issued=NOW,
        expires=NOW + timedelta(hours=1),
        by="li",
        args=RecordStop(lesson="L1", camera="cam1"),
    )
    return {
        "batch.jsonl": b"\n".join((header, *journal.bodies)),
        "facts_ack.json": CENTRE.seal(Purpose.ACK, ack),
        "gap.json": CENTRE.seal(Purpose.GAP, gap),
        "command.json": CENTRE.seal(Purpose.COMMAND, command),
        "result.json": msgspec.json.encode(Result(id="7d9f0c11", result="done", at=NOW)),
        "state.json": msgspec.json.encode(
            State(
                online=True, session="s1", version="0.1.0", epoch=1, seq=9, facts=Waiting(count=7, oldest=NOW), at=NOW
            )
        ),
        "centre.key": CENTRE.public.public_bytes_raw().hex().encode(),
    }


def files() -> dict[Path, str]:
    """The content of each file."""
    made = {FOLDER / "schemas" / name: json.dumps(schema, indent=1) + "\n" for name, schema in schema_files().items()}
    made |= {FOLDER / "examples" / name: content.decode() + "\n" for name, content in examples().items()}
    made[FOLDER / "asyncapi.yaml"] = yaml.safe_dump(asyncapi(), sort_keys=False, allow_unicode=True, width=110)
    return made


if __name__ == "__main__":
    for path, content in files().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
