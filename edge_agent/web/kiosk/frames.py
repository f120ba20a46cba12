"""Frames that a browser sends: checked, thinned out, and remembered by their numbers."""

from __future__ import annotations

from edge_agent.clock import Clock
from edge_agent.errors import InputError
from edge_agent.web.kiosk.faces import Faces

LARGEST_FRAME = 400_000
MOST_FRAMES = 30.0
"""Frames a second that are looked at; what comes faster is dropped."""

_REMEMBERED = 60


class Frames:
    """One browser's stream to the engine; `take` and `number` may run on two threads."""

    def __init__(self, faces: Faces | None, stream: str, clock: Clock) -> None:
        self._faces, self._stream, self._clock = faces, stream, clock
        self._numbers: dict[float, int] = {}
        self._allowance, self._allowed_at = MOST_FRAMES, clock.boottime()

    def take(self, frame: bytes) -> bool:
        """Hand a frame to the engine: four bytes of number, big end first, then a JPEG. False where it was dropped.

        Raises `InputError` for what is no frame.
        """
        now = self._clock.boottime()
        self._allowance = min(MOST_FRAMES, self._allowance + (now - self._allowed_at) * MOST_FRAMES)
        self._allowed_at = now
        if len(frame) > LARGEST_FRAME or frame[4:7] != b"\xff\xd8\xff":
            raise InputError("frame: not a JPEG of at most 400 KB (画面格式错误).")
        if self._allowance < 1:
            return False
        self._allowance -= 1
        self._numbers[now] = int.from_bytes(frame[:4], "big")
        if len(self._numbers) > _REMEMBERED:
            del self._numbers[next(iter(self._numbers))]
        return self.submit(frame[4:], now)

    def submit(self, jpeg: bytes, at: float | None = None) -> bool:
        """Hand in a picture that bears no number, such as one of the device's own camera."""
        if self._faces is None:
            return False
        self._faces.submit(self._stream, jpeg, self._clock.boottime() if at is None else at)
        return True

    def number(self, at: float) -> int:
        """Give the number of the frame that came `at`, or 0."""
        return self._numbers.get(at, 0)
