"""Packages that the console asks of the service that holds the seal key; `serve.exports` makes them.

A request lies in the database in clear, so the password of a package with whole resident ids travels as a letter that
only the maker can open.
"""

from __future__ import annotations

import base64
from datetime import timedelta
from typing import Any

from edge_agent.errors import ConflictError
from edge_agent.secrets import SecretBox, seal_letter
from edge_agent.store import requests
from edge_agent.store.secrets import find_secret, save_secret
from edge_agent.store.writer import Transaction, Writer

EXPORT = "export"
LASTS = timedelta(hours=1)
ADDRESS = "address/exports"  # where letters go; public, it only lies beside the secrets


def publish_address(writer: Writer, box: SecretBox) -> None:
    """Let others write to us; the service that makes packages does so when it starts."""
    writer.run(lambda tx: save_secret(tx, ADDRESS, box.address))


def order(tx: Transaction, args: dict[str, Any], *, password: str = "", by: str) -> str:
    """Ask for a package and give the request's id; with a password it holds whole resident ids, encrypted.

    Raises `ConflictError` for a password while no service that could read it has run.
    """
    if not password:
        return requests.ask(tx, EXPORT, args, by=by, ttl=LASTS)
    address = find_secret(tx.connection, ADDRESS)
    if address is None:
        raise ConflictError("The upkeep service has not run yet (维护服务尚未启动).", do="Start it and try again.")
    letter = base64.b64encode(seal_letter(address, EXPORT, password)).decode()
    return requests.ask(tx, EXPORT, args | {"letter": letter}, by=by, ttl=LASTS)


def password_of(args: dict[str, Any], box: SecretBox) -> str:
    """Open the letter of an order; empty without one. Raises `StorageError` for one that is not ours."""
    letter = args.get("letter", "")
    return box.open_letter(EXPORT, base64.b64decode(letter)) if letter else ""
