"""Every address of the centre, asked by everybody: who sees what, who may change what, and what bad requests get."""

from __future__ import annotations

import pytest

from edge_agent.central.staff.accounts import Role, Scope
from edge_agent.central.views.paging import SIZE
from edge_agent.central.work import sampling
from edge_agent.central.work.quarter import quarter_of
from tests.central.browsing import Person
from tests.central.city import City
from tests.central.place import DAY, NOW

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


def test_a_search_finds_names_and_takes_wildcards_as_letters(city: City) -> None:
    person = Person(city, Role.READER)
    assert "启航 一号教室" in person.get("/venues").text
    assert "护理" in person.get("/venues?words=护理").text
    assert "一号" not in person.get("/venues?words=护理").text.split("<tbody>")[1]
    assert "没有培训点" in person.get("/venues?words=%25").text


def test_a_day_without_lessons_has_no_share_of_complete_ones(city: City) -> None:
    """0/0 reads as if everything were missing."""
    person = Person(city, Role.READER)
    assert "<b>—</b>" in person.get("/").text
    city.clock.advance(24 * 3600)
    assert "<b>1/4</b>" in Person(city, Role.INSPECTOR).get("/").text


def test_long_lists_come_page_by_page(empty: City) -> None:
    for number in range(SIZE + 3):
        empty.add(f"教室 {number:03}")
    person = Person(empty, Role.READER)
    first, second = person.get("/venues?words=教室").text, person.get("/venues?words=教室&page=2").text
    assert first.count('href="/venues/') - first.split("<tbody>")[0].count('href="/venues/') == SIZE
    assert "教室 052" in second
    assert "words=%E6%95%99%E5%AE%A4&amp;page=2" in first, "the search goes on to the next page"


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
