"""First run, logging in, lock-out, first passwords, PINs, pairing, and forms from elsewhere."""

from __future__ import annotations

import socket

import httpx
import pytest

from edge_agent.errors import NotFoundError
from edge_agent.furniture.lockout import locked_for
from edge_agent.store import sessions
from edge_agent.store.accounts import Role
from edge_agent.store.facts import read_facts
from edge_agent.web.auth.login import CODE_LASTS, rescue
from edge_agent.web.guard import COOKIE
from tests.venue import reading
from tests.web.conftest import PASSWORD, House


def log_in(house: House, login: str, password: str) -> httpx.Response:
    return httpx.post(f"{house.url}/api/v1/sessions", json={"login": login, "password": password})


def facts(house: House, *kinds: str) -> list[dict[str, object]]:
    with reading(house.venue.database) as connection:
        return [dict(fact.data) for fact in read_facts(connection, kinds=kinds)]


def test_first_run(house: House) -> None:
    """Only the device's code makes the first administrator, once."""
    assert httpx.get(house.url).headers["location"] == "/setup"
    code = house.venue.writer.run(lambda tx: sessions.make_code(tx, "first_run", lasts=CODE_LASTS))
    form = {"code": "00000000", "login": "13800001111", "name": "张主任", "password": "yiqi-xuexi-9"}
    assert httpx.post(f"{house.url}/api/v1/setup", json=form).status_code == 401
    weak = httpx.post(f"{house.url}/api/v1/setup", json=form | {"code": code, "password": "12345678"})
    assert (weak.status_code, "过于简单" in weak.text) == (422, True)
    assert httpx.post(f"{house.url}/api/v1/setup", json=form | {"code": code}).status_code == 201
    assert httpx.post(f"{house.url}/api/v1/setup", json=form | {"code": code}).status_code == 403
    assert httpx.get(house.url).headers["location"] == "/login"
    assert log_in(house, "13800001111", "yiqi-xuexi-9").status_code == 201
    assert [fact["role"] for fact in facts(house, "account.saved")] == ["administrator"]


def test_a_wrong_password_locks_with_back_off_and_an_administrator_lifts_it(house: House) -> None:
    admin = house.add_account(Role.ADMINISTRATOR)
    teacher = house.add_account(Role.INSTRUCTOR)
    codes = [log_in(house, teacher.login, "wrong").status_code for _ in range(5)]
    assert codes == [401] * 5
    locked = log_in(house, teacher.login, PASSWORD)
    assert (locked.status_code, "锁定" in locked.text) == (401, True)
    house.venue.clock.advance(31)
    assert log_in(house, teacher.login, "wrong").status_code == 401
    house.venue.clock.advance(31)
    assert "锁定" in log_in(house, teacher.login, PASSWORD).text
    with house.client(admin) as office:
        assert office.delete(f"/api/v1/accounts/{teacher.id}/lock").status_code == 200
    assert log_in(house, teacher.login, PASSWORD).status_code == 201
    assert [fact["locked_for"] for fact in facts(house, "session.refused")] == [0, 0, 0, 0, 30, 60]


def test_the_lock_grows_to_an_hour() -> None:
    assert [locked_for(failures) for failures in (4, 5, 6, 11, 12, 5000)] == [0, 30, 60, 1920, 3600, 3600]


def test_nobody_is_told_which_accounts_there_are(house: House) -> None:
    house.add_account(Role.INSTRUCTOR, "13900000000")
    assert log_in(house, "13900000000", "wrong").json() == log_in(house, "13911111111", "wrong").json()


def test_a_first_password_opens_one_page_for_three_days(house: House) -> None:
    admin = house.add_account(Role.ADMINISTRATOR)
    with house.client(admin) as office:
        form = {"role": "instructor", "login": "370102199001011234", "name": "李老师"}
        made = office.post("/api/v1/accounts", json=form)
        assert made.status_code == 201
        assert office.post("/api/v1/accounts", json=form).status_code == 409
    with httpx.Client(base_url=house.url) as browser:
        answer = browser.post("/api/v1/sessions", json={"login": form["login"], "password": "011234"})
        assert answer.status_code == 201
        browser.headers["X-CSRF-Token"] = answer.json()["csrf"]
        assert browser.put("/api/v1/me/pin", json={"pin": "385201"}).status_code == 403
        same = browser.put("/api/v1/me/password", json={"old": "011234", "new": "011234"})
        assert same.status_code == 422
        assert browser.put("/api/v1/me/password", json={"old": "wrong", "new": "hai-shi-xue"}).status_code == 401
        assert browser.put("/api/v1/me/password", json={"old": "011234", "new": "hai-shi-xue"}).status_code == 200
        assert browser.put("/api/v1/me/pin", json={"pin": "385201"}).status_code == 200
    with house.client(admin) as office:
        assert office.post(f"/api/v1/accounts/{made.json()['id']}/password").status_code == 200
    house.venue.clock.advance(73 * 3600)
    expired = log_in(house, form["login"], "011234")
    assert (expired.status_code, "过期" in expired.text) == (401, True)


@pytest.mark.parametrize("pin", ["123456", "000000", "12345", "abcdef", "999888", "800013"])
def test_easy_pins_are_refused(house: House, pin: str) -> None:
    teacher = house.add_account(Role.INSTRUCTOR, "13812800013")
    with house.client(teacher) as browser:
        assert browser.put("/api/v1/me/pin", json={"pin": pin}).status_code == (200 if pin == "800014" else 422)


