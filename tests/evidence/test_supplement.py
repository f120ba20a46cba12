"""Material for outages: filed by command, never automatic, and counted apart once the district recognises it."""

from __future__ import annotations

import hashlib
import json
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from edge_agent.cli.supplement import app
from edge_agent.errors import ConflictError, InputError, NotFoundError
from edge_agent.evidence.package import Wanted
from edge_agent.evidence.verify import Keys, verify
from edge_agent.simulator.classroom import Classroom, make_classroom
from edge_agent.store import supplements
from edge_agent.store.database import connect
from tests.evidence.test_package import rows
from tests.evidence.test_verify import unpack

DOCUMENT = "历城人社〔2026〕1号"
FILE = ("--lesson", "L0a", "--reason", "停电", "--json")
SPAN = ("--start", "2026-03-02T08:00", "--end", "2026-03-02T08:45")


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Classroom:
    monkeypatch.setenv("EDGE_AGENT_STORE__DATA_DIR", str(tmp_path / "venue"))
    (tmp_path / "venue").mkdir()
    return make_classroom(tmp_path / "venue")


@pytest.fixture
def footage(tmp_path: Path) -> Path:
    (tmp_path / "phone.MP4").write_bytes(b"from a telephone" * 100_000)
    return tmp_path / "phone.MP4"


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


def said(*arguments: str) -> dict[str, object]:
    result = run(*arguments)
    assert result.exit_code == 0, result.output + repr(result.exception)
    return dict(json.loads(result.stdout))


def test_material_is_kept_recognised_and_counted_apart(room: Classroom, footage: Path, tmp_path: Path) -> None:
    filed = said("file", str(footage), *SPAN, *FILE)
    assert filed["sha256"] == hashlib.sha256(footage.read_bytes()).hexdigest()
    supplement = str(filed["supplement"])
    with closing(connect(room.database, readonly=True)) as connection:
        [kept] = supplements.of_class(connection, "C")
    assert (kept.reason, kept.document, kept.start.isoformat()) == ("停电", "", "2026-03-02T00:00:00+00:00")
    said("recognise", supplement, "--document", DOCUMENT, "--periods", "2", "--json")
    assert DOCUMENT in run("list", "--class", "C").stdout
    room.package(tmp_path / "p.zip", Wanted("C", with_video=True))
    assert verify(tmp_path / "p.zip", Keys(frozenset({room.signer.public}))).faults == []
    files = unpack(tmp_path / "p.zip")
    assert footage.read_bytes() in [data for name, data in files.items() if name.startswith("04_记录/补充材料/")]
    [line] = rows(files["04_记录/故障、操作与授权记录.xlsx"], 3, head=3)
    assert (line["原因"], line["区县认可文号"], line["认可课时"]) == ("停电", DOCUMENT, 2)
    totals = [
        (each["计入课时"], each["区县认可课时"], each["合计课时"], each["结论"])
        for each in rows(files["01_考勤/考勤汇总与台账.xlsx"], head=3)
    ]
    assert totals == [(4, 0, 4, "达标"), (2, 2, 4, "未达标"), (4, 0, 4, "达标")], "no period counts twice"
    room.package(tmp_path / "other.zip", Wanted("C", lesson="L0b"))
    assert rows(unpack(tmp_path / "other.zip")["04_记录/故障、操作与授权记录.xlsx"], 3, head=3) == []


def test_what_cannot_be_recognised_is_refused(room: Classroom, footage: Path) -> None:
    supplement = str(said("file", str(footage), *SPAN, *FILE)["supplement"])
    refused: list[tuple[tuple[str, ...], type[Exception]]] = [
        (("recognise", supplement, "--document", " ", "--periods", "1"), InputError),
        (("recognise", supplement, "--document", DOCUMENT, "--periods", "3"), InputError),
        (("recognise", supplement, "--document", DOCUMENT, "--periods", "1", "--trainee", "x"), NotFoundError),
        (("recognise", "nothing", "--document", DOCUMENT, "--periods", "1"), NotFoundError),
        (("file", str(footage), "--start", "2026-03-02T09:00", "--end", "2026-03-02T08:00", *FILE), InputError),
        (("file", str(footage), *SPAN, "--lesson", "none", "--reason", "停电"), NotFoundError),
    ]
    before = room.writer.run(lambda tx: tx.head.seq)
    for arguments, error in refused:
        assert isinstance(run(*arguments).exception, error), arguments
    assert room.writer.run(lambda tx: tx.head.seq) == before, "nothing was written"
    said("recognise", supplement, "--document", DOCUMENT, "--periods", "1", "--trainee", "t01", "--json")
    again = run("recognise", supplement, "--document", "2号", "--periods", "1")
    assert isinstance(again.exception, ConflictError)
