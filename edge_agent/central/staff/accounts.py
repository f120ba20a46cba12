"""Accounts of the centre, their roles and scopes."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from edge_agent.central.database import Row, Tx
from edge_agent.central.instants import from_micros, to_micros
from edge_agent.central.views.paging import Page, read_page
from edge_agent.errors import ConflictError, InputError, NotFoundError
from edge_agent.furniture.passwords import hash_password

FIRST_VALID = timedelta(hours=72)
"""How long a first password may be used; it opens only the page that changes it."""

_LOGIN, _NAME = 80, 80


class Role(StrEnum):
    """`administrator` does everything in its scope, `inspector` acts for the district, `reader` only reads."""

    ADMINISTRATOR = "administrator"
    INSPECTOR = "inspector"
    READER = "reader"


@dataclass(frozen=True, slots=True)
class Scope:
    """What a person sees: everything (both empty), a `tenant`, or a `district` with all its tenants."""

    kind: str = ""
    value: str = ""

    @property
    def everything(self) -> bool:
        return not self.kind

    def where(self, column: str) -> tuple[str, list[str]]:
        """Give the condition that a tenant in `column` lies in the scope, and its values."""
        if self.kind == "tenant":
            return f"{column} = %s", [self.value]
        if self.kind == "district":
            return f"{column} IN (SELECT tenant FROM tenants WHERE district = %s)", [self.value]
        return "1 = 1", []

    def of_agents(self, column: str) -> tuple[str, list[str]]:
        """Give the condition that the agent whose number is in `column` lies in the scope."""
        condition, values = self.where("tenant")
        if self.everything:
            return condition, values  # nothing to look up
        return f"{column} IN (SELECT number FROM agents WHERE {condition})", values


@dataclass(frozen=True, slots=True)
class Account:
    id: str
    login: str
    name: str
    role: Role
    scope: Scope
    password: str
    must_change: bool
    password_ends: datetime | None
    failures: int
    locked_until: datetime | None
    active: bool


_COLUMNS = (
    "id, login, name, role, scope_kind, scope, password, must_change, password_ends, failures, locked_until, active"
)


def add(tx: Tx, *, login: str, name: str, role: Role, scope: Scope, now: datetime) -> tuple[Account, str]:
    """Make an account; give it with its first password, which is shown once. Raises `ConflictError`, `InputError`."""
    login, name = login.strip(), name.strip()
    if not 2 <= len(login) <= _LOGIN or any(letter.isspace() for letter in login):  # noqa: PLR2004 - as short as a name
        raise InputError("login: 2 to 80 characters without spaces (账号为 2 到 80 个字符).")
    if not 1 <= len(name) <= _NAME:
        raise InputError("name: 1 to 80 characters (姓名为 1 到 80 个字符).")
    if scope.kind not in {"", "tenant", "district"} or bool(scope.kind) != bool(scope.value):
        raise InputError("scope: a tenant, a district or nothing (范围应为机构、区县或全部).")
    if find(tx, login) is not None:
        raise ConflictError(f"login: {login} is taken (账号已存在).", do="Choose another one.")
    identifier = f"u-{secrets.token_hex(6)}"
    tx.run(
        "INSERT INTO users(id, login, name, role, scope_kind, scope, password, created)"
        " VALUES (%s, %s, %s, %s, %s, %s, '', %s)",
        (identifier, login, name, role.value, scope.kind, scope.value, to_micros(now)),
    )
    return get(tx, identifier), issue(tx, identifier, now=now)


def issue(tx: Tx, account: str, *, now: datetime) -> str:
    """Give an account a new first password; every session of it ends."""
    password = secrets.token_urlsafe(9)
    tx.run(
        "UPDATE users SET password = %s, must_change = 1, password_ends = %s, failures = 0, locked_until = 0"
        " WHERE id = %s",
        (hash_password(password), to_micros(now + FIRST_VALID), account),
    )
    tx.run("DELETE FROM sessions WHERE account = %s", (account,))
    return password


def set_password(tx: Tx, account: str, password: str) -> None:
    tx.run(
        "UPDATE users SET password = %s, must_change = 0, password_ends = NULL WHERE id = %s",
        (hash_password(password), account),
    )


def set_active(tx: Tx, account: str, *, active: bool) -> None:
    """Disable or enable an account; a disabled one's sessions end. The last administrator stays: `ConflictError`."""
    known = get(tx, account)
    if not active and known.role is Role.ADMINISTRATOR and known.scope.everything:
        others = tx.row(
            "SELECT 1 FROM users WHERE role = %s AND scope_kind = '' AND active = 1 AND id <> %s",
            (Role.ADMINISTRATOR.value, account),
        )
        if others is None:
            raise ConflictError("The last administrator can't be disabled (不能停用最后一个管理员).")
    tx.run("UPDATE users SET active = %s WHERE id = %s", (int(active), account))
    if not active:
        tx.run("DELETE FROM sessions WHERE account = %s", (account,))


def unlock(tx: Tx, account: str) -> None:
    tx.run("UPDATE users SET failures = 0, locked_until = 0 WHERE id = %s", (account,))


def refuse(tx: Tx, account: Account, *, seconds: float, now: datetime) -> None:
    """Note a wrong password, and lock the account for so long."""
    until = to_micros(now + timedelta(seconds=seconds)) if seconds else 0
    tx.run("UPDATE users SET failures = failures + 1, locked_until = %s WHERE id = %s", (until, account.id))


def find(tx: Tx, login: str) -> Account | None:
    row = tx.row(f"SELECT {_COLUMNS} FROM users WHERE login = %s", (login.strip(),))
    return None if row is None else _account(row)


def get(tx: Tx, identifier: str) -> Account:
    row = tx.row(f"SELECT {_COLUMNS} FROM users WHERE id = %s", (identifier,))
    if row is None:
        raise NotFoundError("No such account (账号不存在).")
    return _account(row)


def list_accounts(tx: Tx) -> list[Account]:
    return [_account(row) for row in tx.rows(f"SELECT {_COLUMNS} FROM users ORDER BY active DESC, role, login")]


def note(tx: Tx, *, at: datetime, by: str, action: str, subject: str, detail: str = "") -> None:
    """Put on the record what somebody did."""
    tx.run(
        "INSERT INTO actions(at, account, action, subject, detail) VALUES (%s, %s, %s, %s, %s)",
        (to_micros(at), by, action, subject, detail[:2000]),
    )


def _account(row: Row) -> Account:
    identifier, login, name, role, kind, value, password, must_change, ends, failures, locked, active = row
    return Account(
        identifier,
        login,
        name,
        Role(role),
        Scope(kind, value),
        password,
        bool(must_change),
        None if ends is None else from_micros(ends),
        failures,
        from_micros(locked) if locked else None,
        bool(active),
    )


@dataclass(frozen=True, slots=True)
class Done:
    """What somebody did."""

    at: datetime
    by: str
    action: str
    subject: str
    detail: str


def list_actions(tx: Tx, *, by: str = "", page: int = 1) -> Page[Done]:
    """Give what was done, newest first."""
    return read_page(
        tx,
        "at, account, action, subject, detail",
        "actions WHERE %s IN ('', account)",
        [by],
        order="id DESC",
        number=page,
        make=lambda row: Done(from_micros(row[0]), *row[1:]),
    )
