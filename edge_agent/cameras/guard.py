"""Keeps a refused password from being tried again: cameras lock the account after a handful of wrong ones."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import av.error
from av.error import FFmpegError

AGAIN_SECONDS = 1800.0  # as long as the common brands count wrong passwords, so that ours never add up to a lock-out

_REFUSALS = (av.error.HTTPUnauthorizedError, av.error.HTTPForbiddenError)


class LoginGuard:
    """One for each process, whoever opens the camera: recorder, live page, a look before the lesson.

    It knows an address with its password, so a new password is tried at once. `now` never steps.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._refused: dict[str, tuple[float, type[FFmpegError]]] = {}
        self._doors: dict[str, threading.Lock] = {}

    @contextmanager
    def trying(self, url: str) -> Iterator[None]:
        """Open the camera within: one at a time, or two would be refused at once.

        Raises what the camera answered before, while it is too early to ask it again.
        """
        with self._doors.setdefault(url, threading.Lock()):
            at, kind = self._refused.get(url, (0.0, None))
            if kind is not None and self._now() - at < AGAIN_SECONDS:
                raise kind(0, "refused before, not tried again yet")
            try:
                yield
            except _REFUSALS as error:
                self._refused[url] = (self._now(), type(error))
                raise
            self._refused.pop(url, None)

    def forget(self, url: str) -> None:
        """The camera went away: once it is back it counts anew."""
        self._refused.pop(url, None)
