"""Every address of the centre, asked by everybody: who sees what, who may change what, and what bad requests get."""

from __future__ import annotations

import asyncio
import re

import httpx
import pytest

from edge_agent.central.app import create_app
from edge_agent.central.staff.accounts import Role, Scope
from edge_agent.central.views.paging import SIZE
from edge_agent.central.work import sampling
from edge_agent.central.work.quarter import quarter_of
from edge_agent.model.kinds.plan import RoomSaved
from edge_agent.model.kinds.system import AlarmRaised
from edge_agent.model.media import MediaKind
from tests.central.browsing import Person
from tests.central.city import DAY, NOW, City

LIXIA, SHIZHONG = Scope("district", "历下区"), Scope("district", "市中区")
READ = (
    *("/", "/venues", "/venues/1", "/lessons", "/venues/1/lessons/A", "/snapshots", "/classes", "/venues/1/classes/c1"),
    *("/duplicates", "/samples", "/commands", "/media", "/messages"),
)
ADMINISTER = ("/venues/1/import", "/record")
OWN = ("/authority", "/authority/ca.pem", "/authority/revocations.pem", "/tenants", "/users")
CHANGES: tuple[tuple[str, str, object, set[Role]], ...] = (
    ("POST", "/api/v1/venues/1/commands", {"command": '{"command": "ping"}'}, {Role.ADMINISTRATOR}),
    ("POST", "/api/v1/venues/1/classes/c1/notices", None, {Role.ADMINISTRATOR}),
    ("POST", "/api/v1/notices/retry", None, {Role.ADMINISTRATOR}),
    ("POST", "/api/v1/venues/1/lessons/A/recordings", {}, {Role.ADMINISTRATOR, Role.INSPECTOR}),
    (
        *("POST", "/api/v1/venues/2/classes/c2/decision", {"accepted": True, "revision": 1}),
        {Role.ADMINISTRATOR, Role.INSPECTOR},
    ),
    ("POST", "/api/v1/samples", {"quarter": "2026Q1"}, {Role.ADMINISTRATOR, Role.INSPECTOR}),
    ("POST", "/api/v1/tokens", {"tenant": "qihang"}, {Role.ADMINISTRATOR}),
    ("PUT", "/api/v1/tenants/qihang", {"name": "启航", "district": "历下区"}, {Role.ADMINISTRATOR}),
    ("POST", "/api/v1/venues/5/revocation", {"reason": "丢失"}, {Role.ADMINISTRATOR}),
    ("POST", "/api/v1/users", {"login": "neu", "name": "新", "role": "reader"}, {Role.ADMINISTRATOR}),
)


def test_nobody_sees_anything(city: City) -> None:
    nobody = Person(city)
    for path in (*READ, *ADMINISTER, *OWN):
        answer = nobody.get(path)
        assert (answer.status_code, answer.headers["location"].startswith("/login?next=")) == (303, True), path
    for method, path, body, _ in CHANGES:
        assert nobody.send(method, path, body).status_code == 401, path
    assert nobody.get("/login").status_code == 200
    assert nobody.get("/healthz").text == "ok\n"


@pytest.mark.parametrize("role", list(Role))
def test_each_role_opens_its_pages_and_no_others(city: City, role: Role) -> None:
    person = Person(city, role)
    for path in READ:
        assert person.get(path).status_code == 200, path
    for path in (*ADMINISTER, *OWN):
        assert person.get(path).status_code == (200 if role is Role.ADMINISTRATOR else 403), path


@pytest.mark.parametrize("role", list(Role))
def test_each_role_changes_what_it_may_and_nothing_else(city: City, role: Role) -> None:
    person = Person(city, role)
    for method, path, body, may in CHANGES:
        answer = person.send(method, path, body)
        assert answer.is_success == (role in may), (path, answer.text)
        assert answer.is_success or answer.status_code == 403, path


def test_a_scope_ends_at_its_institutions(city: City) -> None:
    """What lies outside does not exist: pages, files, commands."""
    person = Person(city, Role.ADMINISTRATOR, SHIZHONG)
    for path in (
        "/venues/1",
        "/venues/1/lessons/A",
        "/venues/1/classes/c1",
        "/venues/1/import",
        "/venues/1/media/A-s0",
    ):
        assert person.get(path).status_code == 404, path
    for method, path, body, _ in CHANGES[:2]:
        assert person.send(method, path, body).status_code == 404, path
    for path in OWN:
        assert person.get(path).status_code == 403, path
    for method, path, body, _ in CHANGES[6:]:
        assert person.send(method, path, body).status_code == 403, path
    for path in ("/venues", "/lessons", "/classes", "/snapshots", "/messages", "/duplicates", "/"):
        assert "启航" not in person.get(path).text, path
    assert person.get("/venues/3").status_code == 200
    mine = Person(city, Role.READER, Scope("tenant", "quancheng"))
    assert mine.get("/venues/3").status_code == 200
    assert mine.get("/venues/2").status_code == 404
    upgrade = '{"command": "upgrade", "version": "9", "sha256": "' + "0" * 64 + '"}'
    assert person.send("POST", "/api/v1/venues/3/commands", {"command": upgrade}).status_code == 422


