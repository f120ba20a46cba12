"""Batches in flight: which facts the centre has, which are on their way, which must go again. Does no I/O.

Only the centre's own word settles a batch; the broker's PUBACK means nothing. When that word is late, the oldest batch
goes again as a probe, ever less often: a dead centre costs one small message a while. As soon as the probe is
answered, everything behind it that was sent before goes again at once.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from edge_agent.sync.contract import limits

PATIENCE, LONGEST_PATIENCE = 10.0, 300.0
"""Seconds without the centre's word before a probe; doubled with each probe that is not answered."""


@dataclass(slots=True)
class Flight:
    """One batch on its way. Ids are those of `store.facts`; `link` is the one after its last fact."""

    epoch: int
    first: int
    last: int
    last_id: int
    link: str
    message: bytes
    sent_at: float = 0.0
    settled: bool = False


class Window:
    """`acked` is the id up to which everything is settled, `sent` the highest one on its way.

    `probing` says that a batch was sent again and the centre has not answered since.
    """

    def __init__(self, acked: int, *, size: int = limits.WINDOW) -> None:
        self.acked = self.sent = acked
        self._size = size
        self._flights: deque[Flight] = deque()
        self._patience = PATIENCE
        self._heard = 0.0
        self.probing = False

    @property
    def room(self) -> int:
        return self._size - len(self._flights)

    @property
    def flights(self) -> tuple[Flight, ...]:
        return tuple(self._flights)

    def reset(self, acked: int) -> None:
        """Forget what is on its way, as after a new connection; sending goes on behind `acked`."""
        self._flights.clear()
        self.acked = self.sent = acked
        self._patience, self.probing = PATIENCE, False

    def add(self, flight: Flight, now: float) -> None:
        if not self._flights:
            self._heard = now
        flight.sent_at = now
        self._flights.append(flight)
        self.sent = flight.last_id

    def settle_upto(self, epoch: int, upto: int, now: float) -> list[Flight]:
        """The centre holds `epoch` up to `upto`; give what must go again now that it has spoken."""
        return self._settle([flight for flight in self._flights if flight.epoch == epoch and flight.last <= upto], now)

    def settle_link(self, link: str, now: float) -> list[Flight]:
        """The centre answered the one batch that ends in `link`."""
        return self._settle([flight for flight in self._flights if flight.link == link], now)

    def settle_range(self, epoch: int, first: int, last: int, now: float) -> list[Flight]:
        """The centre has put these facts into quarantine."""
        return self._settle(self._within(epoch, first, last), now)

    def again(self, epoch: int, first: int, last: int, now: float, *, at_least: float = 1.0) -> list[Flight]:
        """Give what the centre asks for again, apart from what went less than `at_least` seconds ago."""
        wanted = [flight for flight in self._within(epoch, first, last) if now - flight.sent_at >= at_least]
        return self._resend(wanted, now)

    def overdue(self, now: float) -> list[Flight]:
        """Give the probe that is due."""
        if not self._flights or now - self._heard < self._patience:
            return []
        self._heard, self.probing = now, True
        self._patience = min(self._patience * 2, LONGEST_PATIENCE)
        return self._resend([self._flights[0]], now)

    def due_at(self) -> float | None:
        """Give when `overdue` would next give something."""
        return self._heard + self._patience if self._flights else None

    def _settle(self, flights: list[Flight], now: float) -> list[Flight]:
        if not flights:
            return []
        for flight in flights:
            flight.settled = True
        while self._flights and self._flights[0].settled:
            self.acked = self._flights.popleft().last_id
        self._heard, self._patience = now, PATIENCE
        if not self.probing:
            return []
        self.probing = False
        return self._resend([flight for flight in self._flights if now - flight.sent_at >= PATIENCE], now)

    def _within(self, epoch: int, first: int, last: int) -> list[Flight]:
        return [
            flight
            for flight in self._flights
            if not flight.settled and flight.epoch == epoch and flight.first <= last and flight.last >= first
        ]

    def _resend(self, flights: list[Flight], now: float) -> list[Flight]:
        for flight in flights:
            flight.sent_at = now
        return [flight for flight in flights if not flight.settled]
