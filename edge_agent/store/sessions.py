"""Sessions and one-time codes, by the SHA-256 of what the browser or the person holds."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from edge_agent.model.kinds.people import SessionClosed, SessionOpened
from edge_agent.store.accounts import Role
from edge_agent.store.database import Connection, to_micros
from edge_agent.store.rows import from_row, insert, to_row
from edge_agent.store.writer import Transaction

Method = Literal["password", "pin", "pairing", "first_run"]
CodeKind = Literal["first_run", "pairing"]
_GUESSES = 20
"""Wrong guesses after which the codes of a kind are void: six to eight digits can't be tried out."""


@dataclass(frozen=True, slots=True)
class Session:
    """`token` is the digest of the browser's; `account` is an account, or a kiosk where the role is `kiosk`."""

    token: str
    account: str
    role: Role
    method: Method
    opened: datetime
    seen: datetime
    ends: datetime
    address: str = ""


def open_session(
    tx: Transaction, *, account: str, role: Role, method: Method, lasts: timedelta, address: str = ""
) -> str:
    """Open a session and give the token that the browser keeps; it is stored nowhere else."""
    token = secrets.token_urlsafe(32)
    now = tx.stamp.wall
    row = to_row(Session(_digest(token), account, role, method, now, now, now + lasts, address))
    tx.execute(insert("sessions", row), row)
    tx.append(SessionOpened(account=account, role=role.value, method=method), by=account)
    return token


def find_session(connection: Connection, token: str, now: datetime, idle: timedelta | None = None) -> Session | None:
    """Find a session that is still valid at `now`, and was used within `idle`."""
    row = connection.execute("SELECT * FROM sessions WHERE token = ?", (_digest(token),)).fetchone()
    if row is None:
        return None
    session = from_row(Session, row)
    expired = now >= session.ends or (idle is not None and now - session.seen > idle)
    return None if expired else session


def touch(tx: Transaction, session: Session) -> None:
    tx.execute("UPDATE sessions SET seen = ? WHERE token = ?", (to_micros(tx.stamp.wall), session.token))


def close_session(tx: Transaction, session: Session, cause: Literal["logout", "expired", "revoked"]) -> None:
    if tx.execute("DELETE FROM sessions WHERE token = ?", (session.token,)).rowcount:
        tx.append(SessionClosed(account=session.account, cause=cause), by=session.account)


def revoke_all(tx: Transaction, account: str, *, by: str, keep: str = "") -> int:
    """Close every session of an account but `keep`, a digest; give how many."""
    done = tx.execute("DELETE FROM sessions WHERE account = ? AND token != ?", (account, keep)).rowcount
    if done:
        tx.append(SessionClosed(account=account, cause="revoked"), by=by)
    return done


def sessions_of(connection: Connection, account: str) -> list[Session]:
    rows = connection.execute("SELECT * FROM sessions WHERE account = ? ORDER BY seen DESC", (account,))
    return [from_row(Session, row) for row in rows]


def drop_expired(tx: Transaction) -> int:
    return tx.execute("DELETE FROM sessions WHERE ends <= ?", (to_micros(tx.stamp.wall),)).rowcount


def make_code(tx: Transaction, kind: CodeKind, *, subject: str = "", lasts: timedelta, digits: int = 8) -> str:
    """Make a code for a person to type once; an earlier one of the same kind and subject ends."""
    code = "".join(secrets.choice("0123456789") for _ in range(digits))
    tx.execute("DELETE FROM codes WHERE kind = ? AND subject = ?", (kind, subject))
    tx.execute(
        "INSERT INTO codes(code, kind, subject, ends) VALUES (?, ?, ?, ?)",
        (_digest(code), kind, subject, to_micros(tx.stamp.wall + lasts)),
    )
    return code


def use_code(tx: Transaction, kind: CodeKind, code: str) -> str | None:
    """Take a code and give its subject; None for a wrong, used or expired one, which counts against all of its kind."""
    digest = _digest("".join(code.split()))
    row = tx.execute(
        "DELETE FROM codes WHERE code = ? AND kind = ? AND ends > ? RETURNING subject",
        (digest, kind, to_micros(tx.stamp.wall)),
    ).fetchone()
    if row is not None:
        return str(row["subject"])
    tx.execute("UPDATE codes SET failures = failures + 1 WHERE kind = ?", (kind,))
    tx.execute("DELETE FROM codes WHERE kind = ? AND failures >= ?", (kind, _GUESSES))
    return None


def has_code(connection: Connection, kind: CodeKind) -> bool:
    return connection.execute("SELECT 1 FROM codes WHERE kind = ?", (kind,)).fetchone() is not None


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
