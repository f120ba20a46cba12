"""`edge-agent central`: the reference receiver."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Annotated

import typer

from edge_agent.central import registry
from edge_agent.central.centre import Config
from edge_agent.central.database import open_database
from edge_agent.central.service import run
from edge_agent.clock import SystemClock, host_keeps_time
from edge_agent.sync.contract.signing import public_key
from edge_agent.sync.contract.topics import Address

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)

Database = Annotated[str, typer.Option(help="A file, or postgresql://user@host/name.")]
Keys = Annotated[Path, typer.Option(help="Folder of the centre's own keys, shared by its workers.")]


@app.callback()
def main() -> None:
    """中心服务 / the central server that receives facts and media."""


@app.command()
def serve(
    database: Database = "central.db",
    mqtt: Annotated[str, typer.Option(help="The broker: mqtt[s]://[user:password@]host[:port].")] = "mqtt://127.0.0.1",
    media: Annotated[str, typer.Option(help="A folder, or s3://bucket/prefix.")] = "central-media",
    http: Annotated[int, typer.Option(help="Port of uploads and pages.")] = 8443,
    host: Annotated[
        str, typer.Option(help="Address to listen on; put TLS in front of any but this one.")
    ] = "127.0.0.1",
    keys: Keys = Path("central-keys"),
    spool: Annotated[Path, typer.Option(help="Folder of unfinished uploads, shared by its workers.")] = Path(
        "central-spool"
    ),
    ca: Annotated[str | None, typer.Option(help="Whom to believe on mqtts, as a PEM file.")] = None,
) -> None:
    """接收事实与媒体 / receive; start as many as you like against one database."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    run(Config(database, mqtt, media, keys, spool, http, host, ca))


@app.command()
def enrol(
    tenant: Annotated[str, typer.Argument(help="The tenant, an institution or a district.")],
    agent: Annotated[str, typer.Argument(help="The agent's name.")],
    public: Annotated[str, typer.Argument(help="Its Ed25519 public key in hex.")],
    database: Database = "central.db",
    venue: Annotated[str, typer.Option(help="The venue's name for people.")] = "",
) -> None:
    """登记终端 / make an agent known by hand, where it can't provision itself."""
    public_key(public)
    with open_database(database).write() as tx:
        now = SystemClock(kernel=host_keeps_time).stamp().wall
        registry.enrol(tx, Address(tenant, agent), public=public, venue=venue, now=now)
