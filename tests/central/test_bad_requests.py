"""What bad requests get: forged forms, hostile names, strange questions, files that a browser could run.

None of this depends on the database, so it runs on SQLite alone.
"""

from __future__ import annotations

import asyncio
import re

import httpx
import pytest

from edge_agent.central.app import create_app
from edge_agent.central.staff.accounts import Role
from edge_agent.furniture.visit import LANGUAGE_COOKIE
from edge_agent.model.kinds.plan import RoomSaved
from edge_agent.model.kinds.system import AlarmRaised
from edge_agent.model.media import MediaKind
from tests.central.browsing import Person
from tests.central.city import City
from tests.central.place import NOW
from tests.central.test_pages import ADMINISTER, CHANGES, OWN, READ

pytestmark = pytest.mark.parametrize("address", ["sqlite"], indirect=True)


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


def test_an_error_page_speaks_one_language(city: City) -> None:
    """Not the framework's "Not Found" under a Chinese heading, and no Chinese under an English one."""
    person = Person(city, Role.READER)
    page = person.get("/nothing-here")
    assert page.status_code == 404
    assert "这里没有您要找的内容" in page.text
    assert "Not Found" not in page.text
    english = person.get("/nothing-here", Cookie=f"{LANGUAGE_COOKIE}=en").text
    assert "<p>Not Found</p>" in english
    assert "这里没有" not in english


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
