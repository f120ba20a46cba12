"""Copies for individuals: marked all over, made from what is on the record, and said in a fact."""

from __future__ import annotations

import hashlib
import io
import json
from contextlib import closing
from pathlib import Path

import cv2
import numpy as np
import pypdf
import pytest
from typer.testing import CliRunner

from edge_agent.cli.copy import app
from edge_agent.errors import InputError, NotFoundError
from edge_agent.evidence.copies import mark_picture
from edge_agent.model.media import MediaKind
from edge_agent.simulator.classroom import Classroom, make_classroom
from edge_agent.store import media
from edge_agent.store.database import connect
from edge_agent.store.facts import read_facts

FOR = ("--to", "张三", "--purpose", "本人查阅")


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Classroom:
    monkeypatch.setenv("EDGE_AGENT_STORE__DATA_DIR", str(tmp_path / "venue"))
    (tmp_path / "venue").mkdir()
    return make_classroom(tmp_path / "venue", picture=(640, 360))


def test_a_snapshots_copy_is_marked_and_the_original_stays(room: Classroom, tmp_path: Path) -> None:
    with closing(connect(room.database, readonly=True)) as connection:
        snapshot = next(media.present(connection, MediaKind.SNAPSHOT))
    path = room.files.locate(snapshot.path)
    before = path.read_bytes()
    result = CliRunner().invoke(app, ["snapshot", snapshot.id, *FOR, "--out", str(tmp_path / "c.jpg"), "--json"])
    assert result.exit_code == 0, result.output
    content = (tmp_path / "c.jpg").read_bytes()
    assert json.loads(result.stdout)["sha256"] == hashlib.sha256(content).hexdigest()
    assert path.read_bytes() == before
    with closing(connect(room.database, readonly=True)) as connection:
        [fact] = read_facts(connection, kinds=("copy.made",))
    assert (fact.data["of"], fact.data["subject"], fact.data["purpose"]) == ("snapshot", snapshot.id, "本人查阅")
    assert fact.by.startswith("cli:")
    assert "张三" not in fact.body.decode()


@pytest.mark.parametrize("level", [0, 128, 255])
def test_the_mark_shows_on_dark_and_on_bright_in_every_part(level: int, tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "p.png"), np.full((720, 1280, 3), level, np.uint8))
    data = mark_picture(tmp_path / "p.png", "副本 仅供 张三 用于本人查阅 2026-03-02 10:00")
    marked = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE)
    assert marked is not None
    assert marked.shape[0] > 720, "the line stands once more below"
    for row in range(3):
        for column in range(3):
            part = marked[240 * row : 240 * (row + 1), 427 * column : 427 * (column + 1)].astype(int)
            assert np.mean(np.abs(part - level) > 20) > 0.005, (row, column)


@pytest.mark.usefixtures("room")
def test_sheet_and_record_carry_the_mark_on_each_page(tmp_path: Path) -> None:
    for of, subject, said in (("sheet", "L0a/1", "签到签退表"), ("record", "t01", "学员考勤表")):
        out = tmp_path / f"{of}.pdf"
        assert CliRunner().invoke(app, [of, subject, *FOR, "--out", str(out)]).exit_code == 0
        for page in pypdf.PdfReader(io.BytesIO(out.read_bytes())).pages:
            text = page.extract_text()
            assert text.count("副本 仅供 张三 用于本人查阅") > 5
            assert said in text
            assert "3701021990010" not in text, "ids stay masked"


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (("snapshot", "none", *FOR), NotFoundError),
        (("sheet", "L0a/9", *FOR), NotFoundError),
        (("record", "none", *FOR), NotFoundError),
        (("record", "t01", "--to", " ", "--purpose", "x"), InputError),
        (("record", "t01", "--to", "x" * 61, "--purpose", "x"), InputError),
        (("record", "t01", "--to", "a\nb", "--purpose", "x"), InputError),
    ],
)
def test_what_cannot_be_copied_is_refused(
    room: Classroom, tmp_path: Path, arguments: tuple[str, ...], error: type[Exception]
) -> None:
    before = room.writer.run(lambda tx: tx.head.seq)
    result = CliRunner().invoke(app, [*arguments, "--out", str(tmp_path / "c.pdf")])
    assert isinstance(result.exception, error)
    assert not (tmp_path / "c.pdf").exists()
    assert room.writer.run(lambda tx: tx.head.seq) == before
