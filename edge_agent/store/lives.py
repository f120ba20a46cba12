"""The services' lives on the record: a start, and the stop that only an orderly end writes."""

from __future__ import annotations

from edge_agent.model.fact import Fact
from edge_agent.model.kinds.system import Service, ServiceStarted, ServiceStopped
from edge_agent.store.database import Connection
from edge_agent.store.facts import read_last

_SIGNS = (ServiceStarted.KIND, ServiceStopped.KIND)


def last_sign(connection: Connection, service: Service) -> Fact | None:
    """Give the service's last start or stop, None before its first."""
    return read_last(connection, _SIGNS, lambda fact: fact.data["service"] == service)


def ended_in_order(sign: Fact | None) -> bool:
    """Say whether a service whose last sign this is was stopped, not killed or cut off; one that never ran was."""
    return sign is None or sign.kind == ServiceStopped.KIND
