"""Whether a stream is being kept without a loss: told by the thread that writes it, looked at by the service."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import datetime

from edge_agent.capture.causes import Cause


@dataclass(frozen=True, slots=True)
class Hole:
    """Nothing was recorded from `start` to `end`, because of `cause`."""

    start: datetime
    end: datetime
    cause: Cause


@dataclass(frozen=True, slots=True)
class Status:
    """One look at a recording.

    `since` when video has been kept without a loss, None while none is. `lost` is since when and why nothing is kept
    where something was before. `holes` have ended since the look before.
    """

    since: datetime | None = None
    lost: tuple[datetime, Cause] | None = None
    holes: tuple[Hole, ...] = ()


class Continuity:
    """Each look is of one moment, or a loss between two readings would be noted as one that lasts."""

    def __init__(self) -> None:
        self._lock = threading.Lock()  # its own: the tape's is held while a slow card takes its time
        self._since: datetime | None = None
        self._lost: tuple[datetime, Cause] | None = None
        self._holes: list[Hole] = []

    def look(self) -> Status:
        with self._lock:
            holes, self._holes = tuple(self._holes), []
            return Status(self._since, self._lost, holes)

    def resume(self, start: datetime) -> None:
        """Video is kept from `start` on."""
        with self._lock:
            self._since = start
            if self._lost is not None:
                self._holes.append(Hole(self._lost[0], start, self._lost[1]))
                self._lost = None

    def lose(self, end: datetime, cause: Cause) -> None:
        """What was kept ends at `end`."""
        with self._lock:
            self._since = None
            self._lost = (end, cause)
