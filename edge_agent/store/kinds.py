"""Facts by kind: found through an index where all the kinds are rare, so that a journal of years answers at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from edge_agent.model.fact import CATALOGUE
from edge_agent.store.schema import FREQUENT, RARE


def of_kinds(kinds: Iterable[str]) -> tuple[str, Sequence[str]]:
    """Give a condition on rows of `facts`, and its values; a kind that ends in a dot names a family."""
    named = [each for kind in kinds for each in _family(kind)]
    wanted = f"kind IN ({', '.join('?' * len(named))})"
    if set(FREQUENT).isdisjoint(named):
        # Named, because SQLite would rather walk back through the whole journal than sort the few ids it finds.
        wanted = f"id IN (SELECT id FROM facts INDEXED BY facts_rare WHERE {RARE} AND {wanted})"  # noqa: S608 - constants and marks
    return wanted, named


def _family(kind: str) -> list[str]:
    return [each for each in CATALOGUE if each.startswith(kind)] if kind.endswith(".") else [kind]