def test_a_sample_of_another_district_is_not_seen(city: City) -> None:
    with city.centre.database.write() as tx:
        made = sampling.make_sample(
            tx,
            city.centre.signer,
            scope=LIXIA,
            quarter=quarter_of(DAY),
            subject="class",
            rate=0.5,
            by="x",
            now=NOW,
        )
    path, tick = f"/samples/{made}", {"outcome": "good", "note": "好"}
    assert Person(city, Role.INSPECTOR, LIXIA).get(path).status_code == 200
    stranger = Person(city, Role.INSPECTOR, SHIZHONG)
    assert stranger.get(path).status_code == 404
    assert stranger.get(f"{path}/list.json").status_code == 404
    assert stranger.send("PUT", f"/api/v1/samples/{made}/items/1", tick).status_code == 404


def test_a_form_of_another_site_changes_nothing(city: City) -> None:
    person = Person(city, Role.ADMINISTRATOR)
    for method, path, body, _ in CHANGES:
        assert person.send(method, path, body, csrf="").status_code == 403, path
        assert person.send(method, path, body, csrf="0" * 64).status_code == 403, path
        foreign = person.send(method, path, body, headers={"Origin": "https://evil.example"})
        assert foreign.status_code == 403, path
    with city.centre.database.read() as tx:
        assert tx.rows("SELECT 1 FROM commands") == []


def test_a_name_of_somebody_else_is_not_answered(city: City) -> None:
    assert Person(city).get("/login", Host="evil.example").status_code == 421


