"""成员管理: accounts of staff and trainees."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Query

from edge_agent.errors import ConflictError, ForbiddenError
from edge_agent.store import accounts, sessions
from edge_agent.store.accounts import Account, Role
from edge_agent.store.writer import Transaction
from edge_agent.web.api.base import Done, Form, Identifier, Instant, Name, Pages, Secret, Slice, Text, Told
from edge_agent.web.auth import login
from edge_agent.web.guard import Administrator

router = APIRouter(tags=["accounts"])


class AccountForm(Form):
    """`login` is a phone number or resident id, whose last six are the first password; `person` a teacher's id."""

    role: Role
    login: Name
    name: Name
    person: Text = ""


class AccountChange(Form):
    name: Name | None = None
    active: bool | None = None


class PinForm(Form):
    pin: Secret


class AccountTold(Told):
    id: str
    role: Role
    login: str
    name: str
    person: str
    active: bool
    must_change: bool
    password_ends: Instant | None
    has_pin: bool
    failures: int
    locked: bool


def told(account: Account) -> AccountTold:
    return AccountTold(
        id=account.id,
        role=account.role,
        login=account.login,
        name=account.name,
        person=account.person,
        active=account.active,
        must_change=account.must_change,
        password_ends=account.password_ends,
        has_pin=bool(account.pin),
        failures=account.failures,
        locked=bool(account.locked_until),
    )


@router.get("/accounts")
def list_accounts(
    visitor: Administrator, paging: Pages, role: Annotated[Role | None, Query()] = None
) -> Slice[AccountTold]:
    with visitor.reading() as connection:
        found = accounts.list_accounts(connection, *([role] if role else []))
    return paging.slice(found, told)


@router.post("/accounts", status_code=201)
def create_account(form: AccountForm, visitor: Administrator) -> Done:
    """Add an account with its first password, valid for 72 hours."""
    if form.role is Role.KIOSK:
        raise ForbiddenError("A kiosk is paired, it has no account (打卡终端请用配对码).", do="Open 系统 - 打卡终端.")
    account = Account(accounts.new_account_id(), form.role, form.login, form.name, person=form.person)
    login.issue(visitor.site.writer, account, at=visitor.site.now().wall, by=visitor.by, change="created")
    return Done(id=account.id)


@router.patch("/accounts/{account}")
def change_account(account: Identifier, form: AccountChange, visitor: Administrator) -> Done:
    """Rename, disable or enable an account; a disabled one's sessions end."""

    def change(tx: Transaction) -> None:
        known = accounts.get(tx.connection, account)
        changed = replace(
            known,
            name=known.name if form.name is None else form.name,
            active=known.active if form.active is None else form.active,
        )
        if not changed.active and known.role is Role.ADMINISTRATOR and len(_administrators(tx)) == 1:
            raise ConflictError("The last administrator stays (不能停用最后一个管理员).", do="Add another one first.")
        accounts.save(tx, changed, change="changed" if changed.active else "disabled", by=visitor.by)
        if not changed.active:
            sessions.revoke_all(tx, account, by=visitor.by)

    visitor.site.writer.run(change)
    return Done(id=account)


@router.post("/accounts/{account}/password")
def reset_password(account: Identifier, visitor: Administrator) -> Done:
    """Issue the first password again, valid for 72 hours; the account's sessions end."""
    with visitor.reading() as connection:
        known = accounts.get(connection, account)
    login.issue(visitor.site.writer, known, at=visitor.site.now().wall, by=visitor.by, change="password_reset")
    return Done(id=account)


@router.put("/accounts/{account}/pin")
def set_pin(account: Identifier, form: PinForm, visitor: Administrator) -> Done:
    """Set an instructor's PIN for kiosks."""
    with visitor.reading() as connection:
        known = accounts.get(connection, account)
    login.set_pin(visitor.site, known, form.pin, by=visitor.by)
    return Done(id=account)


@router.delete("/accounts/{account}/lock")
def unlock(account: Identifier, visitor: Administrator) -> Done:
    """Lift a lock-out."""

    def lift(tx: Transaction) -> None:
        known = accounts.get(tx.connection, account)
        accounts.save(tx, replace(known, failures=0, locked_until=0), change="unlocked", by=visitor.by)

    visitor.site.writer.run(lift)
    return Done(id=account)


@router.delete("/accounts/{account}/sessions")
def revoke_sessions(account: Identifier, visitor: Administrator) -> Done:
    """End all sessions of an account."""
    with visitor.reading() as connection:
        accounts.get(connection, account)
    visitor.site.writer.run(lambda tx: sessions.revoke_all(tx, account, by=visitor.by))
    return Done(id=account)


def _administrators(tx: Transaction) -> list[Account]:
    return [each for each in accounts.list_accounts(tx.connection, Role.ADMINISTRATOR) if each.active]