def test_a_kiosk_is_paired_once_and_opens_nothing_else(house: House) -> None:
    house.pair()
    code = house.venue.writer.run(lambda tx: sessions.make_code(tx, "pairing", subject="k1", lasts=CODE_LASTS))
    with httpx.Client(base_url=house.url) as tablet:
        assert tablet.post("/api/v1/sessions/kiosk", json={"code": code}).status_code == 201
        assert "摄像头画面" in tablet.get("/kiosk").text
        assert tablet.get("/api/v1/accounts").status_code == 401
        assert tablet.get("/console").status_code in {303, 404}
    with httpx.Client(base_url=house.url) as another:
        assert another.post("/api/v1/sessions/kiosk", json={"code": code}).status_code == 401
        assert "配对码" in another.get("/kiosk").text


def test_codes_can_not_be_tried_out(house: House) -> None:
    code = house.venue.writer.run(lambda tx: sessions.make_code(tx, "pairing", subject="k1", lasts=CODE_LASTS))
    for guess in range(20):
        house.venue.writer.run(lambda tx, guess=guess: sessions.use_code(tx, "pairing", f"{guess:08d}"))  # type: ignore[misc]  # a lambda's default
    assert house.venue.writer.run(lambda tx: sessions.use_code(tx, "pairing", code)) is None


class TestForgery:
    def test_a_form_needs_its_token(self, house: House) -> None:
        teacher = house.add_account(Role.INSTRUCTOR)
        with house.client(teacher) as browser:
            del browser.headers["X-CSRF-Token"]
            assert browser.put("/api/v1/me/pin", json={"pin": "385201"}).status_code == 403
            wrong = {"X-CSRF-Token": "0" * 64}
            assert browser.put("/api/v1/me/pin", json={"pin": "385201"}, headers=wrong).status_code == 403

    def test_another_site_can_not_send(self, house: House) -> None:
        teacher = house.add_account(Role.INSTRUCTOR)
        with house.client(teacher) as browser:
            for headers in ({"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}):
                answer = browser.put("/api/v1/me/pin", json={"pin": "385201"}, headers=headers)
                assert answer.status_code == 403

    def test_a_foreign_name_for_this_address_is_not_answered(self, house: House) -> None:
        assert httpx.get(house.url, headers={"Host": "evil.example"}).status_code == 421

    def test_a_bearer_needs_no_form(self, house: House) -> None:
        teacher = house.add_account(Role.INSTRUCTOR)
        bearer = {"Authorization": f"Bearer {house.token(teacher)}"}
        answer = httpx.put(f"{house.url}/api/v1/me/pin", json={"pin": "385201"}, headers=bearer)
        assert answer.status_code == 200

    def test_a_session_ends_when_it_is_ended(self, house: House) -> None:
        admin, teacher = house.add_account(Role.ADMINISTRATOR), house.add_account(Role.INSTRUCTOR)
        with house.client(teacher) as browser, house.client(admin) as office:
            assert browser.get("/api/v1/sessions").status_code == 200
            office.patch(f"/api/v1/accounts/{teacher.id}", json={"active": False})
            assert browser.get("/api/v1/sessions").status_code == 401
        assert facts(house, "session.closed") == [{"account": teacher.id, "cause": "revoked"}]

    def test_an_idle_session_ends(self, house: House) -> None:
        teacher = house.add_account(Role.INSTRUCTOR)
        with house.client(teacher) as browser:
            house.venue.clock.advance(119 * 60)
            assert browser.get("/api/v1/sessions").status_code == 200
            house.venue.clock.advance(121 * 60)
            assert browser.get("/api/v1/sessions").status_code == 401

    def test_the_last_administrator_stays(self, house: House) -> None:
        admin = house.add_account(Role.ADMINISTRATOR)
        with house.client(admin) as office:
            answer = office.patch(f"/api/v1/accounts/{admin.id}", json={"active": False})
        assert answer.status_code == 409

    def test_answers_bear_their_headers(self, house: House) -> None:
        answer = httpx.get(f"{house.url}/login", follow_redirects=True)
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"

    def test_too_large_a_body(self, house: House) -> None:
        host, port = house.url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=5) as line:
            line.sendall(
                f"POST /api/v1/sessions HTTP/1.1\r\nHost: {host}\r\nContent-Length: {1 << 40}\r\n\r\n".encode()
            )
            assert line.recv(12) == b"HTTP/1.1 413"


def test_an_administrator_whom_nobody_can_help_is_let_in_from_the_device(house: House) -> None:
    admin = house.add_account(Role.ADMINISTRATOR)
    token = house.token(admin)
    password = rescue(house.venue.writer, admin.login, at=house.venue.clock.stamp().wall)
    with httpx.Client(base_url=house.url, cookies={COOKIE: token}) as before:
        assert before.get("/console").status_code in {303, 401}
    assert log_in(house, admin.login, PASSWORD).status_code == 401
    let_in = log_in(house, admin.login, password)
    with httpx.Client(base_url=house.url, cookies=let_in.cookies) as after:
        assert after.get("/console").headers["location"] == "/password"
    house.venue.clock.advance(73 * 3600)
    assert "过期" in log_in(house, admin.login, password).text


@pytest.mark.parametrize("login", ["nobody", "teacher", "gone"])
def test_only_an_administrator_is_let_in_from_the_device(house: House, login: str) -> None:
    house.add_account(Role.INSTRUCTOR, "teacher")
    house.add_account(Role.ADMINISTRATOR, "gone", active=False)
    with pytest.raises(NotFoundError, match=login):
        rescue(house.venue.writer, login, at=house.venue.clock.stamp().wall)
