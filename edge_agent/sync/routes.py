"""Whether the machine's own network has just come up: the kernel's routes, read as text."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

_TABLES = (Path("/proc/net/route"), Path("/proc/net/ipv6_route"))
_LOOK_SECONDS = 1.0
_SPREAD_SECONDS = 2.0
"""When a street's power comes back, its venues do not all call in one second."""


def read_routes() -> frozenset[str]:
    """Give destination, mask and interface of each route that is up; counters are left out, for they change."""
    found = set()
    for table in _TABLES:
        try:
            lines = table.read_text("ascii").splitlines()
        except OSError:
            continue  # a kernel without IPv6 has no such table
        for line in lines:
            fields = line.split()
            if table.name == "route":
                found.add(" ".join(fields[i] for i in (0, 1, 2, 7)))
            elif fields[-1] != "lo":
                found.add(" ".join((*fields[:5:2], fields[-1])))
    return frozenset(found)


class NetworkSign:
    """Looks once a second, and only while somebody waits for the network."""

    def __init__(self, read: Callable[[], frozenset[str]] = read_routes) -> None:
        self._read = read
        self._known = read()
        self._due = 0.0

    def came_up(self, now: float) -> float | None:
        """Give in how many seconds an attempt is worth it, where a route has appeared since the last look."""
        if now < self._due:
            return None
        self._due = now + _LOOK_SECONDS
        routes = self._read()
        new, self._known = routes - self._known, routes
        return random.uniform(0.0, _SPREAD_SECONDS) if new else None  # noqa: S311 - spreads load, guards nothing
