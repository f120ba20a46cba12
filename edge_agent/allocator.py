"""The C library's allocator: what a long-running service frees goes back to the system."""

from __future__ import annotations

import ctypes

_M_MMAP_THRESHOLD, _M_ARENA_MAX = -3, -8  # mallopt(3)


def keep_small(*, pieces: int = 128 << 10, arenas: int = 2) -> None:
    """Take pieces of so many bytes and more from the system itself, the rest from so many arenas for all threads.

    Call it before any thread starts. glibc raises the threshold to the largest block that it saw freed (a decoded
    frame, 3 MB), and from then on keeps such blocks in an arena for each thread: 16 cameras took 160 MB where 100 are
    enough, and a kiosk grew by 1 MB a minute while people stood before it. Other C libraries lack the call and don't
    need it.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_MMAP_THRESHOLD, pieces)
        mallopt(_M_ARENA_MAX, arenas)