def test_pages_are_not_served_without_tls_to_others(city: City) -> None:
    async def ask() -> int:
        transport = httpx.ASGITransport(create_app(city.centre), client=("203.0.113.9", 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            return (await client.get("/login")).status_code

    assert asyncio.run(ask()) == 403


def test_agents_addresses_need_no_name_and_take_large_bodies(city: City) -> None:
    """They have a guard of their own: the shield leaves them alone."""
    answer = Person(city).client.post("/v1/provision", content=b"x", headers={"Host": "whatever"})
    assert answer.status_code == 422
    assert answer.json()["code"] == "malformed"


HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>{{ 7*7 }}"


def test_what_a_venue_writes_is_text(city: City) -> None:
    place = city.places[0]
    place.training("c9", HOSTILE, state="submitted")
    place.say(RoomSaved(room="r1", name=HOSTILE), AlarmRaised(alarm="a", level="warning", detail=HOSTILE))
    place.lesson("X", "c9", "10:00", subject=HOSTILE, owner="centre")
    place.roster("c9", [HOSTILE[:80]])
    place.send()
    with city.centre.database.write() as tx:
        tx.run("UPDATE agents SET venue = %s WHERE number = 1", (HOSTILE,))
        tx.run("UPDATE tenants SET name = %s, district = %s WHERE tenant = 'qihang'", (HOSTILE, HOSTILE))
    city.digest()
    person = Person(city, Role.ADMINISTRATOR)
    shown = 0
    for path in (*READ, *ADMINISTER, *OWN, "/venues/1/lessons/X", "/venues/1/classes/c9", "/lessons?edits=true"):
        text = person.get(path).text
        assert "<script>alert" not in text, path
        assert "<img src=x" not in text, path
        assert "49" not in re.findall(r"onerror=alert\(1\)&gt;(\d+)", text), path
        shown += "&lt;script&gt;" in text
    assert shown > 10
    policy = person.get("/").headers["content-security-policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy


def test_notes_of_inspectors_are_text_too(city: City) -> None:
    person = Person(city, Role.INSPECTOR)
    made = person.send("POST", "/api/v1/samples", {"quarter": "2026Q1", "percent": 100}).json()["id"]
    note = {"outcome": "flawed", "note": HOSTILE}
    assert person.send("PUT", f"/api/v1/samples/{made}/items/1", note).is_success
    text = person.get(f"/samples/{made}").text
    assert "<script>alert" not in text
    assert "&lt;script&gt;" in text


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("page=0", 422),
        ("page=99999999999999999999", 422),
        ("page=1000000", 200),
        ("words=" + "x" * 81, 422),
        ("words=%25%27%22%3B--", 200),
        ("state=nonsense&order=nonsense", 200),
    ],
)
def test_a_strange_question_gets_an_answer(city: City, query: str, status: int) -> None:
    assert Person(city, Role.READER).get(f"/venues?{query}").status_code == status


@pytest.mark.parametrize("path", ["/lessons?day=2026-02-30", "/lessons?venue=x", "/venues/x", "/snapshots?day=1"])
def test_a_broken_address_is_a_page_that_says_so(city: City, path: str) -> None:
    answer = Person(city, Role.READER).get(path)
    assert answer.status_code == 422
    assert "text/html" in answer.headers["content-type"]


def test_a_search_finds_names_and_takes_wildcards_as_letters(city: City) -> None:
    person = Person(city, Role.READER)
    assert "启航 一号教室" in person.get("/venues").text
    assert "护理" in person.get("/venues?words=护理").text
    assert "一号" not in person.get("/venues?words=护理").text.split("<tbody>")[1]
    assert "没有培训点" in person.get("/venues?words=%25").text


def test_long_lists_come_page_by_page(empty: City) -> None:
    for number in range(SIZE + 3):
        empty.add(f"教室 {number:03}")
    person = Person(empty, Role.READER)
    first, second = person.get("/venues?words=教室").text, person.get("/venues?words=教室&page=2").text
    assert first.count('href="/venues/') - first.split("<tbody>")[0].count('href="/venues/') == SIZE
    assert "教室 052" in second
    assert "words=%E6%95%99%E5%AE%A4&amp;page=2" in first, "the search goes on to the next page"


@pytest.mark.parametrize(
    ("asked", "status", "content"),
    [
        ("", 200, slice(0, None)),
        ("bytes=0-9", 206, slice(0, 10)),
        ("bytes=10-", 206, slice(10, None)),
        ("bytes=-5", 206, slice(-5, None)),
        ("bytes=999999999-", 416, slice(0, 0)),
        ("bytes=5-2", 416, slice(0, 0)),
        ("lines=1-2", 206, slice(0, None)),
    ],
)
def test_media_are_served_in_the_pieces_that_players_ask_for(
    city: City, asked: str, status: int, content: slice
) -> None:
    place = city.places[0]
    video = place.video("A", 0)
    place.upload("A-v0", video, start=NOW, lesson="A", kind=MediaKind.RECORDING, mime="video/mp4")
    answer = Person(city, Role.READER).get("/venues/1/media/A-v0", **({"Range": asked} if asked else {}))
    assert answer.status_code == status
    assert answer.content == video[content]
    assert status == 416 or answer.headers["content-type"] == "video/mp4"


def test_a_file_that_a_browser_could_run_is_only_downloaded(city: City) -> None:
    city.places[0].upload("evil", b"<script>alert(1)</script>", start=NOW, lesson="A", mime="text/html")
    answer = Person(city, Role.READER).get("/venues/1/media/evil")
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"] == 'attachment; filename="evil.bin"'
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_login_is_a_cookie_that_scripts_do_not_see(empty: City) -> None:
    empty.person("admin")
    nobody = Person(empty)
    wrong = nobody.client.post("/api/v1/sessions", json={"login": "admin", "password": "wrong"})
    assert (wrong.status_code, wrong.json()["detail"]) == (401, "Wrong name or password (账号或密码错误).")
    answer = nobody.client.post("/api/v1/sessions", json={"login": "admin", "password": "correct horse"})
    cookie = answer.headers["set-cookie"].lower()
    assert answer.status_code == 201
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert nobody.get("/venues").status_code == 200


def test_a_first_password_opens_nothing_but_its_change(empty: City) -> None:
    admin = Person(empty, Role.ADMINISTRATOR)
    told = admin.send("POST", "/api/v1/users", {"login": "neu", "name": "新", "role": "inspector"}).json()
    person = Person(empty)
    person.client.post("/api/v1/sessions", json=told)
    assert person.get("/venues").headers["location"] == "/password"
    assert person.get("/password").status_code == 200


def test_what_was_done_stands_on_the_record(city: City) -> None:
    person = Person(city, Role.ADMINISTRATOR)
    for method, path, body, _ in CHANGES:
        assert person.send(method, path, body).is_success
    text = person.get("/record").text
    for words in (
        "批准班级",
        "抽取名单",
        "调取录像",
        "一键通知",
        "签发接入令牌",
        "吊销终端",
        "添加账号",
        "command.ping",
    ):
        assert words in text, words


def test_no_address_outside_stands_in_a_page(city: City) -> None:
    person = Person(city, Role.ADMINISTRATOR)
    for path in (*READ, *ADMINISTER, *OWN[:1]):
        text = person.get(path).text
        assert re.findall(r"""(?:src|href|action)=["']?(?:https?:)?//""", text) == [], path


def test_every_address_has_a_guard(city: City) -> None:
    """A new one without a role would be open to all."""
    open_to_all = {"/login", "/healthz", "/api/v1/sessions", "/api/v1/me/language", "/static"}
    app, nobody = create_app(city.centre), Person(city)
    for route in app.routes:
        path = str(getattr(route, "path", ""))
        if path.startswith("/v1/") or path in open_to_all:
            continue
        made = re.sub(r"\{[^}]*\}", "1", path)
        for method in getattr(route, "methods", set()) - {"HEAD", "OPTIONS"}:
            answer = nobody.client.request(method, made, json={})
            assert answer.status_code in {303, 401}, (method, path, answer.status_code)
