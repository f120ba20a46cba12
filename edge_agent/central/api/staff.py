"""Accounts and institutions."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter

from edge_agent.central.pages.guard import Owner
from edge_agent.central.staff import accounts
from edge_agent.central.staff.accounts import Role, Scope
from edge_agent.central.views import tenants
from edge_agent.furniture.forms import Done, Form, Name, Text, Told
from edge_agent.sync.contract.topics import Address

router = APIRouter()


class UserForm(Form):
    login: Name
    name: Name
    role: Role
    scope_kind: Literal["", "tenant", "district"] = ""
    scope: Text = ""


class ActiveForm(Form):
    active: bool


class TenantForm(Form):
    name: Text = ""
    district: Text = ""


class FirstPassword(Told):
    """Shown once: it is kept as a hash."""

    login: str
    password: str


@router.post("/users", status_code=201)
def add_user(form: UserForm, visitor: Owner) -> FirstPassword:
    scope = Scope(form.scope_kind, form.scope)
    with visitor.writing() as tx:
        made, password = accounts.add(
            tx, login=form.login, name=form.name, role=form.role, scope=scope, now=visitor.now
        )
        visitor.note(tx, "user.added", made.login, f"{made.role.value} {scope.kind} {scope.value}".strip())
    return FirstPassword(login=made.login, password=password)


@router.post("/users/{account}/password")
def reset_password(account: str, visitor: Owner) -> FirstPassword:
    with visitor.writing() as tx:
        known = accounts.get(tx, account)
        password = accounts.issue(tx, account, now=visitor.now)
        visitor.note(tx, "user.password_reset", known.login)
    return FirstPassword(login=known.login, password=password)


@router.patch("/users/{account}")
def set_active(account: str, form: ActiveForm, visitor: Owner) -> Done:
    with visitor.writing() as tx:
        known = accounts.get(tx, account)
        accounts.set_active(tx, account, active=form.active)
        visitor.note(tx, "user.enabled" if form.active else "user.disabled", known.login)
    return Done(id=account)


@router.delete("/users/{account}/lock")
def unlock(account: str, visitor: Owner) -> Done:
    with visitor.writing() as tx:
        known = accounts.get(tx, account)
        accounts.unlock(tx, account)
        visitor.note(tx, "user.unlocked", known.login)
    return Done(id=account)


@router.put("/tenants/{tenant}")
def save_tenant(tenant: str, form: TenantForm, visitor: Owner) -> Done:
    """Name an institution and its district; a new one may be made before its first venue."""
    Address(tenant, "ea-new")  # refuses what can't stand in a topic
    with visitor.writing() as tx:
        tenants.save_tenant(tx, tenant, name=form.name, district=form.district)
        visitor.note(tx, "tenant.saved", tenant, f"{form.name} {form.district}".strip())
    return Done(id=tenant)
