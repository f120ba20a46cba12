"""The zip that a package is, written so that every byte of it is a file's content or a field that verifiers check.

Files are stored, not deflated: pictures, sheets and pages are compressed already, and a deflated stream has bits that
mean nothing, so that a change of them could not be found. All members say the same time and the same attributes.
"""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Iterable
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import IO, Any

import pyzipper  # type: ignore[import-untyped] # it ships no types

_CHUNK = 1 << 20
_MODE = 0o100644 << 16
_UNIX = 3
_WIDE = 1 << 31  # bytes: a file as large as this needs the zip's 64-bit sizes


class Archive:
    """A zip that notes each file's digest for the manifest as it is written. Names are UTF-8: they unzip right.

    With a password it is an AES zip (WinZip's AE-2, 256 bits), which 7-Zip, Bandizip and WinRAR open.
    """

    def __init__(self, path: Path, made: datetime, password: str = "") -> None:
        self.files: list[dict[str, Any]] = []
        self._made = made.timetuple()[:6]
        self._zip: Any
        if password:
            self._zip = pyzipper.AESZipFile(path, "w", encryption=pyzipper.WZ_AES)
            self._zip.setpassword(password.encode())
            self._info = pyzipper.zipfile_aes.AESZipInfo
        else:
            self._zip, self._info = zipfile.ZipFile(path, "w"), zipfile.ZipInfo

    def add(self, name: str, content: bytes, **more: str) -> None:
        self.finish(name, content)
        self._note(name, hashlib.sha256(content).hexdigest(), len(content), more)

    def add_lines(self, name: str, lines: Iterable[str]) -> None:
        """Write line by line: a long journal never lies in memory at once."""
        digest, size = hashlib.sha256(), 0
        with self._open(name) as stream:
            for line in lines:
                data = line.encode() + b"\n"
                stream.write(data)
                digest.update(data)
                size += len(data)
        self._note(name, digest.hexdigest(), size, {})

    def add_file(self, name: str, path: Path, **more: str) -> None:
        digest, size = hashlib.sha256(), 0
        with path.open("rb") as source, self._open(name, wide=path.stat().st_size >= _WIDE) as stream:
            while chunk := source.read(_CHUNK):
                stream.write(chunk)
                digest.update(chunk)
                size += len(chunk)
        self._note(name, digest.hexdigest(), size, more)

    def finish(self, name: str, content: bytes) -> None:
        """Write a file that the manifest doesn't list: itself and its signature."""
        with self._open(name) as stream:
            stream.write(content)

    def close(self) -> None:
        self._zip.close()

    def _open(self, name: str, *, wide: bool = False) -> AbstractContextManager[IO[bytes]]:
        info = self._info(name, self._made)
        info.external_attr, info.create_system = _MODE, _UNIX
        opened: AbstractContextManager[IO[bytes]] = self._zip.open(info, "w", force_zip64=wide)
        return opened

    def _note(self, name: str, sha256: str, size: int, more: dict[str, str]) -> None:
        self.files.append({"path": name, "sha256": sha256, "size": size, **more})
