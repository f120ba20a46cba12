"""Keeps a process of many streams small."""

from __future__ import annotations

import ctypes

_M_MMAP_THRESHOLD, _M_ARENA_MAX = -3, -8  # <malloc.h>
_LARGE = 128 << 10


def keep_small() -> None:
    """Tell the C library to give frames and fragments back; call it before any thread starts.

    glibc raises its threshold to the largest block that it saw freed (a decoded frame, 3 MB), and from then on keeps
    such blocks in an arena for each thread: 16 cameras took 160 MB where 100 are enough. Other C libraries lack the
    call and don't need it.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_MMAP_THRESHOLD, _LARGE)
        mallopt(_M_ARENA_MAX, 2)
