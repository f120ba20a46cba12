"""`edge-agent central user`: the first administrator, and whoever lost a password."""

from __future__ import annotations

from typing import Annotated

import typer

from edge_agent.central.database import Tx
from edge_agent.central.staff import accounts
from edge_agent.central.staff.accounts import Role, Scope
from edge_agent.cli.central_base import KEYS, Database, Keys, opened
from edge_agent.errors import InputError, NotFoundError

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
BY = "command"
Login = Annotated[str, typer.Argument(help="The account's name.")]


@app.command()
def add(
    login: Login,
    name: Annotated[str, typer.Option(help="The person's name.")] = "",
    role: Annotated[Role, typer.Option(help="What the person may do.")] = Role.ADMINISTRATOR,
    tenant: Annotated[str, typer.Option(help="Only this institution.")] = "",
    district: Annotated[str, typer.Option(help="Only this district.")] = "",
    database: Database = "central.db",
    keys: Keys = KEYS,
) -> None:
    """添加账号 / make an account and print its first password, good for 72 hours."""
    if tenant and district:
        raise InputError("--tenant, --district: one of them (机构与区县只能选其一).")
    scope = Scope("tenant", tenant) if tenant else Scope("district", district) if district else Scope()
    with opened(database, keys) as centre, centre.database.write() as tx:
        now = centre.clock.stamp().wall
        made, password = accounts.add(tx, login=login, name=name or login, role=role, scope=scope, now=now)
        accounts.note(tx, at=now, by=BY, action="user.added", subject=made.login, detail=role.value)
    print(f"{made.login}: 初始密码 / first password: {password}")


@app.command()
def password(login: Login, database: Database = "central.db", keys: Keys = KEYS) -> None:
    """重置密码 / print a new first password; every session of the account ends."""
    with opened(database, keys) as centre, centre.database.write() as tx:
        now = centre.clock.stamp().wall
        made = accounts.issue(tx, _find(tx, login), now=now)
        accounts.note(tx, at=now, by=BY, action="user.password_reset", subject=login)
    print(f"{login}: 初始密码 / first password: {made}")


@app.command()
def disable(login: Login, database: Database = "central.db", keys: Keys = KEYS) -> None:
    """停用账号 / shut an account out."""
    with opened(database, keys) as centre, centre.database.write() as tx:
        accounts.set_active(tx, _find(tx, login), active=False)
        accounts.note(tx, at=centre.clock.stamp().wall, by=BY, action="user.disabled", subject=login)
    print(f"{login}: 已停用 / disabled")


@app.command("list")
def show(database: Database = "central.db", keys: Keys = KEYS) -> None:
    """列出账号 / list the accounts."""
    with opened(database, keys) as centre, centre.database.read() as tx:
        for each in accounts.list_accounts(tx):
            where = f"{each.scope.kind} {each.scope.value}".strip() or "全部 / everything"
            state = "" if each.active else "  已停用 / disabled"
            print(f"{each.login}  {each.name}  {each.role.value}  {where}{state}")


def _find(tx: Tx, login: str) -> str:
    found = accounts.find(tx, login)
    if found is None:
        raise NotFoundError(f"{login}: no such account (账号不存在).")
    return found.id
