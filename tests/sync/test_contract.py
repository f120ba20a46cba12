"""The contract: what the documents say is what the code does."""

from __future__ import annotations

import hashlib
import json
import re
from contextlib import suppress
from dataclasses import MISSING, fields
from datetime import UTC, date, datetime
from typing import Any, Literal, get_args, get_origin, get_type_hints

import jsonschema
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_agent.model.body import Envelope
from edge_agent.model.fact import CATALOGUE, Payload, genesis, next_link
from edge_agent.sync.contract.batch import chain, decode_batch, encode_batch
from edge_agent.sync.contract.codes import MEANING, Code, RefusedError
from edge_agent.sync.contract.commands import COMMANDS
from edge_agent.sync.contract.facts import check_body
from edge_agent.sync.contract.http import UploadMetadata, decode_metadata, encode_metadata
from edge_agent.sync.contract.messages import FactsAck, read_ack
from edge_agent.sync.contract.signing import Purpose, Signer, Verifier, public_key, read_signed
from edge_agent.sync.contract.topics import Address, Channel, parse, subscription
from tests.data import ROOT
from tests.servers import peers
from tests.sync import witness
from tests.sync.contract_files import FOLDER, example_journal, files
from tests.sync.journal import STAMP


def test_the_files_are_what_the_code_makes() -> None:
    stale = [path.name for path, content in files().items() if not path.exists() or path.read_text() != content]
    assert stale == [], "run: python -m tests.sync.contract_files"
    known = {path for path in FOLDER.rglob("*") if path.is_file()} - {FOLDER / "README.md"}
    assert known == set(files())


def test_the_document_is_asyncapi_3() -> None:
    schema = json.loads((peers() / "@asyncapi" / "specs" / "schemas" / "3.0.0.json").read_text())
    document = json.loads(json.dumps(witness.document()))
    jsonschema.Draft7Validator(schema).validate(document)


def test_every_reference_leads_somewhere() -> None:
    text = (FOLDER / "asyncapi.yaml").read_text()
    for file, name in re.findall(r"\./schemas/(\w+\.json)#/\$defs/(\S+)", text):
        assert name in json.loads((FOLDER / "schemas" / file).read_text())["$defs"]


def test_the_guide_names_every_channel_command_and_code() -> None:
    text = (FOLDER / "README.md").read_text()
    names = [*Channel, *COMMANDS, *Code]
    assert [name for name in names if f"`{name}`" not in text] == []
    assert set(MEANING) == set(Code)


def test_the_examples_are_true() -> None:
    examples = FOLDER / "examples"
    verifier = Verifier([public_key((examples / "centre.key").read_text().strip())])
    signed = read_signed((examples / "facts_ack.json").read_text())
    verifier.verify(Purpose.ACK, signed)
    ack = read_ack(signed.payload)
    assert isinstance(ack, FactsAck)
    journal = example_journal()
    header, *bodies = (examples / "batch.jsonl").read_bytes().rstrip(b"\n").split(b"\n")
    assert ack.head == json.loads(header)["head"] == journal.links[2].hex()
    assert [check_body(body)[2] for body in bodies] == ["", ""]
    for name in ("gap", "command", "result", "state", "facts_ack"):
        witness.check_message(name, (examples / f"{name}.json").read_bytes())
    witness.check_message("batch", journal.batch(1, 2))


def test_links_are_the_models() -> None:
    bodies = [b"a", b"", "签到".encode() * 50]
    link = genesis("ea-1", 3)
    for seq, body in enumerate(bodies, 7):
        link = next_link(link, seq, body)
    assert chain(genesis("ea-1", 3), 7, bodies) == link


@given(st.lists(st.binary(max_size=300).map(lambda data: data.replace(b"\n", b" ")), min_size=1, max_size=100))
@settings(max_examples=50, deadline=None)
def test_a_batch_comes_out_as_it_went_in(bodies: list[bytes]) -> None:
    head = chain(genesis("ea-1", 1), 5, bodies)
    batch = decode_batch(encode_batch(1, 5, bodies, head))
    assert (batch.header.first, batch.header.last, batch.header.head) == (5, 4 + len(bodies), head.hex())
    assert batch.bodies == bodies


