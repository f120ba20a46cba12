"""What keeps the centre away, told from how a connection failed."""

from __future__ import annotations

from edge_agent.store.outages import What


def cause_of(error: Exception) -> What:
    """Say what a failed connection tells: a machine that refuses is reached, anything else is the line's."""
    return "broker" if isinstance(error, ConnectionRefusedError | ConnectionResetError | ValueError) else "network"
