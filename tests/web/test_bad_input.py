"""What browsers, tablets and people with other intentions send: clear words, right codes, nothing changed."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx
import pytest

from edge_agent.furniture import shield
from edge_agent.furniture.shield import csrf_token
from edge_agent.store import training
from edge_agent.store.accounts import Account, Role
from edge_agent.store.facts import read_head
from edge_agent.web.guard import COOKIE
from tests.venue import at
from tests.web.conftest import House, bind

ADMINISTRATOR, INSPECTOR, INSTRUCTOR, TRAINEE = (
    Role.ADMINISTRATOR,
    Role.INSPECTOR,
    Role.INSTRUCTOR,
    Role.TRAINEE,
)
EVERYBODY = {ADMINISTRATOR, INSPECTOR, INSTRUCTOR, TRAINEE}


def _may(roles: set[Role], *named: str) -> dict[str, set[Role]]:
    return dict.fromkeys(named, roles)


NOBODY_YET = {"POST /setup", "POST /sessions", "POST /sessions/pin", "POST /sessions/kiosk", "PUT /me/language"}
MAY: dict[str, set[Role]] = {
    "GET /sessions": EVERYBODY,
    "DELETE /sessions": EVERYBODY,
    "DELETE /sessions/others": EVERYBODY,
    "PUT /me/password": EVERYBODY,
    "PUT /me/pin": EVERYBODY,
    "GET /me/classes": {TRAINEE},
    "GET /me/records": {TRAINEE},
    "POST /me/classes/{trainee}/consents": {TRAINEE},
    "DELETE /me/classes/{trainee}/consents/{purpose}": {TRAINEE},
    "PUT /me/classes/{trainee}/cards/{side}": {TRAINEE},
    "PUT /me/phone": {TRAINEE},
    "POST /classes/{class_id}/inspections": {INSPECTOR},
    **_may(
        {ADMINISTRATOR, INSTRUCTOR},
        "POST /classes/{class_id}/consents",
        "POST /lessons/{lesson}/end",
        "POST /lessons/{lesson}/overrun",
        "POST /lessons/{lesson}/cancel",
        "POST /lessons/{lesson}/substitute",
        "POST /lessons/{lesson}/attendance",
        "POST /classes/{class_id}/explanations",
    ),
    **_may(
        {ADMINISTRATOR, INSPECTOR, INSTRUCTOR},
        "GET /classes",
        "GET /classes/{class_id}",
        "GET /classes/{class_id}/trainees",
        "GET /classes/{class_id}/standing",
        "GET /lessons",
        "GET /lessons/{lesson}",
        "GET /lessons/{lesson}/attendance",
        "GET /classes/{class_id}/records",
        "GET /rooms",
        "GET /kiosks",
        "GET /tasks",
        "GET /lessons/{lesson}/media",
        "GET /lessons/{lesson}/slots",
        "GET /media/{identifier}",
        "GET /media/{identifier}/content",
        "GET /system",
    ),
    **_may(
        {ADMINISTRATOR, INSPECTOR},
        "GET /classes/{class_id}/warnings",
        "GET /trainees/{trainee}",
        "GET /cameras",
        "GET /cameras/{camera}/picture",
        "GET /classes/{class_id}/supplements",
        "GET /supplements/{supplement}/content",
        "GET /classes/{class_id}/inspections",
        "GET /sync",
        "GET /journal",
        "GET /journal/file",
    ),
}
"""Whatever is not here is an administrator's alone."""

PREFIX = "/api/v1"


@pytest.fixture
def people(house: House) -> dict[Role, Account]:
    house.venue.add_class()
    house.venue.add_trainee("t1", document="370102199001011234")
    house.venue.add_lesson("A", "08:00", room="r1")
    house.venue.clock.set(at("07:50"))
    return {role: house.add_account(role) for role in sorted(EVERYBODY)}


@pytest.fixture
def office(house: House, people: dict[Role, Account]) -> Iterator[httpx.Client]:
    with house.client(people[ADMINISTRATOR]) as client:
        yield client


def operations(house: House) -> list[tuple[str, str]]:
    paths = httpx.get(f"{house.url}{PREFIX}/openapi.json").json()["paths"]
    return [(method.upper(), path.removeprefix(PREFIX)) for path, methods in paths.items() for method in methods]


