"""Where the seal key lies: one suite for the file and for a TPM, which is swtpm's, spoken to by tpm2-tools."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge_agent.clock import SettableClock
from edge_agent.errors import StorageError
from edge_agent.evidence.keys import load_or_make, rotate
from edge_agent.evidence.keystore import FileKeys, KeyStore, TpmKeys, choose
from edge_agent.evidence.verify import Keys, verify
from edge_agent.simulator.classroom import make_classroom
from edge_agent.store.facts import read_facts
from edge_agent.store.setup import prepare
from edge_agent.store.writer import Writer
from tests.looking import look
from tests.venue import at

_TRIES = 100


def _free_pair() -> int:
    """Give a port that is free together with the next one: swtpm's control channel."""
    for _ in range(_TRIES):
        with socket.socket() as one, socket.socket() as next_one:
            one.bind(("127.0.0.1", 0))
            port = int(one.getsockname()[1])
            try:
                next_one.bind(("127.0.0.1", port + 1))
            except OSError:
                continue
            return port
    raise AssertionError("no two ports in a row")


class Chip:
    """A software TPM with a state of its own: two of them are two machines."""

    def __init__(self, state: Path) -> None:
        program = shutil.which("swtpm")
        assert program is not None, "install.sh test installs swtpm and tpm2-tools"
        state.mkdir()
        port = _free_pair()
        self.tcti = f"swtpm:host=127.0.0.1,port={port}"
        server, control = f"type=tcp,bindaddr=127.0.0.1,port={port}", f"type=tcp,bindaddr=127.0.0.1,port={port + 1}"
        self._process = subprocess.Popen(
            [
                *(program, "socket", "--tpm2", "--tpmstate", f"dir={state}", "--server", server, "--ctrl", control),
                *("--flags", "not-need-init,startup-clear"),
            ]
        )
        for _ in range(_TRIES):
            try:
                socket.create_connection(("127.0.0.1", port + 1), timeout=1).close()
            except OSError:
                time.sleep(0.05)
            else:
                return
        raise AssertionError("swtpm does not answer")

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait()


@pytest.fixture(params=["file", "tpm"])
def keys(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[KeyStore]:
    if request.param == "file":
        yield FileKeys(tmp_path / "seal.key")
        return
    chip = Chip(tmp_path / "chip")
    yield TpmKeys(tmp_path / "seal.tpm", chip.tcti)
    chip.stop()


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[Writer]:
    clock = SettableClock(at("08:00"))
    prepare(tmp_path / "a.db", clock, agent="ea-test")
    writer = Writer(tmp_path / "a.db", clock)
    yield writer
    writer.close()


def changes(folder: Path) -> list[str]:
    return [fact.data["change"] for fact in read_facts(look(folder / "a.db"), kinds=("seal.key",))]


def test_a_key_is_made_once_and_read_back(keys: KeyStore) -> None:
    key = keys.create()
    assert len(key) == 32
    assert keys.read() == key
    assert keys.path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(FileExistsError):
        keys.create()
    other = keys.beside(".new")
    assert other.create() != key
    assert keys.read() == key


def test_a_damaged_or_open_file_is_refused_and_named(keys: KeyStore) -> None:
    keys.create()
    whole = keys.path.read_bytes()
    keys.path.write_bytes(whole[:20])
    with pytest.raises(StorageError, match=keys.path.name):
        keys.read()
    keys.path.write_bytes(whole)
    keys.path.chmod(0o644)
    with pytest.raises(StorageError, match="chmod 600"):
        keys.read()


def test_rotation_and_loss_are_facts(keys: KeyStore, writer: Writer, tmp_path: Path) -> None:
    first = load_or_make(keys, writer)
    second = rotate(keys, writer)
    assert load_or_make(keys, writer).public == second.public != first.public
    assert not keys.beside(".new").path.exists()
    keys.path.rename(tmp_path / "gone")
    assert load_or_make(keys, writer).public not in {first.public, second.public}
    assert changes(tmp_path) == ["first", "rotated", "lost"]


def test_a_rotation_that_a_crash_cut_short_is_completed(
    keys: KeyStore, writer: Writer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load_or_make(keys, writer)
    keys.beside(".new").create()
    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", lambda *_: (_ for _ in ()).throw(FileNotFoundError))
        new = rotate(keys, writer)
    assert keys.beside(".new").path.exists()
    assert load_or_make(keys, writer).public == new.public
    assert changes(tmp_path) == ["first", "rotated"], "nothing was lost"


def test_another_machines_chip_does_not_open_it(tmp_path: Path) -> None:
    mine, other = Chip(tmp_path / "mine"), Chip(tmp_path / "other")
    try:
        key = TpmKeys(tmp_path / "seal.tpm", mine.tcti).create()
        assert key not in (tmp_path / "seal.tpm").read_bytes()
        with pytest.raises(StorageError, match="TPM"):
            TpmKeys(tmp_path / "seal.tpm", other.tcti).read()
        assert TpmKeys(tmp_path / "seal.tpm", mine.tcti).read() == key, "and the chip's few places are free again"
    finally:
        mine.stop()
        other.stop()


def test_a_chip_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="TPM"):
        TpmKeys(tmp_path / "seal.tpm", "swtpm:host=127.0.0.1,port=9").create()
    assert not (tmp_path / "seal.tpm").exists()


def test_a_key_stays_where_it_is(tmp_path: Path) -> None:
    device, none = tmp_path / "tpmrm0", tmp_path / "none"
    device.touch()
    assert isinstance(choose(tmp_path, "auto", device=none), FileKeys)
    assert isinstance(choose(tmp_path, "auto", device=device), TpmKeys)
    assert isinstance(choose(tmp_path, "file", device=device), FileKeys)
    assert isinstance(choose(tmp_path, "tpm", device=none), TpmKeys)
    (tmp_path / "seal.key").touch()
    assert isinstance(choose(tmp_path, "auto", device=device), FileKeys)
    (tmp_path / "seal.key").unlink()
    (tmp_path / "seal.tpm").touch()
    assert isinstance(choose(tmp_path, "auto", device=none), TpmKeys), "its loss is said, not passed over"


def test_the_newest_key_answers_for_its_predecessors_but_nobody_else_can_claim_to(tmp_path: Path) -> None:
    room = make_classroom(tmp_path)
    old = room.signer.public
    room.package(tmp_path / "first.zip")  # seals with the old key
    room.signer = rotate(FileKeys(tmp_path / "keys" / "seal.key"), room.writer)
    room.package(tmp_path / "p.zip")
    for known in (old, room.signer.public):
        assert verify(tmp_path / "p.zip", Keys(frozenset({known}))).faults == []
    # The old key's holder alone can't speak for the new one: a package that it signed after is another device's.
    (tmp_path / "keys" / "seal.key").rename(tmp_path / "gone")
    room.signer = load_or_make(FileKeys(tmp_path / "keys" / "seal.key"), room.writer)
    room.package(tmp_path / "lost.zip")
    assert verify(tmp_path / "lost.zip", Keys(frozenset({room.signer.public}))).exit_code == 0
    report = verify(tmp_path / "lost.zip", Keys(frozenset({old})))
    assert any("密钥丢失后换过" in fault for fault in report.faults)
    room.writer.close()
