"""The sizes that both sides hold to."""

from __future__ import annotations

from datetime import timedelta

BATCH_FACTS = 100
BATCH_BYTES = 64 * 1024
"""Bodies of a batch, before compression; one fact that is larger travels alone."""

FACT_BYTES = 1024 * 1024
DOCUMENT_BYTES = 4 * 1024 * 1024
MESSAGE_BYTES = 1024 * 1024
"""Any message on the wire."""

WINDOW = 100
"""Batches in flight: paho walks all of them at every PUBACK (20,000 brought it down to 1,100 facts/s)."""

LAST_SEQ = (1 << 40) - 1
"""The highest place within an epoch."""

COMMAND_LIFE = timedelta(days=7)
"""How far ahead a command's expiry may lie: an agent remembers the ids of commands for twice as long."""

TOKEN_LIFE = timedelta(minutes=5)
"""How far a token's time may be from the centre's: room for an agent's clock that is not synchronised yet."""
