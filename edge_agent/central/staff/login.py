"""Logging in and out. A session's token is kept as its SHA-256: who reads the database can't use it."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from edge_agent.central.database import Database, Tx
from edge_agent.central.instants import from_micros, to_micros
from edge_agent.central.staff import accounts
from edge_agent.central.staff.accounts import Account
from edge_agent.errors import EdgeAgentError, InputError
from edge_agent.furniture.lockout import LONGEST, locked_for
from edge_agent.furniture.passwords import check_password, verify

LASTS, IDLE = timedelta(hours=12), timedelta(hours=2)
_TOUCH = timedelta(minutes=1)


class LoginError(EdgeAgentError):
    """Wrong name or password; or the account is locked."""

    exit_code = 3
    status = 401


@dataclass(frozen=True, slots=True)
class Session:
    token: str
    account: str
    opened: datetime
    seen: datetime
    address: str


def log_in(database: Database, login: str, password: str, *, address: str, now: datetime) -> str:
    """Check name and password; give the session's token. Raises `LoginError`."""
    with database.read() as tx:
        account = accounts.find(tx, login)
    if account is not None and account.locked_until is not None:
        # A lock set before the clock was put back must not last longer than the longest one.
        left = (account.locked_until - now).total_seconds()
        if 0 < left <= LONGEST:
            raise LoginError(
                f"Locked for {left:.0f} s more (账号已锁定，请 {left / 60:.0f} 分钟后再试).",
                do="Wait, or ask an administrator to unlock it.",
            )
    # Outside of a transaction: it takes a tenth of a second on purpose.
    right = verify(account.password if account is not None and account.active else "", password)
    with database.write() as tx:
        if account is not None and right:
            return _open(tx, account, address, now)
        if account is not None:
            accounts.refuse(tx, account, seconds=locked_for(account.failures + 1), now=now)
            accounts.note(tx, at=now, by=account.login, action="login.refused", subject=account.login, detail=address)
    raise LoginError("Wrong name or password (账号或密码错误).", do="Try again, or ask an administrator.")


def _open(tx: Tx, account: Account, address: str, now: datetime) -> str:
    if account.password_ends is not None and now > account.password_ends:
        raise LoginError(
            "The first password has expired (初始密码已过期).", do="Ask an administrator to issue it again."
        )
    token = secrets.token_urlsafe(32)
    accounts.unlock(tx, account.id)
    tx.run("DELETE FROM sessions WHERE expires <= %s", (to_micros(now),))
    tx.run(
        "INSERT INTO sessions VALUES (%s, %s, %s, %s, %s, %s)",
        (_digest(token), account.id, to_micros(now), to_micros(now), to_micros(now + LASTS), address),
    )
    accounts.note(tx, at=now, by=account.login, action="login", subject=account.login, detail=address)
    return token


def find_session(database: Database, token: str, now: datetime) -> tuple[Session, Account] | None:
    """Give who holds this token; None where it is unknown, ended or idle for too long."""
    with database.read() as tx:
        row = tx.row(
            "SELECT account, opened, seen, address FROM sessions WHERE token = %s AND expires > %s AND seen > %s",
            (_digest(token), to_micros(now), to_micros(now - IDLE)),
        )
        account = None if row is None else accounts.get(tx, row[0])
    if row is None or account is None or not account.active:
        return None
    session = Session(token, row[0], from_micros(row[1]), from_micros(row[2]), row[3])
    if now - session.seen > _TOUCH:
        with database.write() as tx:
            tx.run("UPDATE sessions SET seen = %s WHERE token = %s", (to_micros(now), _digest(token)))
    return session, account


def log_out(database: Database, token: str) -> None:
    with database.write() as tx:
        tx.run("DELETE FROM sessions WHERE token = %s", (_digest(token),))


def change_password(database: Database, account: Account, old: str, new: str, *, token: str, now: datetime) -> None:
    """Set a password of one's own; every other session of the account ends."""
    if not verify(account.password, old):
        raise LoginError("old: wrong password (原密码错误).")
    check_password(new, login=account.login)
    if verify(account.password, new):
        raise InputError("new: the same as before (新密码与原密码相同).", do="Choose another one.")
    with database.write() as tx:
        accounts.set_password(tx, account.id, new)
        tx.run("DELETE FROM sessions WHERE account = %s AND token <> %s", (account.id, _digest(token)))
        accounts.note(tx, at=now, by=account.login, action="password.changed", subject=account.login)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
