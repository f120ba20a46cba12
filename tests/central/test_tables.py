"""The office's tables, all the way: uploaded at the centre, signed, carried out by an agent, and shown as it then says.

The agent is a real one with its database; what the broker carries between the two is passed by hand.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from edge_agent.central.ingest import Arrival
from edge_agent.central.staff.accounts import Role
from edge_agent.central.work.tables import LARGEST
from edge_agent.clock import SettableClock
from edge_agent.model.people import ClassState, Owner
from edge_agent.serve.agent import Agent, open_agent
from edge_agent.store import lessons, training
from edge_agent.store.facts import read_facts
from edge_agent.sync.commands.capture import MediaWishes
from edge_agent.sync.commands.desk import CommandDesk
from edge_agent.sync.commands.device import DeviceSettings
from edge_agent.sync.contract.batch import encode_batch
from edge_agent.sync.contract.messages import Result
from edge_agent.sync.contract.signing import Verifier
from edge_agent.sync.contract.topics import Channel
from edge_agent.sync.identity import Identity
from edge_agent.sync.release import Releases
from tests.central.browsing import Person
from tests.central.city import City
from tests.central.place import NOW, Place
from tests.sync.world import Device

pytestmark = pytest.mark.parametrize("address", ["sqlite", "postgresql"], indirect=True)
CLASSES = "培训期次ID,班级名称,培训类别,开班时间,结班时间,核定课时\nJN-1,焊工初级一班,焊工,2026-03-09,2026-03-31,40\n"
ROSTER = "姓名,身份证号,手机号\n王伟,11010519491231002X,13800138001\n李娜,110105194912310038,13800138002\n"
TEACHERS = "姓名,专职兼职,讲师编号\n孙老师,专职,T1\n"
TIMETABLE = "日期,上课时间,课时,课程,讲师,教室\n2026-03-10,08:30-10:00,2,焊接基础,孙老师,201\n"


class Line:
    """A venue with its agent, and the way between it and the centre."""

    def __init__(self, city: City, root: Path, agent: Agent, device: Device) -> None:
        self.city, self.agent = city, agent
        self.place: Place = city.add("焊工教室")
        self.reader = agent.connect()
        public = city.centre.signer.public.public_bytes_raw().hex()
        identity = Identity(tenant="qihang", agent="ea-1", mqtt="mqtt://x", http="http://x", keys=[public])
        device.folder.write(identity)
        releases = Releases(root, root / "upgrade.keys")
        self.desk = CommandDesk(
            device.address,
            identity.verifier,
            writer=agent.writer,
            reader=self.reader,
            wishes=MediaWishes(lambda kind: agent.settings.media.rule(kind).upload),
            settings=DeviceSettings(root, device.folder, releases, Verifier([])),
        )
        self.sent = 0
        self.links = b""
        self.person = Person(city, Role.ADMINISTRATOR)

    def upload(
        self, kind: str, text: str | bytes, *, really: bool = True, name: str = "t.csv", **form: Any
    ) -> httpx.Response:
        return self.person.send(
            "POST",
            "/api/v1/venues/1/tables",
            data={"kind": kind, "really": str(really).lower(), **form},
            files={"file": (name, text if isinstance(text, bytes) else text.encode())},
        )

    def carry(self) -> list[Result]:
        """Bring open commands to the agent, and its answers and facts to the centre."""
        with self.city.centre.database.read() as tx:
            rows = tx.rows("SELECT message FROM commands WHERE answered IS NULL ORDER BY issued, id")
        results = [self.desk.receive(bytes(message)) for (message,) in rows]
        arrivals = [Arrival(self.place.address, Channel.RES, msgspec.json.encode(result)) for result in results]
        facts = [fact for fact in read_facts(self.reader) if fact.seq > self.sent]
        for begin in range(0, len(facts), 100):
            some = facts[begin : begin + 100]
            batch = encode_batch(1, some[0].seq, [fact.body for fact in some], some[-1].link)
            arrivals.append(Arrival(self.place.address, Channel.EV, batch))
        self.sent = facts[-1].seq if facts else self.sent
        self.city.ingest.take(arrivals, self.city.now)
        self.city.digest()
        self.city.clock.advance(1)
        return results


@pytest.fixture
def line(empty: City, tmp_path: Path) -> Iterator[Line]:
    device = Device(tmp_path / "device", tenant="qihang")
    with open_agent(device.settings, clock=SettableClock(NOW)) as agent:
        made = Line(empty, device.root, agent, device)
        yield made
        made.reader.close()


def test_classes_teachers_roster_and_timetable_reach_the_venue(line: Line) -> None:
    for kind, text in (("classes", CLASSES), ("teachers", TEACHERS), ("roster", ROSTER), ("timetable", TIMETABLE)):
        answer = line.upload(kind, text, ticked="\n".join(_keys(line.upload(kind, text, really=False))))
        assert answer.json()["sent"], (kind, answer.text)
        assert [(result.result, result.reason) for result in line.carry()] == [("done", "")], kind
    (made,) = training.list_classes(line.reader)
    assert (made.code, made.owner, made.state, made.revision) == ("JN-1", Owner.CENTRE, ClassState.APPROVED, 2)
    assert sorted(each.name for each in training.list_trainees(line.reader, made.id)) == ["李娜", "王伟"]
    (lesson,) = lessons.list_lessons(line.reader)
    assert (lesson.subject, lesson.teacher, lesson.periods) == ("焊接基础", "T1", 2)
    page = line.person.get(f"/venues/1/classes/{made.id}").text
    assert "王伟" in page
    assert "11010519491231002X" not in page, "numbers are masked"
    assert "焊接基础" in page
    assert "孙老师" in page
    assert "名单" in line.person.get("/commands").text


def _keys(answer: httpx.Response) -> list[str]:
    return [each["key"] for each in answer.json()["problems"] if each["key"]]


def test_a_second_roster_keeps_those_whom_it_does_not_name(line: Line) -> None:
    for kind, text in (("classes", CLASSES), ("roster", ROSTER)):
        line.upload(kind, text, ticked="\n".join(_keys(line.upload(kind, text, really=False))))
        line.carry()
    (made,) = training.list_classes(line.reader)
    known = {each.document: each.id for each in training.list_trainees(line.reader, made.id)}
    more = "姓名,身份证号\n王伟,11010519491231002X\n张伟,11010519900307005X\n"
    draft = line.upload("roster", more, really=False)
    answer = line.upload("roster", more, ticked="\n".join(_keys(draft)))
    assert answer.json()["rows"] == 3, answer.text
    (result,) = line.carry()
    assert result.result == "done"
    after = {each.document: each.id for each in training.list_trainees(line.reader, made.id)}
    assert len(after) == 3
    assert known.items() <= after.items(), "who was there keeps the id"


def test_a_venues_newer_version_is_not_overwritten_and_the_refusal_is_shown(line: Line) -> None:
    line.upload("classes", CLASSES)
    line.carry()
    (made,) = training.list_classes(line.reader)

    def change(tx: Any) -> None:
        training.save_class(tx, replace(made, name="焊工初级一班（改）", revision=9), by="office")

    line.agent.writer.run(change)
    line.upload("roster", ROSTER, ticked="\n".join(_keys(line.upload("roster", ROSTER, really=False))))
    (result,) = line.carry()
    assert result.result == "refused"
    assert "stands at revision 9" in result.reason
    assert training.list_trainees(line.reader, made.id) == []
    assert "stands at revision 9" in line.person.get("/commands").text


@pytest.mark.parametrize(
    ("kind", "text", "told"),
    [
        ("roster", "姓名,身份证号\n王伟,110105194912310021\n", "第 2 行"),
        ("roster", ROSTER, "缺少开班时间"),
        ("timetable", TIMETABLE, "没有班级"),
        ("roster", b"\x00\x01\x02", ""),
        ("roster", "", ""),
    ],
)
def test_a_wrong_table_is_explained_and_nothing_is_sent(line: Line, kind: str, text: str | bytes, told: str) -> None:
    answer = line.upload(kind, text)
    assert answer.status_code == 200, answer.text
    assert answer.json()["sent"] == []
    assert answer.json()["blocked"]
    assert told in json.dumps(answer.json(), ensure_ascii=False)
    with line.city.centre.database.read() as tx:
        assert tx.rows("SELECT 1 FROM commands") == []


def test_a_warning_must_be_ticked(line: Line) -> None:
    line.upload("classes", CLASSES + "JN-2,焊工初级二班,焊工,2026-03-09,2026-03-31,40\n")
    line.carry()
    row = "王伟,11010519491231002X"
    twice = f"姓名,身份证号,班级\n{row},焊工初级一班\n{row},焊工初级二班\n"
    draft = line.upload("roster", twice)
    assert (draft.json()["sent"], draft.json()["blocked"]) == ([], True)
    assert [each["severity"] for each in draft.json()["problems"] if each["key"]] == ["warning"]
    assert len(line.upload("roster", twice, ticked="\n".join(_keys(draft))).json()["sent"]) == 2


def test_a_table_that_is_too_large_is_refused_whole(line: Line) -> None:
    assert line.upload("roster", b"x" * (LARGEST + 1)).status_code == 413
    assert line.upload("secrets", ROSTER).status_code == 422
    reader = Person(line.city, Role.READER)
    answer = reader.send("POST", "/api/v1/venues/1/tables", data={"kind": "roster"}, files={"file": ("t", b"x")})
    assert answer.status_code == 403


def test_the_district_approves_a_class_and_the_venue_runs_it(line: Line) -> None:
    """RULES, reading 16: draft, submitted, approved."""
    line.upload("classes", CLASSES)
    line.carry()
    (made,) = training.list_classes(line.reader)
    inspector, path = Person(line.city, Role.INSPECTOR), f"/api/v1/venues/1/classes/{made.id}/decision"

    def submit() -> int:
        line.agent.writer.run(lambda tx: training.set_class_state(tx, made.id, ClassState.SUBMITTED, by="office"))
        line.carry()
        return training.get_class(line.reader, made.id).revision

    revision = submit()
    assert inspector.send("POST", path, {"accepted": False, "revision": revision}).status_code == 422, "a reason"
    stale = inspector.send("POST", path, {"accepted": True, "revision": revision + 1})
    assert stale.status_code == 409
    refusal = {"accepted": False, "revision": revision, "reason": "师资不足"}
    assert inspector.send("POST", path, refusal).is_success
    assert [result.result for result in line.carry()] == ["done"]
    assert training.get_class(line.reader, made.id).state is ClassState.DRAFT
    revision = submit()
    assert inspector.send("POST", path, {"accepted": True, "revision": revision}).is_success
    assert [result.result for result in line.carry()] == ["done"]
    assert training.get_class(line.reader, made.id).state is ClassState.APPROVED
    assert "已批准" in inspector.get(f"/venues/1/classes/{made.id}").text
    assert inspector.send("POST", path, {"accepted": True, "revision": revision}).status_code == 409
