"""Packets of a connection on a time axis that a muxer takes: dts rises, pts is not before it.

What cameras and libavformat's RTSP reader do instead, and what becomes of it:
- The first keyframe often comes with neither pts nor dts, B-frames bring several packets without dts: they are held
  until the first dts is known and laid out before it. Dropping them would lose a GOP.
- Timestamps jump or go back (a rebooted encoder, NTP on the camera): the axis goes on by the time that really passed.
- Timestamps are missing altogether: the axis follows the arrival of the packets.
"""

from __future__ import annotations

import math
from fractions import Fraction

from av.packet import Packet
from av.stream import Stream

TOLERANCE = 1.5  # seconds by which a packet's time may differ from its arrival; jitter of Wi-Fi cameras stays below
DRIFT_A_PACKET = 8e-6  # seconds; at 25 a second twice what a crystal drifts
PATIENCE = 48  # packets without dts before their arrival is used; B-frames bring at most 16


class Timeline:
    """`rate` is the stream's guess of frames a second; `at` is the arrival in seconds on any clock that never steps."""

    def __init__(self, time_base: Fraction, rate: Fraction | None) -> None:
        self._ticks = float(1 / time_base)
        self._step = max(1, round(self._ticks / float(rate or 25)))
        self._limit = round(TOLERANCE * self._ticks)
        self._held: list[tuple[Packet[Stream], float]] = []
        self._shift = 0
        self._last = 0
        self._last_at = -1.0
        self._lag = math.inf
        self.jumps = 0

    def place(self, packet: Packet[Stream], at: float) -> tuple[Packet[Stream], ...]:
        """Give the packets that are ready for the muxer, in order; none while their place is not known."""
        dts = packet.dts
        if dts is not None and self._last_at >= 0:
            dts += self._shift
            if 0 < dts - self._last < self._limit:
                self._last = dts
                self._last_at = at
                self._weigh(at)
                if self._shift or packet.pts is None or packet.pts < dts:
                    self._write(packet, dts)
                return (packet,)
        return self._place_with_care(packet, at)

    @property
    def sent(self) -> float:
        """When the packet placed last came out of the camera: the one that waited least tells how long it waited."""
        return self._last / self._ticks + self._lag

    @property
    def next_due(self) -> float:
        """When the next packet can be here at the earliest."""
        return (self._last + self._step) / self._ticks + self._lag

    def _weigh(self, at: float) -> None:
        lag = at - self._last / self._ticks
        # The least lag rises by a crystal's drift, or a camera with a slow clock would seem to send into the past.
        self._lag = lag if lag < self._lag else self._lag + DRIFT_A_PACKET

    def _place_with_care(self, packet: Packet[Stream], at: float) -> tuple[Packet[Stream], ...]:
        if self._last_at < 0:
            return self._begin(packet, at)
        elapsed = max(1, round((at - self._last_at) * self._ticks))
        if packet.dts is None:
            due = self._last + elapsed
        else:
            due = packet.dts + self._shift
            moved = due - self._last
            if moved <= 0 or abs(moved - elapsed) > self._limit:
                if abs(moved - elapsed) > self._limit:
                    self.jumps += 1
                    self._lag = math.inf
                due = self._last + elapsed
                self._shift = due - packet.dts
        self._write(packet, due)
        self._last, self._last_at = due, at
        self._weigh(at)
        return (packet,)

    def _begin(self, packet: Packet[Stream], at: float) -> tuple[Packet[Stream], ...]:
        self._held.append((packet, at))
        if packet.dts is None and len(self._held) < PATIENCE:
            return ()
        held, self._held = self._held, []
        if packet.dts is None:
            due, first = -1, held[0][1]
            for early, arrived in held:
                due = max(due + 1, round((arrived - first) * self._ticks))
                self._write(early, due)
        else:
            if held[0][0].pts is None:  # the keyframe: one frame before whatever is shown first
                shown = [early.pts for early, _ in held if early.pts is not None]
                held[0][0].pts = min(shown, default=packet.dts) - self._step
            for back, (early, _) in enumerate(reversed(held)):
                self._write(early, packet.dts - back * self._step)
        self._last = packet.dts or 0
        self._last_at = at
        self._weigh(at)
        return tuple(early for early, _ in held)

    def _write(self, packet: Packet[Stream], dts: int) -> None:
        pts = packet.pts
        if pts is not None:
            pts += self._shift if packet.dts is not None else 0
        packet.dts = dts
        packet.pts = dts if pts is None or pts < dts or pts - dts > self._limit else pts
