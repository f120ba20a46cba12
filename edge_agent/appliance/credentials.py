"""Keys that a service only reads: kept where root alone reads them, and handed over by systemd (`LoadCredential=`).

Before each start of the services a key is made where there is none yet, on the device and not in an image, which would
give all devices the same one; or the key that a service has made in the data folder is copied. The copy is read back
before anything else happens, and the old file stays as long as a release is installed that would look for it.
"""

from __future__ import annotations

import os
import pwd
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from edge_agent.appliance.layout import Layout
from edge_agent.appliance.release import Release
from edge_agent.appliance.talk import RefusalError, say

PREFIX = "edge-agent."
_BYTES = 32
_OTHERS = 0o077


@dataclass(frozen=True)
class Key:
    """`file`, below the data folder, is where its service made it, and makes it where nobody hands it one."""

    file: str
    user: str

    @property
    def name(self) -> str:
        return Path(self.file).name


KEYS = (Key("faces/faces.key", "edge-kiosk"), Key("secrets.key", "edge-capture"))


def keep(layout: Layout, owner: Callable[[str], int] = lambda user: pwd.getpwnam(user).pw_uid) -> None:
    """Make the credentials that are missing; `owner` gives a user's number.

    Raises `RefusalError` for a disk that can't be written.
    """
    try:
        _keep(layout, owner)
    except OSError as error:
        raise RefusalError(
            f"{layout.credentials}：密钥无法写入（{error}），服务改用数据目录中的密钥",
            f"Keys can't be kept there ({error.strerror}): services use those in the data folder",
        ) from error


def _keep(layout: Layout, owner: Callable[[str], int]) -> None:
    layout.credentials.mkdir(mode=0o700, parents=True, exist_ok=True)
    needed = not all(Release(folder).takes_credentials for folder in layout.versions.iterdir())
    for key in KEYS:
        file, kept = layout.database.parent / key.file, layout.credentials / (PREFIX + key.name)
        if (layout.encrypted_credentials / kept.name).exists():
            continue  # whoever encrypted it has checked it
        if not kept.exists():
            _write(kept, _read(file, owner(key.user)) or os.urandom(_BYTES))
            say(f"密钥 {key.name} 改由系统交给服务：{kept}", "systemd hands this key to its service from now on")
        if not needed and _read(file, owner(key.user)) == kept.read_bytes():
            file.unlink()


def _read(file: Path, owner: int) -> bytes | None:
    """The key of that user in `file`. Services write this folder: a link, or another user's file, is none."""
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    with open(descriptor, "rb") as stream:  # noqa: PTH123 - of a descriptor, so that what was looked at is what is read
        found = os.fstat(descriptor)
        its_own = stat.S_ISREG(found.st_mode) and found.st_uid == owner and not found.st_mode & _OTHERS
        content = stream.read(_BYTES + 1) if its_own else b""
    return content if len(content) == _BYTES else None


def _write(kept: Path, key: bytes) -> None:
    """Whole on the disk and read back, or not at all."""
    part = kept.with_name(f".{kept.name}")
    part.unlink(missing_ok=True)
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400)
    with open(descriptor, "wb") as stream:  # noqa: PTH123 - of a descriptor, so that the mode is right from the start
        stream.write(key)
        stream.flush()
        os.fsync(descriptor)
    if part.read_bytes() != key:
        raise RefusalError(f"{part} 写入后读回不同", f"{part} reads differently from what was written")
    part.rename(kept)
    folder = os.open(kept.parent, os.O_RDONLY | os.O_DIRECTORY)
    os.fsync(folder)
    os.close(folder)
