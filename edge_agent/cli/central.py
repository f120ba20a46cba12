"""`edge-agent central`: the reference receiver."""

from __future__ import annotations

import json
import logging
import time
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from edge_agent.central import commands, registry
from edge_agent.central.centre import Centre, Config
from edge_agent.central.enrolment import make_token
from edge_agent.central.service import run
from edge_agent.cli import central_users
from edge_agent.cli.central_base import KEYS, Database, Keys, opened
from edge_agent.errors import ConflictError, InputError, NotFoundError
from edge_agent.serve.tables import read_table
from edge_agent.sync.contract.commands import parse_args
from edge_agent.sync.contract.signing import public_key
from edge_agent.sync.contract.topics import Address

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
app.add_typer(central_users.app, name="user", help="账号 / who works at the centre.")

Agent = Annotated[str, typer.Argument(help="TENANT/AGENT.")]


@app.callback()
def main() -> None:
    """中心服务 / the central server that receives facts and media."""


@app.command()
def serve(
    database: Database = "central.db",
    mqtt: Annotated[str, typer.Option(help="The broker: mqtt[s]://[user:password@]host[:port].")] = "mqtt://127.0.0.1",
    media: Annotated[str, typer.Option(help="A folder, or s3://bucket/prefix.")] = "central-media",
    http: Annotated[int, typer.Option(help="Port of uploads and pages.")] = 8440,
    host: Annotated[str, typer.Option(help="Address to listen on; TLS belongs in front of any other.")] = "127.0.0.1",
    keys: Keys = KEYS,
    spool: Annotated[Path, typer.Option(help="Folder of unfinished uploads, shared by its workers.")] = Path(
        "central-spool"
    ),
    ca: Annotated[str | None, typer.Option(help="Whom to believe on mqtts, as a PEM file.")] = None,
    agents_mqtt: Annotated[str, typer.Option(help="The broker as agents reach it, where that differs.")] = "",
    agents_http: Annotated[str, typer.Option(help="This centre as agents reach it, where that differs.")] = "",
    name: Annotated[
        list[str] | None, typer.Option(help="A host name under which people open the pages; repeat it for more.")
    ] = None,
    zone: Annotated[str, typer.Option(help="The time zone of the pages.")] = "Asia/Shanghai",
    sms: Annotated[
        str, typer.Option(help="Where messages to trainees go: http(s)://..., command:PROGRAM ARGUMENTS, or a folder.")
    ] = "central-messages",
) -> None:
    """接收事实与媒体 / receive; start as many as you like against one database."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    run(
        Config(
            database=database,
            mqtt=mqtt,
            media=media,
            keys=keys,
            spool=spool,
            http=http,
            host=host,
            ca=ca,
            agents_mqtt=agents_mqtt,
            agents_http=agents_http,
            names=tuple(name or ()),
            zone=zone,
            sms=sms,
        ),
        tables=read_table,
    )


@app.command()
def token(
    tenant: Annotated[str, typer.Argument(help="The tenant: an institution or a district.")],
    agent: Annotated[str, typer.Option(help="The agent whose broken box the new device replaces.")] = "",
    venue: Annotated[str, typer.Option(help="The venue's name for people.")] = "",
    database: Database = "central.db",
    keys: Keys = KEYS,
) -> None:
    """接入令牌 / print a token that provisions one device within a week."""
    with opened(database, keys) as centre, centre.database.write() as tx:
        print(make_token(tx, tenant, agent=agent, venue=venue, now=centre.clock.stamp().wall))


@app.command()
def enrol(
    agent: Agent,
    public: Annotated[str, typer.Argument(help="Its Ed25519 public key in hex.")],
    venue: Annotated[str, typer.Option(help="The venue's name for people.")] = "",
    database: Database = "central.db",
    keys: Keys = KEYS,
) -> None:
    """登记终端 / make an agent known by hand, where it can't provision itself."""
    public_key(public)
    with opened(database, keys) as centre, centre.database.write() as tx:
        registry.enrol(tx, _address(agent), public=public, venue=venue, now=centre.clock.stamp().wall)


@app.command()
def revoke(agent: Agent, database: Database = "central.db", keys: Keys = KEYS) -> None:
    """吊销终端 / take nothing from an agent any more; give the broker the new list: central revocations."""
    with opened(database, keys) as centre:
        if not centre.enrolment.revoke(_address(agent), centre.clock.stamp().wall):
            raise NotFoundError(f"{agent} is no agent of this centre (终端不存在).")
    print(f"{agent}: 已吊销 / revoked")


@app.command()
def revocations(database: Database = "central.db", keys: Keys = KEYS) -> None:
    """吊销列表 / print the broker's `crlfile`."""
    with opened(database, keys) as centre:
        print(centre.enrolment.revocations(centre.clock.stamp().wall), end="")


@app.command()
def key(database: Database = "central.db", keys: Keys = KEYS) -> None:
    """中心公钥 / print the key whose commands count, for a device's /etc/edge_agent/upgrade.keys."""
    with opened(database, keys) as centre:
        print(centre.signer.public.public_bytes_raw().hex())


@app.command()
def certificate(
    names: Annotated[list[str], typer.Argument(help="Host names and addresses of the server.")],
    folder: Annotated[Path, typer.Option(help="Where ca.pem, server.key and server.pem are written.")] = Path(),
    database: Database = "central.db",
    keys: Keys = KEYS,
) -> None:
    """服务器证书 / make key and certificate of the broker or of this server."""
    with opened(database, keys) as centre:
        authority = centre.authority()
        private, made = authority.certify_server(names, centre.clock.stamp().wall)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "server.key").touch(mode=0o600)
        for file, content in (("server.key", private), ("server.pem", made), ("ca.pem", authority.pem)):
            (folder / file).write_text(content)


@app.command()
def send(
    agent: Agent,
    command: Annotated[Path, typer.Argument(help='A file such as {"command": "ping"}; docs/contract lists them.')],
    wait: Annotated[float, typer.Option(help="Seconds to wait for the answer.")] = 30.0,
    by: Annotated[str, typer.Option(help="Who commands, for the record.")] = "operator",
    database: Database = "central.db",
    keys: Keys = KEYS,
) -> None:
    """下发命令 / sign a command, leave it to the workers, and print the agent's answer."""
    try:
        args = parse_args(command.read_bytes())
    except OSError as error:
        raise InputError(f"{command}: {error.strerror}.", do="Name a file that can be read.") from error
    with opened(database, keys) as centre:
        with centre.database.write() as tx:
            found = registry.find(tx, _address(agent))
            if found is None or found.revoked:
                raise NotFoundError(f"{agent} is no agent of this centre (终端不存在).")
            now = centre.clock.stamp().wall
            identifier = commands.issue(tx, centre.signer, found, args, by=by, now=now)
        _print_answer(centre, identifier, wait)


def _print_answer(centre: Centre, identifier: str, wait: float) -> None:
    deadline = time.monotonic() + wait
    while True:
        with centre.database.read() as tx:
            row = commands.find(tx, identifier)
        if row is not None and row.result is not None and row.answered is not None:
            print(json.dumps(msgspec.to_builtins(row.result), ensure_ascii=False))
            if row.result.result != "done":
                raise ConflictError(f"{identifier}: {row.result.result}: {row.result.reason}")
            return
        if time.monotonic() >= deadline:
            print(f"{identifier}: 尚无回答 / no answer yet; it stays good until it expires")
            return
        time.sleep(0.1)


def _address(text: str) -> Address:
    tenant, _, agent = text.partition("/")
    return Address(tenant, agent)
