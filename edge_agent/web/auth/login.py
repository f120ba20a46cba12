"""Logging in and out, first passwords, PINs, pairing: each change is a fact with its operator."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from edge_agent.errors import EdgeAgentError, ForbiddenError, InputError, NotFoundError
from edge_agent.furniture.lockout import LONGEST, locked_for
from edge_agent.furniture.passwords import check_password, check_pin, first_password, hash_password, verify
from edge_agent.store import accounts, kiosks, sessions
from edge_agent.store.accounts import Account, Role
from edge_agent.store.database import Connection, from_micros
from edge_agent.store.sessions import Session
from edge_agent.store.writer import Transaction, Writer
from edge_agent.web.site import Site

FIRST_VALID = timedelta(hours=72)
KIOSK_LASTS = timedelta(days=3650)
CODE_LASTS = timedelta(minutes=10)
_DAY = timedelta(hours=12)
_PIN_LASTS = timedelta(hours=2)


class LoginError(EdgeAgentError):
    """Wrong name, password or PIN; or the account is locked."""

    exit_code = 3
    status = 401


@dataclass(frozen=True, slots=True)
class Idle:
    """After so long without a click a session ends; an instructor's on a shared kiosk soon."""

    password: timedelta = timedelta(hours=2)
    pin: timedelta = timedelta(minutes=10)

    def of(self, method: str) -> timedelta | None:
        return {"password": self.password, "first_run": self.password, "pin": self.pin}.get(method)


IDLE = Idle()


def log_in(site: Site, login: str, password: str, *, address: str) -> str:
    """Check name and password; give the session's token. Raises `LoginError`."""
    with site.readers() as connection:
        account = accounts.find(connection, login)
    return _admit(site, account, password, "password", address)


def log_in_by_pin(site: Site, account: str, pin: str, *, address: str) -> str:
    """Check an instructor's PIN; give the token of a short session. Raises `LoginError`."""
    with site.readers() as connection:
        found = next((each for each in accounts.list_accounts(connection) if each.id == account), None)
    return _admit(site, found, pin, "pin", address)


def _admit(site: Site, account: Account | None, secret: str, method: sessions.Method, address: str) -> str:
    now = site.now().wall
    stored = "" if account is None or not account.active else (account.pin if method == "pin" else account.password)
    if account is not None and account.locked_until:
        # A lock set before the clock was put back must not last longer than the longest one.
        left = (from_micros(account.locked_until) - now).total_seconds()
        if 0 < left <= LONGEST:
            raise LoginError(
                f"Locked for {left:.0f} s more (账号已锁定，请 {left / 60:.0f} 分钟后再试).",
                do="Wait, or ask an administrator to unlock it.",
            )
    right = verify(stored, secret.strip() if method == "pin" else secret)
    if account is None or not right:
        if account is not None:
            known = account
            site.writer.run(lambda tx: accounts.refuse(tx, known, locked_for=locked_for(known.failures + 1)))
        raise LoginError("Wrong name or password (账号或密码错误).", do="Try again, or ask an administrator.")
    if method == "password" and account.password_ends is not None and now > account.password_ends:
        raise LoginError(
            "The first password has expired (初始密码已过期).", do="Ask an administrator to issue it again."
        )

    def opened(tx: Transaction) -> str:
        accounts.forgive(tx, account)
        lasts = _PIN_LASTS if method == "pin" else _DAY
        return sessions.open_session(
            tx, account=account.id, role=account.role, method=method, lasts=lasts, address=address
        )

    return site.writer.run(opened)


def log_out(site: Site, session: Session) -> None:
    site.writer.run(lambda tx: sessions.close_session(tx, session, "logout"))


def change_password(site: Site, account: Account, old: str, new: str, *, session: Session) -> None:
    """Set a password of one's own; every other session of the account ends."""
    if not verify(account.password, old):
        raise LoginError("old: wrong password (原密码错误).")
    check_password(new, login=account.login)
    if verify(account.password, new):
        raise InputError("new: the same as before (新密码与原密码相同).", do="Choose another one.")
    changed = replace(account, password=hash_password(new), must_change=False, password_ends=None)

    def save(tx: Transaction) -> None:
        accounts.save(tx, changed, change="password_changed", by=account.id)
        sessions.revoke_all(tx, account.id, by=account.id, keep=session.token)

    site.writer.run(save)


