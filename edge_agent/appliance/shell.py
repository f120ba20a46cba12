"""Other programs, as an installation runs them."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path


def run(*command: str | Path, env: Mapping[str, str] | None = None) -> str:
    """What it printed. Raises `subprocess.CalledProcessError`, which has what it complained of."""
    return attempt(*command, env=env, check=True).stdout


def attempt(
    *command: str | Path, env: Mapping[str, str] | None = None, check: bool = False
) -> subprocess.CompletedProcess[str]:
    # pip must not look at what another user installed, nor warn that it runs as root in a folder of its own.
    environment = {**os.environ, "PYTHONNOUSERSITE": "1", "PIP_ROOT_USER_ACTION": "ignore", **(env or {})}
    arguments = [str(part) for part in command]
    return subprocess.run(arguments, capture_output=True, text=True, check=check, env=environment)


def complaint(error: subprocess.CalledProcessError) -> str:
    """The last line that it wrote to stderr, most often the reason."""
    return next((line for line in reversed((error.stderr or "").splitlines()) if line.strip()), str(error))
