"""The console's requests for packages: answered with the file, or with what is wrong."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
import pyzipper  # type: ignore[import-untyped] # it ships no types

from edge_agent.evidence.orders import order
from edge_agent.evidence.verify import Keys, verify
from edge_agent.model.media import MediaKind
from edge_agent.serve.agent import Agent
from edge_agent.serve.errands import Errands
from edge_agent.serve.exports import EXPORT, Exporter
from edge_agent.settings import Settings
from edge_agent.settings import Store as StoreSettings
from edge_agent.simulator.classroom import make_classroom
from edge_agent.store import media, requests
from edge_agent.store.database import connect
from edge_agent.store.files import Ballast


def test_a_package_is_made_and_the_request_answered(tmp_path: Path) -> None:
    room = make_classroom(tmp_path)
    settings = Settings(store=StoreSettings(data_dir=tmp_path))
    agent = Agent(settings, room.clock, room.writer, room.files, Ballast(tmp_path / "ballast", 0))
    errands = Errands(room.writer, {EXPORT: Exporter(agent, room.sealed).make})
    hour = timedelta(hours=1)
    good = room.writer.run(lambda tx: requests.ask(tx, "export", {"class_id": "C"}, by="admin", ttl=hour))
    bad = room.writer.run(lambda tx: requests.ask(tx, "export", {"class_id": "none"}, by="admin", ttl=hour))
    with closing(connect(room.database, readonly=True)) as connection:
        errands.tick(connection)
        errands.close()
        made, refused = requests.find(connection, good), requests.find(connection, bad)
        assert made is not None
        assert refused is not None
        assert made.state == "done", made.answer
        assert made.answer is not None
        row = media.find(connection, made.answer["media"])
    assert row is not None
    assert row.kind is MediaKind.EXPORT
    assert verify(room.files.locate(row.path), Keys(frozenset({room.signer.public}))).exit_code == 0
    assert refused.state == "failed"
    assert refused.answer is not None
    assert refused.answer["error"].startswith("none: 班级不存在")


def test_whole_resident_ids_leave_under_a_password_that_is_nowhere_in_the_database(tmp_path: Path) -> None:
    room = make_classroom(tmp_path)
    settings = Settings(store=StoreSettings(data_dir=tmp_path))
    agent = Agent(settings, room.clock, room.writer, room.files, Ballast(tmp_path / "ballast", 0))
    errands = Errands(room.writer, {EXPORT: Exporter(agent, room.sealed).make})
    secret = "correct-horse-9"
    asked = room.writer.run(lambda tx: order(tx, {"class_id": "C"}, password=secret, by="admin"))
    with closing(connect(room.database, readonly=True)) as connection:
        errands.tick(connection)
        errands.close()
        made = requests.find(connection, asked)
        assert made is not None
        assert made.answer is not None
        assert made.state == "done", made.answer
        row = media.find(connection, made.answer["media"])
        assert row is not None
        assert media.attributes(connection, row.id)["encrypted"] is True
    assert not any(secret.encode() in file.read_bytes() for file in tmp_path.glob("*.db*"))
    with pyzipper.AESZipFile(room.files.locate(row.path)) as archive:
        name = archive.namelist()[0]
        with pytest.raises(RuntimeError, match="password"):
            archive.read(name)
        archive.setpassword(secret.encode())
        assert archive.read(name)
