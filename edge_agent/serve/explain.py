"""What a person is told of an error that stopped a command or a service."""

from __future__ import annotations

import errno
import sqlite3

from edge_agent.errors import DiskFullError, EdgeAgentError
from edge_agent.settings import load_settings
from edge_agent.store.database import is_refusal, refusal


def explain(error: Exception) -> EdgeAgentError | None:
    """Give the error in our words; None for a defect of the program."""
    if isinstance(error, EdgeAgentError):
        return error
    if isinstance(error, sqlite3.Error) and is_refusal(error):  # met while reading
        return refusal(load_settings().store.database, error)
    if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return DiskFullError(f"{error.filename or 'The disk'}: no space is left (磁盘已满).", do="Free space.")
    return None