def set_pin(site: Site, account: Account, pin: str, *, by: str) -> None:
    if account.role not in {Role.INSTRUCTOR, Role.ADMINISTRATOR}:
        raise ForbiddenError("Only staff sign in by PIN (仅讲师和管理员可设置 PIN).")
    check_pin(pin, login=account.login)
    changed = replace(account, pin=hash_password(pin))
    site.writer.run(lambda tx: accounts.save(tx, changed, change="pin_set", by=by))


def issue(
    writer: Writer, account: Account, *, at: datetime, by: str, change: accounts.Change, password: str = ""
) -> Account:
    """Store an account with its first password, or `password`, valid for 72 hours, and end its sessions."""
    issued = replace(
        account,
        password=hash_password(password or first_password(account.login)),
        must_change=True,
        password_ends=at + FIRST_VALID,
        failures=0,
        locked_until=0,
    )

    def save(tx: Transaction) -> None:
        accounts.save(tx, issued, change=change, by=by)
        sessions.revoke_all(tx, issued.id, by=by)

    writer.run(save)
    return issued


def rescue(writer: Writer, login: str, *, at: datetime) -> str:
    """Give an administrator who is locked out, with nobody to ask, a password for 72 hours.

    Whoever calls this stands at the device and holds its root. Raises `NotFoundError` for a login that is no active
    administrator's.
    """

    def find(tx: Transaction) -> Account | None:
        return accounts.find(tx.connection, login)

    account = writer.run(find)
    if account is None or account.role is not Role.ADMINISTRATOR or not account.active:
        raise NotFoundError(
            f"login: {login} is no administrator's (没有这个管理员账号).",
            do="Use the phone number or resident id that the administrator logs in with.",
        )
    password = secrets.token_urlsafe(9)
    issue(writer, account, at=at, by="device", change="password_reset", password=password)
    return password


def first_run(site: Site, code: str, *, login: str, name: str, password: str, address: str) -> str:
    """Make the first administrator with the device's one-time code; give the session's token."""
    check_password(password, login=login)
    hashed = hash_password(password)
    account = Account(accounts.new_account_id(), Role.ADMINISTRATOR, login.strip(), name.strip(), password=hashed)

    def begin(tx: Transaction) -> str | None:
        if has_administrator(tx.connection):
            raise ForbiddenError("This device has an administrator already (设备已初始化).", do="Log in.")
        if sessions.use_code(tx, "first_run", code) is None:
            return None
        accounts.save(tx, account, change="created", by=account.id)
        return sessions.open_session(
            tx, account=account.id, role=account.role, method="first_run", lasts=_DAY, address=address
        )

    token = site.writer.run(begin)  # a wrong code is counted, so the job must not raise
    if token is None:
        raise LoginError("code: wrong or used (初始化码错误或已失效).", do="Run on the device: edge-agent kiosk code")
    return token


def has_administrator(connection: Connection) -> bool:
    """Say whether anybody can administer this device."""
    return any(each.active for each in accounts.list_accounts(connection, Role.ADMINISTRATOR))


def pair(site: Site, code: str, *, address: str) -> str:
    """Log a kiosk device in with the code that an administrator was given; give the session's token."""

    def begin(tx: Transaction) -> str | None:
        identifier = sessions.use_code(tx, "pairing", code)
        if identifier is None:
            return None
        kiosk = kiosks.get_kiosk(tx.connection, identifier)
        sessions.revoke_all(tx, kiosk.id, by=kiosk.id)
        kiosks.save_kiosk(tx, replace(kiosk, active=True), by=kiosk.id)
        return sessions.open_session(
            tx, account=kiosk.id, role=Role.KIOSK, method="pairing", lasts=KIOSK_LASTS, address=address
        )

    token = site.writer.run(begin)
    if token is None:
        raise LoginError("code: wrong or used (配对码错误或已失效).", do="Get a new one from 系统 - 打卡终端.")
    return token
