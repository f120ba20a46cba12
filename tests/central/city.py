"""A small city for tests and pictures: institutions in two districts, venues with a morning's lessons behind them.

Everything arrives as it does from agents: facts through the ingest, documents, states; then it is digested.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path

import httpx

from edge_agent.central import registry
from edge_agent.central.app import HttpServer, create_app
from edge_agent.central.centre import Centre, Config
from edge_agent.central.ingest import Ingest
from edge_agent.central.staff import accounts
from edge_agent.central.staff.accounts import Role, Scope
from edge_agent.central.views import tenants
from edge_agent.clock import SettableClock
from edge_agent.model.kinds.capture import CameraBound, CameraStateChanged, GapClosed
from edge_agent.model.kinds.plan import RoomSaved, TraineeNotified, VerdictGiven
from edge_agent.model.kinds.system import AlarmRaised
from edge_agent.serve.tables import read_table
from edge_agent.sync.contract.topics import Address
from tests.central.place import DAY, NOW, Place, at
from tests.sync.journal import Journal

PASSWORD = "correct horse"
NAMES = ["王小明", "李秀英", "张伟", "刘洋", "陈静", "阿依古丽·买买提", "周杰", "吴磊", "徐丽", "孙强", "胡敏", "朱军"]


@dataclass
class City:
    """A centre with its people; `add` makes venues."""

    root: Path
    database: str
    media: str = ""
    places: list[Place] = field(default_factory=list)
    visitors: list[httpx.Client] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.clock = SettableClock(NOW)
        config = Config(
            self.database,
            "",
            self.media or str(self.root / "media"),
            keys=self.root / "keys",
            spool=self.root / "spool",
            sms=str(self.root / "messages"),
        )
        self.centre = Centre(config, clock=self.clock, tables=read_table)
        (self.root / "spool").mkdir(exist_ok=True)
        self.ingest = Ingest(self.centre.database, self.centre.signer)

    @property
    def now(self) -> datetime:
        return self.clock.stamp().wall

    def add(self, venue: str, *, tenant: str = "qihang", district: str = "历下区", name: str = "启航培训学校") -> Place:
        address = Address(tenant, f"ea-{len(self.places) + 1}")
        with self.centre.database.write() as tx:
            number = registry.enrol(tx, address, public=f"{len(self.places):064x}", venue=venue, now=NOW)
            tenants.save_tenant(tx, tenant, name=name, district=district)
        place = Place(self.centre, self.ingest, address, number, Journal(address.agent))
        self.places.append(place)
        return place

    def digest(self) -> None:
        self.centre.digester.catch_up()

    def person(self, login: str, role: Role = Role.ADMINISTRATOR, scope: Scope | None = None, name: str = "") -> None:
        """Make an account that has changed its first password."""
        with self.centre.database.write() as tx:
            made, _ = accounts.add(tx, login=login, name=name or login, role=role, scope=scope or Scope(), now=self.now)
            accounts.set_password(tx, made.id, PASSWORD)

    @cached_property
    def server(self) -> HttpServer:
        """The centre's HTTP on a free port, from the first time that somebody asks for it."""
        made = HttpServer(create_app(self.centre), "127.0.0.1", 0)
        made.start()
        return made

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.port}"

    def close(self) -> None:
        for each in self.visitors:
            each.close()
        if "server" in self.__dict__:
            self.server.stop()
        self.centre.close()


def build(root: Path, database: str) -> City:
    """Five venues: one at work, one with flaws, one late, one offline, one that was never there."""
    city = City(root, database)
    school, ward, late, gone = (
        city.add("启航 一号教室"),
        city.add("启航 护理实训室"),
        city.add("泉城 电工教室", tenant="quancheng", district="市中区", name="泉城技工学校"),
        city.add("泉城 焊工教室", tenant="quancheng", district="市中区", name="泉城技工学校"),
    )
    city.add("泉城 新教室", tenant="quancheng", district="市中区", name="泉城技工学校")
    for place in (school, ward, late, gone):
        place.say(RoomSaved(room="r1", name="201 教室"))
        place.say(CameraBound(camera="cam1", room="r1", source="onvif", name="201 后方"))
        place.say(CameraStateChanged(camera="cam1", state="online", at=at("07:30")))
        place.training("c1", "养老护理员初级 2026-3 期")
    start = at("08:00:00")
    trainees = school.roster("c1", NAMES)
    school.lesson("A", "c1", "08:00")
    school.lesson("B", "c1", "14:00", subject="急救常识")
    school.attend("A", "c1", trainees, start)
    school.record("A", start, 90)
    school.shots("A", start)
    school.say(VerdictGiven(lesson="A", class_id="c1", verdict="complete", reasons=(), at=at("09:46:00")))
    school.say(TraineeNotified(class_id="c1", trainees=tuple(trainees[:4])), by="admin")
    # 王小明 is on the ward's roster too, and signs in there while he sits in the school.
    twice = ward.roster("c1", NAMES[:6], documents=[f"37010219710101{n:03}X" for n in range(6)])
    ward.lesson("A", "c1", "08:00", subject="失智照护")
    ward.attend("A", "c1", twice, start, stay=4)
    ward.record("A", start, 60)
    ward.say(GapClosed(camera="cam1", lesson="A", start=at("09:00:00"), end=at("09:30:00"), cause="offline"))
    ward.shots("A", start, missed=5)
    flaws = ("gap", "snapshot_missed", "not_signed_out")
    ward.say(VerdictGiven(lesson="A", class_id="c1", verdict="partial", reasons=flaws, at=at("09:46:00")))
    ward.say(AlarmRaised(alarm="disk", level="warning", detail="磁盘空间不足五个教学日"))
    ward.training("c2", "养老护理员中级 2026-1 期", state="submitted")
    late.lesson("A", "c1", "08:30", owner="centre", revision=2, subject="安全用电")
    late.training("c9", "电工初级 2026-2 期", state="submitted", opens=DAY + timedelta(10))
    for place in (school, ward, late, gone):
        place.send()
    school.state()
    ward.state(media=3)
    late.state(facts=1840, oldest=NOW - timedelta(hours=9), media=60)
    gone.state(facts=12, oldest=NOW - timedelta(minutes=20))
    city.digest()
    gone.state(online=False)
    city.digest()
    return city
