"""Who typed a command: facts name the account of the operating system."""

from __future__ import annotations

import getpass


def operator() -> str:
    return f"cli:{getpass.getuser()}"
