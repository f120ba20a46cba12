"""Material for outages and copies for individuals, through the API."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator

import httpx
import pypdf
import pytest

from edge_agent.evidence import supplements as rules
from edge_agent.model.kinds.system import CopyMade
from edge_agent.model.media import MediaKind
from edge_agent.store import training
from edge_agent.store.accounts import Role
from edge_agent.store.facts import read_facts
from tests.venue import at
from tests.web.conftest import House

FOOTAGE = b"from a telephone" * 200_000
FILED = {
    "lesson": "A",
    "start": at("08:00").isoformat(),
    "end": at("08:45").isoformat(),
    "reason": "停电",
    "name": "手机.MP4",
}


@pytest.fixture
def office(house: House) -> Iterator[httpx.Client]:
    house.venue.writer.run(lambda tx: training.save_room(tx, "r1", "201", by="test"))
    house.venue.add_class()
    house.venue.add_trainee("t1", document="370102199001011234")
    house.venue.add_lesson("A", "08:00", room="r1")
    house.venue.clock.set(at("10:00"))
    with house.client(house.add_account(Role.ADMINISTRATOR)) as client:
        yield client


def file(office: httpx.Client, content: bytes = FOOTAGE, changed: dict[str, str] | None = None) -> httpx.Response:
    return office.post("/api/v1/supplements", params=FILED | (changed or {}), content=content)


def test_material_is_filed_listed_recognised_and_given_back(office: httpx.Client) -> None:
    answer = file(office)
    assert answer.status_code == 201, answer.text
    supplement = answer.json()["id"]
    [told] = office.get("/api/v1/classes/c1/supplements").json()["items"]
    assert (told["sha256"], told["size"]) == (hashlib.sha256(FOOTAGE).hexdigest(), len(FOOTAGE))
    assert (told["reason"], told["document"], told["periods"]) == ("停电", "", 0)
    given = office.get(f"/api/v1/supplements/{supplement}/content")
    assert given.content == FOOTAGE
    assert given.headers["content-disposition"].startswith("attachment")
    document = {"document": "历城人社〔2026〕1号", "periods": 1}
    assert office.post(f"/api/v1/supplements/{supplement}/recognition", json=document).status_code == 201
    [told] = office.get("/api/v1/classes/c1/supplements").json()["items"]
    assert (told["document"], told["periods"], told["trainees"]) == (document["document"], 1, ["t1"])
    assert office.post(f"/api/v1/supplements/{supplement}/recognition", json=document).status_code == 409


@pytest.mark.parametrize(
    ("changed", "status", "named"),
    [
        ({"lesson": "none"}, 404, "none"),
        ({"end": at("07:00").isoformat()}, 422, "end"),
        ({"reason": " "}, 422, "reason"),
        ({"name": "virus.exe"}, 422, ".exe"),
        ({"start": "yesterday"}, 422, "start"),
    ],
)
def test_wrong_material_changes_nothing(
    house: House, office: httpx.Client, changed: dict[str, str], status: int, named: str
) -> None:
    before = house.venue.writer.run(lambda tx: tx.head.seq)
    answer = file(office, changed=changed)
    assert answer.status_code == status, answer.text
    assert named in answer.text
    assert house.venue.writer.run(lambda tx: tx.head.seq) == before
    assert list(house.site.files.walk(MediaKind.SUPPLEMENT)) == []


def test_empty_or_endless_material_leaves_no_file(
    house: House, office: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "文件为空" in file(office, b"").json()["detail"]
    monkeypatch.setattr("edge_agent.web.api.supplements.LARGEST", 1 << 20)
    assert file(office).status_code == 422
    assert rules.LARGEST > 1 << 20
    assert [path for path in (house.site.files.root / "supplement").rglob("*") if path.is_file()] == []


def test_recognition_names_what_is_wrong(office: httpx.Client) -> None:
    supplement = file(office).json()["id"]
    path = f"/api/v1/supplements/{supplement}/recognition"
    assert office.post(path, json={"document": "1号", "periods": 9}).status_code == 422
    assert office.post(path, json={"document": "", "periods": 1}).status_code == 422
    stranger = office.post(path, json={"document": "1号", "periods": 1, "trainees": ["x"]})
    assert (stranger.status_code, "x" in stranger.json()["detail"]) == (404, True)
    assert office.post("/api/v1/supplements/none/recognition", json={"document": "1", "periods": 1}).status_code == 404


def test_only_the_office_may(house: House, office: httpx.Client) -> None:
    assert file(office).status_code == 201
    with house.client(house.add_account(Role.INSTRUCTOR)) as instructor:
        assert file(instructor).status_code == 403
    with house.client(house.add_account(Role.INSPECTOR)) as inspector:
        assert inspector.get("/api/v1/classes/c1/supplements").status_code == 200
        assert inspector.post("/api/v1/copies", json={}).status_code == 403


def test_a_copy_names_its_recipient_and_is_on_the_record(house: House, office: httpx.Client) -> None:
    wanted = {"of": "record", "subject": "t1", "recipient": "张三", "purpose": "本人查阅", "trainee": "t1"}
    answer = office.post("/api/v1/copies", json=wanted)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
    text = pypdf.PdfReader(io.BytesIO(answer.content)).pages[0].extract_text()
    assert "张三" in text
    assert "本人查阅" in text
    with house.site.readers() as connection:
        [fact] = read_facts(connection, kinds=(CopyMade.KIND,))
    assert fact.data["sha256"] == hashlib.sha256(answer.content).hexdigest()
    assert "张三" not in fact.body.decode(), "facts hold no names"
    for wrong in ({"subject": "none"}, {"purpose": " "}, {"of": "snapshot", "subject": "none"}, {"of": "sheet"}):
        assert office.post("/api/v1/copies", json=wanted | wrong).status_code in {404, 422}, wrong
