"""What a person is told of an error that stopped a command or a service."""

from __future__ import annotations

import errno
import sqlite3

from edge_agent.errors import DiskFullError, EdgeAgentError, StorageError
from edge_agent.settings import load_settings
from edge_agent.store.database import is_refusal, refusal

_PATHS = {errno.ENOENT, errno.EACCES, errno.EPERM, errno.EISDIR, errno.ENOTDIR, errno.EROFS, errno.EEXIST}


def explain(error: Exception) -> EdgeAgentError | None:
    """Give the error in our words; None for a defect of the program."""
    if isinstance(error, EdgeAgentError):
        return error
    if isinstance(error, sqlite3.Error) and is_refusal(error):  # met while reading
        return refusal(load_settings().store.database, error)
    if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return DiskFullError(f"{error.filename or 'The disk'}: no space is left (磁盘已满).", do="Free space.")
    return None


def explain_path(error: Exception) -> EdgeAgentError | None:
    """Give an error over a file that somebody named; a service, whose files are its own, wants the traceback."""
    if isinstance(error, OSError) and error.filename and error.errno in _PATHS:
        where = error.filename2 or error.filename
        return StorageError(
            f"{where}: 无法读写 / can't be read or written: {error.strerror}.",
            do="请检查路径和权限，或换一个位置。Check the path and its permissions, or choose another place.",
        )
    return None
