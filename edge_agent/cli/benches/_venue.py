"""A device and a centre that know each other, for benches."""

from __future__ import annotations

import secrets
from pathlib import Path

from edge_agent.central import registry
from edge_agent.central.database import Database
from edge_agent.central.keys import signing_key
from edge_agent.serve.agent import make_clock, prepare_agent
from edge_agent.settings import Settings, Store
from edge_agent.sync.contract.topics import Address
from edge_agent.sync.identity import Identity, IdentityFolder

TENANT = "bench"


def make_device(root: Path) -> Settings:
    """Prepare a data folder under a name of its own."""
    settings = Settings(agent=f"ea-{secrets.token_hex(6)}", store=Store(data_dir=root))
    prepare_agent(settings)
    return settings


def enrol(
    settings: Settings, database: Database, keys: Path, *, mqtt: str, http: str = "http://127.0.0.1:1"
) -> Identity:
    """Make device and centre known to each other, as provisioning would."""
    folder = IdentityFolder(settings.store.data_dir)
    centre = signing_key(keys).public.public_bytes_raw().hex()
    identity = Identity(tenant=TENANT, agent=settings.agent, mqtt=mqtt, http=http, keys=[centre])
    folder.write(identity)
    with database.write() as tx:
        public = folder.signer().public.public_bytes_raw().hex()
        now = make_clock(settings).stamp().wall
        registry.enrol(tx, Address(TENANT, settings.agent), public=public, venue="bench", now=now)
    return identity
