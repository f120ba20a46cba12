"""Keys move from their services' folders to where systemd takes them, and none is ever lost."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from edge_agent.appliance.credentials import KEYS, PREFIX, keep
from edge_agent.appliance.layout import Layout
from edge_agent.appliance.talk import RefusalError

FACES, CAMERAS = KEYS


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    layout = Layout(tmp_path)
    layout.config.parent.mkdir(parents=True)
    layout.config.write_text(f'[store]\ndata_dir = "{tmp_path}/data"\n')
    (tmp_path / "data" / "faces").mkdir(parents=True)
    install(layout, "2", "[Service]\nLoadCredential=faces.key:edge-agent.faces.key\n")
    return layout


def install(layout: Layout, version: str, unit: str) -> None:
    units = layout.versions / version / "lib/python3.11/site-packages/edge_agent/_share/systemd"
    units.mkdir(parents=True)
    (units / "edge-agent-kiosk.service").write_text(unit)


def run(layout: Layout, *, owner: int | None = None) -> dict[str, bytes]:
    """What systemd finds afterwards, by name."""
    keep(layout, lambda _user: os.getuid() if owner is None else owner)
    return {path.name: path.read_bytes() for path in layout.credentials.iterdir()}


def made(layout: Layout, content: bytes = b"F" * 32) -> Path:
    """The key of the faces as the kiosk makes it."""
    file = layout.root / "data" / FACES.file
    file.write_bytes(content)
    file.chmod(0o600)
    return file


def test_a_new_device_gets_keys_of_its_own_that_root_alone_reads(layout: Layout) -> None:
    found = run(layout)
    assert sorted(found) == sorted(PREFIX + key.name for key in KEYS)
    assert {len(key) for key in found.values()} == {32}
    assert len(set(found.values())) == 2
    assert {path.stat().st_mode & 0o777 for path in layout.credentials.iterdir()} == {0o400}
    assert layout.credentials.stat().st_mode & 0o777 == 0o700
    assert run(layout) == found, "again, which changes nothing"


def test_the_key_in_the_folder_moves_and_goes_with_the_last_release_that_needs_it(layout: Layout) -> None:
    install(layout, "1", "[Service]\n")
    file = made(layout)
    assert run(layout)[PREFIX + FACES.name] == b"F" * 32
    assert file.read_bytes() == b"F" * 32, "the release before would look for it"
    (layout.versions / "1/lib/python3.11/site-packages/edge_agent/_share/systemd/edge-agent-kiosk.service").write_text(
        "[Service]\nLoadCredential=faces.key:edge-agent.faces.key\n"
    )
    assert run(layout)[PREFIX + FACES.name] == b"F" * 32
    assert not file.exists()


def test_another_key_in_the_folder_neither_replaces_the_credential_nor_goes(layout: Layout) -> None:
    kept = run(layout)
    file = made(layout)
    assert run(layout) == kept
    assert file.read_bytes() == b"F" * 32


def test_a_power_cut_in_between_is_made_good(layout: Layout) -> None:
    made(layout)
    layout.credentials.mkdir(parents=True)
    (layout.credentials / f".{PREFIX}{FACES.name}").write_bytes(b"torn")
    found = run(layout)
    assert found[PREFIX + FACES.name] == b"F" * 32
    assert sorted(found) == sorted(PREFIX + key.name for key in KEYS)


def test_what_another_service_may_have_put_there_is_not_taken(layout: Layout) -> None:
    target = layout.root / "elsewhere"
    target.write_bytes(b"S" * 32)
    target.chmod(0o600)
    (layout.root / "data" / FACES.file).symlink_to(target)
    (layout.root / "data" / CAMERAS.file).write_bytes(b"S" * 32)
    (layout.root / "data" / CAMERAS.file).chmod(0o640)
    found = run(layout)
    assert set(found.values()).isdisjoint({b"S" * 32})


def test_another_users_file_and_one_of_another_size_are_not_taken(layout: Layout) -> None:
    made(layout)
    (layout.root / "data" / CAMERAS.file).write_bytes(b"S" * 33)
    found = run(layout, owner=os.getuid() + 1)
    assert found[PREFIX + FACES.name] != b"F" * 32
    assert len(found[PREFIX + CAMERAS.name]) == 32


def test_a_key_that_was_encrypted_gets_no_plain_one_beside_it(layout: Layout) -> None:
    layout.encrypted_credentials.mkdir(parents=True)
    (layout.encrypted_credentials / f"{PREFIX}{FACES.name}").write_text("for this machine's TPM")
    file = made(layout)
    assert list(run(layout)) == [PREFIX + CAMERAS.name]
    assert file.exists()


def test_a_disk_that_takes_nothing_is_named_and_the_key_stays_where_it_is(layout: Layout) -> None:
    file = made(layout)
    layout.credentials.parent.mkdir(exist_ok=True)
    layout.credentials.write_text("a file where the folder should be: what a read-only disk is to whoever runs as root")
    with pytest.raises(RefusalError, match="credstore"):
        run(layout)
    assert file.read_bytes() == b"F" * 32
