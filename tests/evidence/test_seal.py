"""Seals over the head, the key's life, and the daily media root."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from edge_agent.clock import SettableClock
from edge_agent.errors import StorageError
from edge_agent.evidence.keys import load_or_make, rotate, rotation_text
from edge_agent.evidence.keystore import FileKeys
from edge_agent.evidence.seal import covered, keep_media_root, seal_head
from edge_agent.model.kinds.people import OperatorAction
from edge_agent.model.media import Media, MediaKind
from edge_agent.model.merkle import merkle_root
from edge_agent.store import media as media_rows
from edge_agent.store.facts import read_facts, read_head
from edge_agent.store.seals import list_seals
from edge_agent.store.setup import prepare
from edge_agent.store.writer import Writer
from tests.looking import look

DAY = datetime(2024, 10, 8, tzinfo=UTC)


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[Writer]:
    clock = SettableClock(DAY)
    prepare(tmp_path / "a.db", clock, agent="ea-test")
    writer = Writer(tmp_path / "a.db", clock)
    yield writer
    writer.close()


def key_facts(path: Path) -> list[dict[str, str]]:
    return [dict(fact.data) for fact in read_facts(look(path), kinds=("seal.key",))]


def test_a_seal_names_the_head_and_verifies(writer: Writer, tmp_path: Path) -> None:
    signer = load_or_make(FileKeys(tmp_path / "seal.key"), writer)
    assert seal_head(writer, signer)
    assert not seal_head(writer, signer), "a head is sealed once"
    writer.append(OperatorAction(action="more"))
    assert seal_head(writer, signer)
    connection = look(tmp_path / "a.db")
    newest = list_seals(connection)[-1]
    head = read_head(connection)
    said = json.loads(newest.payload)
    assert (said["agent"], said["epoch"], said["seq"], said["head"]) == ("ea-test", 1, head.seq, head.link.hex())
    public = Ed25519PublicKey.from_public_bytes(bytes.fromhex(newest.key))
    public.verify(bytes.fromhex(newest.signature), covered(newest.payload))
    with pytest.raises(InvalidSignature):
        public.verify(bytes.fromhex(newest.signature), covered(newest.payload.replace("ea-test", "ea-best")))


def test_the_key_is_private_and_stays(writer: Writer, tmp_path: Path) -> None:
    path = tmp_path / "seal.key"
    public = load_or_make(FileKeys(path), writer).public
    assert path.stat().st_mode & 0o777 == 0o600
    assert load_or_make(FileKeys(path), writer).public == public
    assert [fact["change"] for fact in key_facts(tmp_path / "a.db")] == ["first"]


def test_a_rotated_key_is_vouched_for_by_the_old_one(writer: Writer, tmp_path: Path) -> None:
    path = tmp_path / "seal.key"
    old = load_or_make(FileKeys(path), writer).public
    new = rotate(FileKeys(path), writer).public
    assert load_or_make(FileKeys(path), writer).public == new
    fact = key_facts(tmp_path / "a.db")[-1]
    assert (fact["change"], fact["old_public"], fact["public"]) == ("rotated", old, new)
    Ed25519PublicKey.from_public_bytes(bytes.fromhex(old)).verify(
        bytes.fromhex(fact["signature"]), rotation_text(old, new)
    )


def test_a_lost_key_is_said(writer: Writer, tmp_path: Path) -> None:
    path = tmp_path / "seal.key"
    old = load_or_make(FileKeys(path), writer).public
    path.rename(tmp_path / "gone")
    new = load_or_make(FileKeys(path), writer).public
    assert new != old
    assert [fact["change"] for fact in key_facts(tmp_path / "a.db")] == ["first", "lost"]


def test_a_key_cut_short_is_refused(writer: Writer, tmp_path: Path) -> None:
    path = tmp_path / "seal.key"
    load_or_make(FileKeys(path), writer)
    path.write_bytes(b"short")
    with pytest.raises(StorageError, match=r"seal\.key"):
        load_or_make(FileKeys(path), writer)


def test_a_days_media_root_is_kept_once(writer: Writer, tmp_path: Path) -> None:
    digests = sorted(hashlib.sha256(bytes([number])).hexdigest() for number in range(3))
    for number, digest in enumerate(digests):
        row = Media(str(number), MediaKind.SNAPSHOT, f"{number}.jpg", digest, 1, DAY, DAY)
        writer.run(partial(media_rows.add, media=row))
    day = date(2024, 10, 8)
    assert keep_media_root(writer, day, DAY, DAY + timedelta(days=1))
    assert not keep_media_root(writer, day, DAY, DAY + timedelta(days=1))
    [fact] = read_facts(look(tmp_path / "a.db"), kinds=("seal.media_root",))
    assert fact.data["files"] == 3
    assert fact.data["root"] == merkle_root([bytes.fromhex(digest) for digest in digests]).hex()


def test_merkle_roots_agree_with_rfc_6962() -> None:
    # RFC 6962's own vectors (certificate-transparency's merkle_tree_test): leaves "", 00, 10.
    leaves = [b"", b"\x00", b"\x10"]
    assert merkle_root([]).hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert merkle_root(leaves[:1]).hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    assert merkle_root(leaves[:2]).hex() == "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"
    assert merkle_root(leaves).hex() == "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"
