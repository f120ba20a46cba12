"""What an address opens: the centre's database, and the store of its media.

Each driver is imported when it is asked for: an embedded centre needs no PostgreSQL client and no boto3.
"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from edge_agent.central.database import Database
from edge_agent.central.stores import FolderStore, MediaStore
from edge_agent.errors import InputError


def open_database(address: str) -> Database:
    """Open, and create or migrate, a database: a path, `sqlite:PATH` or `postgresql://...`.

    Raises `InputError` for another kind of address, `StorageError` where it can't be opened.
    """
    scheme = urlsplit(address).scheme
    if scheme in {"postgresql", "postgres"}:
        from edge_agent.central.postgres import PostgresDatabase  # noqa: PLC0415 - see above

        return PostgresDatabase(address)
    if scheme in {"", "sqlite"}:
        from edge_agent.central.sqlite import SqliteDatabase  # noqa: PLC0415 - see above

        return SqliteDatabase(Path(address.removeprefix("sqlite:").removeprefix("//") or "central.db"))
    raise InputError(f"{address}: not a database address.", do="Give a file, or postgresql://user@host/name.")


def open_store(address: str) -> MediaStore:
    """Open `DIR` or `s3://bucket[/prefix]`. S3's server and keys come from the environment, as boto3 reads them."""
    if urlsplit(address).scheme != "s3":
        return FolderStore(Path(address))
    from edge_agent.central.s3 import open_bucket  # noqa: PLC0415 - see above

    return open_bucket(address)