@given(st.binary(max_size=400))
@settings(max_examples=200, deadline=None)
def test_bytes_of_any_kind_are_read_or_refused(data: bytes) -> None:
    for read in (decode_batch, read_signed, lambda data: decode_metadata(data.decode("latin-1"))):
        with suppress(RefusedError):
            read(data)
    check_body(data)


@pytest.mark.parametrize("kind", list(CATALOGUE))
def test_every_kind_of_fact_passes_its_own_schema(kind: str) -> None:
    body = Envelope(agent="ea-1", epoch=1, stamp=STAMP).body(1, _sample(CATALOGUE[kind]), policy="", by="")
    assert check_body(body)[2] == ""
    witness.validate({"$ref": f"./schemas/facts.json#/$defs/{kind}"}, json.loads(body))
    content = json.loads(body)
    content["data"] = {}
    needed = any(f.default is MISSING and f.default_factory is MISSING for f in fields(CATALOGUE[kind]))
    assert bool(check_body(json.dumps(content).encode())[2]) == needed


def _sample(kind: type[Payload]) -> Payload:
    hints = get_type_hints(kind)
    return kind(**{field.name: _value(hints[field.name]) for field in fields(kind)})


def _value(hint: Any) -> Any:
    if get_origin(hint) is Literal:
        return get_args(hint)[0]
    if type(None) in get_args(hint):
        return None
    plain: dict[Any, Any] = {
        str: "x",
        int: 1,
        float: 0.5,
        bool: True,
        datetime: datetime(2026, 3, 2, tzinfo=UTC),
        date: date(2026, 3, 2),
        tuple: ("x",),
        dict: {"a": "b"},
    }
    return plain[get_origin(hint) or hint]


def test_topics_are_read_back_and_others_refused() -> None:
    address = Address("jinan", "ea-1")
    assert parse(address.topic(Channel.EV)) == (address, Channel.EV)
    assert subscription(Channel.RES, group="centre") == "$share/centre/v1/+/+/res"
    for topic in ("v1/a/b", "v2/a/b/ev", "v1/a/b/other", "v1//b/ev", "v1/+/b/ev", "v1/a/b/ev/x", "v1/签/b/ev"):
        with pytest.raises(RefusedError):
            parse(topic)


def test_a_signature_counts_for_its_key_its_purpose_and_its_text_alone() -> None:
    signer = Signer(Ed25519PrivateKey.generate())
    verifier = Verifier([signer.public])
    signed = signer.sign(Purpose.ACK, UploadMetadata(**_METADATA))
    verifier.verify(Purpose.ACK, signed)
    others = [
        (Purpose.COMMAND, signed),
        (Purpose.ACK, type(signed)(signed.payload + " ", signed.key, signed.signature)),
        (Purpose.ACK, type(signed)(signed.payload, signed.key, "AAAA")),
        (Purpose.ACK, type(signed)(signed.payload, signed.key, "no base64")),
    ]
    for purpose, other in others:
        with pytest.raises(RefusedError) as caught:
            verifier.verify(purpose, other)
        assert caught.value.code is Code.BAD_SIGNATURE
    with pytest.raises(RefusedError):
        Verifier([]).verify(Purpose.ACK, signed)


_METADATA: dict[str, Any] = {
    "media": "m1",
    "kind": "snapshot",
    "sha256": hashlib.sha256(b"x").hexdigest(),
    "start": datetime(2026, 3, 2, tzinfo=UTC),
    "end": datetime(2026, 3, 2, tzinfo=UTC),
}


def test_upload_metadata_travel_in_a_header() -> None:
    metadata = UploadMetadata(**_METADATA | {"lesson": "第一课"})
    read = decode_metadata(encode_metadata(metadata))
    assert (read.lesson, read.kind, read.start) == ("第一课", "snapshot", metadata.start)


def test_the_contract_stands_on_the_model_alone() -> None:
    sources = (ROOT / "edge_agent" / "sync" / "contract").glob("*.py")
    allowed = ("edge_agent.sync.contract", "edge_agent.model", "edge_agent.errors")
    imports = re.compile(r"^(?:from|import) (edge_agent[\w.]*)", re.MULTILINE)
    foreign = {name for path in sources for name in imports.findall(path.read_text()) if not name.startswith(allowed)}
    assert foreign == set()
