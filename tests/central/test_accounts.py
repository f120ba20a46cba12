"""Accounts of the centre: first passwords, lock-out, sessions in the database, the last administrator, the command."""

from __future__ import annotations

import re
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from edge_agent.central.staff import accounts, login
from edge_agent.central.staff.accounts import Role, Scope
from edge_agent.central.staff.login import LoginError
from edge_agent.errors import ConflictError, InputError
from tests.central.city import PASSWORD, City


def enter(city: City, password: str = PASSWORD, name: str = "admin") -> str:
    return login.log_in(city.centre.database, name, password, address="127.0.0.1", now=city.now)


def test_a_session_lives_in_the_database_as_a_hash(empty: City) -> None:
    empty.person("admin")
    token = enter(empty)
    found = login.find_session(empty.centre.database, token, empty.now)
    assert found is not None
    assert found[1].login == "admin"
    with empty.centre.database.read() as tx:
        (row,) = tx.rows("SELECT * FROM sessions")
        (password,) = tx.row("SELECT password FROM users") or ()
    assert token not in str(row)
    assert password.startswith("$argon2id$")
    login.log_out(empty.centre.database, token)
    assert login.find_session(empty.centre.database, token, empty.now) is None


@pytest.mark.parametrize(("gap", "alive"), [(timedelta(minutes=119), True), (timedelta(minutes=121), False)])
def test_an_idle_session_ends(empty: City, gap: timedelta, *, alive: bool) -> None:
    empty.person("admin")
    token = enter(empty)
    empty.clock.advance(gap.total_seconds())
    assert (login.find_session(empty.centre.database, token, empty.now) is not None) == alive


def test_a_session_in_use_ends_after_half_a_day(empty: City) -> None:
    empty.person("admin")
    token = enter(empty)
    for _ in range(12):
        assert login.find_session(empty.centre.database, token, empty.now) is not None
        empty.clock.advance(3600)
    assert login.find_session(empty.centre.database, token, empty.now) is None


def test_wrong_passwords_lock_the_account_and_an_administrator_unlocks_it(empty: City) -> None:
    empty.person("admin")
    for _ in range(5):
        with pytest.raises(LoginError, match="账号或密码错误"):
            enter(empty, "wrong")
    with pytest.raises(LoginError, match="账号已锁定"):
        enter(empty)
    empty.clock.advance(31)
    assert enter(empty)
    for _ in range(5):
        with pytest.raises(LoginError):
            enter(empty, "wrong")
    with empty.centre.database.write() as tx:
        accounts.unlock(tx, accounts.list_accounts(tx)[0].id)
    assert enter(empty)


def test_nobody_learns_which_accounts_exist(empty: City) -> None:
    empty.person("admin")
    told = []
    for name in ("admin", "nobody"):
        with pytest.raises(LoginError) as error:
            enter(empty, "wrong", name)
        told.append(error.value.message)
    assert told[0] == told[1]


def test_a_first_password_is_good_for_72_hours_and_opens_only_its_change(empty: City) -> None:
    with empty.centre.database.write() as tx:
        made, first = accounts.add(tx, login="li", name="李", role=Role.READER, scope=Scope(), now=empty.now)
    assert made.must_change
    token = enter(empty, first, "li")
    found = login.find_session(empty.centre.database, token, empty.now)
    assert found is not None
    other = enter(empty, first, "li")
    with pytest.raises(InputError, match="密码过于简单"):
        login.change_password(empty.centre.database, found[1], first, "12345678", token=token, now=empty.now)
    login.change_password(empty.centre.database, found[1], first, PASSWORD, token=token, now=empty.now)
    assert login.find_session(empty.centre.database, other, empty.now) is None, "other sessions end"
    assert login.find_session(empty.centre.database, token, empty.now) is not None
    with empty.centre.database.write() as tx:
        again = accounts.issue(tx, made.id, now=empty.now)
    empty.clock.advance(73 * 3600)
    with pytest.raises(LoginError, match="初始密码已过期"):
        enter(empty, again, "li")


def test_the_last_administrator_stays(empty: City) -> None:
    empty.person("admin")
    empty.person("scoped", scope=Scope("tenant", "qihang"))
    with empty.centre.database.write() as tx:
        admin = accounts.find(tx, "admin")
        assert admin is not None
        with pytest.raises(ConflictError, match="最后一个管理员"):
            accounts.set_active(tx, admin.id, active=False)
    empty.person("second")
    token = enter(empty)
    with empty.centre.database.write() as tx:
        accounts.set_active(tx, admin.id, active=False)
    assert login.find_session(empty.centre.database, token, empty.now) is None
    with pytest.raises(LoginError):
        enter(empty)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"login": "a b"}, "login"),
        ({"login": "a"}, "login"),
        ({"login": "x" * 81}, "login"),
        ({"name": " "}, "name"),
        ({"scope": Scope("tenant", "")}, "scope"),
        ({"scope": Scope("planet", "earth")}, "scope"),
    ],
)
def test_a_wrong_account_is_refused_by_its_field(empty: City, changes: dict[str, object], field: str) -> None:
    given = {"login": "li", "name": "李", "role": Role.READER, "scope": Scope(), "now": empty.now} | changes
    with empty.centre.database.write() as tx, pytest.raises(InputError, match=f"^{field}:"):
        accounts.add(tx, **given)  # type: ignore[arg-type]  # wrong on purpose


def test_the_first_administrator_comes_by_command(tmp_path: Path) -> None:
    program = (sys.executable, "-m", "edge_agent", "central", "user")

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*program, *arguments, "--database", str(tmp_path / "c.db"), "--keys", str(tmp_path / "keys")],
            capture_output=True,
            text=True,
            check=False,
        )

    made = run("add", "admin", "--name", "张主任")
    assert made.returncode == 0, made.stderr
    assert re.search(r"admin: 初始密码 / first password: \S{12}", made.stdout)
    assert "taken" in run("add", "admin").stderr
    assert "one of them" in run("add", "li", "--tenant", "a", "--district", "b").stderr
    assert run("add", "li", "--role", "inspector", "--district", "历下区").returncode == 0
    listed = run("list").stdout
    assert "admin  张主任  administrator  全部 / everything" in listed
    assert "li  li  inspector  district 历下区" in listed
    assert "no such account" in run("password", "nobody").stderr
    assert "first password" in run("password", "li").stdout
    assert "最后一个管理员" in run("disable", "admin").stderr
    assert run("disable", "li").returncode == 0
