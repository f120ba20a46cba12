"""Accounts of people: who may log in, as what, and what they were told to change."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Literal

from edge_agent.errors import ConflictError, unknown
from edge_agent.model.kinds.people import AccountSaved, LoginRefused
from edge_agent.store.database import Connection, to_micros
from edge_agent.store.rows import from_row, insert, to_row
from edge_agent.store.writer import Transaction

Change = Literal["created", "changed", "disabled", "password_reset", "password_changed", "pin_set", "unlocked"]


class Role(StrEnum):
    ADMINISTRATOR = "administrator"
    INSTRUCTOR = "instructor"
    INSPECTOR = "inspector"
    TRAINEE = "trainee"
    KIOSK = "kiosk"


@dataclass(frozen=True, slots=True)
class Account:
    """`password` and `pin` are Argon2 hashes, empty where none is set.

    `person` is the teacher's id, or the trainee's resident id. A first password opens only the page that changes it
    (`must_change`), and nothing after `password_ends`.
    """

    id: str
    role: Role
    login: str
    name: str
    person: str = ""
    password: str = ""
    must_change: bool = False
    password_ends: datetime | None = None
    pin: str = ""
    active: bool = True
    failures: int = 0
    locked_until: int = 0


def new_account_id() -> str:
    return f"a-{secrets.token_hex(6)}"


def save(tx: Transaction, account: Account, *, change: Change, by: str) -> None:
    """Store an account and say so in a fact; raises `ConflictError` where another has the same login."""
    known = find(tx.connection, account.login)
    if known is not None and known.id != account.id:
        raise ConflictError(
            f"login: 该账号已存在 / {account.login} is taken.",
            do="请换一个，或重置原有账号。Choose another, or reset that one.",
        )
    row = to_row(account)
    tx.execute(insert("accounts", row, replace="id"), row)
    tx.append(AccountSaved(account=account.id, role=account.role.value, change=change), by=by)


def find(connection: Connection, login: str) -> Account | None:
    row = connection.execute("SELECT * FROM accounts WHERE login = ?", (login.strip(),)).fetchone()
    return None if row is None else from_row(Account, row)


def get(connection: Connection, identifier: str) -> Account:
    row = connection.execute("SELECT * FROM accounts WHERE id = ?", (identifier,)).fetchone()
    if row is None:
        raise unknown(identifier, "账号", "account")
    return from_row(Account, row)


def of_person(connection: Connection, person: str) -> Account | None:
    row = connection.execute("SELECT * FROM accounts WHERE person = ? AND active", (person,)).fetchone()
    return None if row is None else from_row(Account, row)


def list_accounts(connection: Connection, *roles: Role) -> list[Account]:
    """Give the accounts of `roles`, or all, disabled ones last."""
    rows = connection.execute("SELECT * FROM accounts ORDER BY active DESC, role, name, id")
    found = [from_row(Account, row) for row in rows]
    return [account for account in found if not roles or account.role in roles]


def refuse(tx: Transaction, account: Account, *, locked_for: float) -> Account:
    """Count a failed login and lock the account for so many seconds."""
    locked_until = to_micros(tx.stamp.wall) + round(locked_for * 1e6) if locked_for else 0
    after = replace(account, failures=account.failures + 1, locked_until=locked_until)
    _set_lock(tx, after)
    tx.append(LoginRefused(account=account.id, locked_for=locked_for))
    return after


def forgive(tx: Transaction, account: Account) -> None:
    """Forget the failed logins."""
    if account.failures:
        _set_lock(tx, replace(account, failures=0, locked_until=0))


def _set_lock(tx: Transaction, account: Account) -> None:
    tx.execute(
        "UPDATE accounts SET failures = ?, locked_until = ? WHERE id = ?",
        (account.failures, account.locked_until, account.id),
    )