@pytest.mark.parametrize("role", [*sorted(EVERYBODY), None])
def test_every_address_knows_its_roles(house: House, people: dict[Role, Account], role: Role | None) -> None:
    known = operations(house)
    assert {f"{method} {path}" for method, path in known} >= MAY.keys() | NOBODY_YET
    for method, path in known:
        operation = f"{method} {path}"
        with house.client(people[role] if role else None) as client:
            answer = client.request(method, PREFIX + re.sub(r"\{.*?\}", "none", path))
        if operation in NOBODY_YET or (role and role in MAY.get(operation, {ADMINISTRATOR})):
            assert answer.status_code not in {401, 403}, (role, operation, answer.text)
        else:
            assert answer.status_code == (403 if role else 401), (role, operation, answer.text)
            assert answer.json()["detail"]


ROOM = {"name": "201"}


def test_forged_requests_change_nothing(house: House, people: dict[Role, Account], office: httpx.Client) -> None:
    before = _seq(house)
    stranger = csrf_token(house.token(people[INSTRUCTOR]))
    for token in ("", stranger, "é"):
        answer = office.post(f"{PREFIX}/rooms", json=ROOM, headers={b"X-CSRF-Token": token.encode()})
        assert answer.status_code == 403, token
    for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        assert office.post(f"{PREFIX}/rooms", json=ROOM, headers=headers).status_code == 403, headers
    assert office.post(f"{PREFIX}/rooms", json=ROOM, headers={"Host": "evil.example"}).status_code == 421
    for token in ("none", "x" * 64, "../../etc/passwd", "' OR 1=1 --"):
        answer = httpx.post(f"{house.url}{PREFIX}/rooms", json=ROOM, headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 401, token
    assert _seq(house) == before + 1, "the instructor's session alone"


def test_what_was_overheard_is_worth_nothing_after_the_logout(house: House, office: httpx.Client) -> None:
    replayed = {"cookies": {COOKIE: office.cookies[COOKIE]}, "headers": dict(office.headers)}
    assert office.delete(f"{PREFIX}/sessions").status_code == 200
    before = _seq(house)
    with httpx.Client(base_url=house.url, **replayed) as again:  # type: ignore[arg-type]  # httpx takes them
        assert again.post(f"{PREFIX}/rooms", json=ROOM).status_code == 401
        assert again.get("/console").status_code == 303
    assert _seq(house) == before


@pytest.mark.parametrize(
    "path",
    [
        "/static/../app.py",
        "/static/%2e%2e/app.py",
        "/static/..%2f..%2fsettings.py",
        "/static//etc/passwd",
        "/api/v1/media/..%2f..%2fetc%2fpasswd/content",
        "/api/v1/media/../../../../etc/passwd/content",
        "/api/v1/exports/%2e%2e/content",
        "/api/v1/exports/..%5c..%5cagent.db/content",
        "/api/v1/support-bundles/..%2f..%2fkeys%2fseal.key/content",
        "/api/v1/supplements/agent.db/content",
        "/api/v1/templates/..%2froster",
        "/api/v1/media/%00/content",
        "/playback/../app.py",
        "/playback/%2e%2e%2fapp.py",
    ],
)
def test_no_path_leads_out(office: httpx.Client, path: str) -> None:
    raw = httpx.URL(scheme="http", host="127.0.0.1", port=office.base_url.port, raw_path=path.encode())
    answer = office.get(raw)
    assert answer.status_code in {404, 422}, (path, answer.text[:200])
    assert "root:" not in answer.text
    assert "import annotations" not in answer.text


def test_uploads_are_bounded_whether_they_say_their_size_or_not(
    house: House, office: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shield, "LARGEST_BODY", 1 << 20)
    before, body = _seq(house), b"x" * (2 << 20)
    said = office.post(f"{PREFIX}/rooms", content=body, headers={"Content-Type": "application/json"})
    unsaid = office.post(
        f"{PREFIX}/rooms", content=(body[:4096] for _ in range(512)), headers={"Content-Type": "application/json"}
    )
    for answer in (said, unsaid):
        assert (answer.status_code, "过大" in answer.json()["detail"]) == (413, True)
    picture = {"picture": ("a.jpg", body, "image/jpeg")}
    assert office.put(f"{PREFIX}/trainees/t1/cards/front", files=picture).status_code == 413
    lie = office.put(f"{PREFIX}/trainees/t1/cards/front", files={"picture": ("a.jpg", b"GIF89a", "image/jpeg")})
    assert lie.status_code == 422, lie.text
    assert _seq(house) == before


def test_markup_in_names_and_reasons_stays_text(house: House, people: dict[Role, Account]) -> None:
    nasty = "<img src=x onerror=alert(1)>"
    house.venue.writer.run(lambda tx: training.save_room(tx, "r1", nasty, by="a"))
    with house.client(people[ADMINISTRATOR]) as client:
        [unit] = [sheet["unit"] for sheet in client.get(f"{PREFIX}/lessons/A/attendance").json()]
        by_hand = {"unit": unit, "direction": "in", "trainees": ["t1"], "reason": nasty, "visit": "v1"}
        assert client.post(f"{PREFIX}/lessons/A/attendance", json=by_hand).status_code == 200
        assert client.post(f"{PREFIX}/lessons/A/cancel", json={"reason": nasty}).status_code == 200
        for page in (
            "/console",
            "/console/classes/c1/records",
            "/console/trainees/t1",
            "/console/lessons/A",
            "/inspect",
        ):
            answer = client.get(page)
            assert answer.status_code == 200
            assert "<img src=x" not in answer.text, page
        assert "&lt;img src=x" in client.get("/console/classes/c1/records").text


def test_two_windows_on_one_class(office: httpx.Client) -> None:
    told = office.get(f"{PREFIX}/classes/c1").json()
    form = {
        name: told[name] for name in ("code", "name", "category", "opens", "closes", "required_periods", "revision")
    }
    assert office.put(f"{PREFIX}/classes/c1", json=form | {"name": "甲"}).status_code == 200
    late = office.put(f"{PREFIX}/classes/c1", json=form | {"name": "乙"})
    assert late.status_code == 409
    assert re.search("[一-鿿]", late.json()["detail"])
    assert office.get(f"{PREFIX}/classes/c1").json()["name"] == "甲"


def test_two_windows_on_one_camera(house: House, office: httpx.Client) -> None:
    bind(house, "cam1", "201 后方", "r1")
    house.venue.writer.run(lambda tx: training.save_room(tx, "r1", "201", by="test"))
    [told] = office.get(f"{PREFIX}/cameras").json()["items"]
    form = {"name": "甲", "room": "r1", "revision": told["revision"]}
    assert office.patch(f"{PREFIX}/cameras/cam1", json=form).status_code == 200
    before = _seq(house)
    late = office.patch(f"{PREFIX}/cameras/cam1", json=form | {"name": "乙"})
    assert (late.status_code, "请刷新" in late.json()["detail"]) == (409, True)
    assert _seq(house) == before
    [now] = office.get(f"{PREFIX}/cameras").json()["items"]
    assert (now["name"], now["revision"]) == ("甲", told["revision"] + 1)


def test_two_windows_on_the_cameras_of_one_lesson(house: House, office: httpx.Client) -> None:
    for camera in ("cam1", "cam2"):
        bind(house, camera, camera, "r1")
    revision = office.get(f"{PREFIX}/lessons/A").json()["revision"]
    form = {"cameras": ["cam1"], "revision": revision}
    assert office.put(f"{PREFIX}/lessons/A/cameras", json=form).status_code == 200
    before = _seq(house)
    late = office.put(f"{PREFIX}/lessons/A/cameras", json=form | {"cameras": ["cam2"]})
    assert (late.status_code, "请刷新" in late.json()["detail"]) == (409, True)
    assert _seq(house) == before
    now = office.get(f"{PREFIX}/lessons/A").json()
    assert (now["cameras"], now["revision"]) == (["cam1"], revision + 1)


@pytest.mark.parametrize(
    "content",
    [
        b"{",
        b"\xff\xfe",
        b"[]",
        b'{"name": "\\u0000"}',
        b'{"name": "201", "extra": 1}',
        b'{"name": ["201"]}',
        b"[" * 100_000,
    ],
)
def test_what_is_no_form(house: House, office: httpx.Client, content: bytes) -> None:
    before = _seq(house)
    answer = office.post(f"{PREFIX}/rooms", content=content, headers={"Content-Type": "application/json"})
    assert answer.status_code in {400, 422}, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert _seq(house) == before


def _seq(house: House) -> int:
    with house.site.readers() as connection:
        return read_head(connection).seq
