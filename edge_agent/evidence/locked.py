"""An encrypted package read with its password: nothing of it is unpacked onto the disk.

Its headers are checked as those of every package are. An auditor without this software unpacks it with 7-Zip and
verifies the folder.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyzipper  # type: ignore[import-untyped] # it ships no types

from edge_agent.evidence.verify import BrokenError, Report, Zip

_CHUNK = 1 << 20
_ENCRYPTED, _AES_METHOD, _AES_EXTRA = 1, 99, 0x9901
_HEAD = b"PK\x03\x04"


def is_locked(path: Path) -> bool:
    """Say whether the first file of a zip is encrypted; False for whatever is no zip, or can't be read."""
    try:
        with path.open("rb") as stream:
            head = stream.read(8)
    except OSError:
        return False
    return head[:4] == _HEAD and bool(head[6:7] and head[6] & _ENCRYPTED)


class LockedZip(Zip):
    """The files of an AES zip. Raises `BrokenError` for another password than its own."""

    flags, methods, extras = Zip.flags | _ENCRYPTED, frozenset({_AES_METHOD}), Zip.extras | {_AES_EXTRA}

    def __init__(self, path: Path, report: Report, password: str) -> None:
        self._archive: Any = None
        self._offsets: dict[str, int] = {}
        self._extras: dict[str, bytes] = {}
        super().__init__(path, report)
        try:
            self._unlock(path, password)
        except BaseException:
            self.close()
            raise

    def _unlock(self, path: Path, password: str) -> None:
        try:
            self._archive = pyzipper.AESZipFile(path)
        except (pyzipper.BadZipFile, NotImplementedError) as error:
            raise BrokenError("压缩包目录已损坏 / the zip's directory is damaged") from error
        self._archive.setpassword(password.encode())
        self._infos = {info.header_offset: info for info in self._archive.infolist()}
        for name in list(self.sizes)[:1]:
            next(self.chunks(name), b"")  # a wrong password is said once, and not for every file

    def close(self) -> None:
        if self._archive is not None:
            self._archive.close()
        super().close()

    def _widen(self, extra: bytes, values: list[int], name: str) -> list[int]:
        """Both headers must say the same of how a file is encrypted; the directory's comes first."""
        how = _encryption(extra)
        if self._extras.setdefault(name, how) != how:
            raise BrokenError(f"{name}: 压缩包中两处文件头不一致 / the zip's two headers disagree on it")
        return super()._widen(extra, values, name)

    def _member(self, start: int, fields: list[int], name: str) -> int:
        self._offsets[name] = start  # found by place: a Windows that packed anew wrote names in its own code
        return super()._member(start, fields, name)

    def chunks(self, name: str) -> Iterator[bytes]:
        given = 0
        try:
            with self._archive.open(self._infos[self._offsets[name]]) as stream:
                while chunk := stream.read(_CHUNK):
                    given += len(chunk)
                    yield chunk
        except RuntimeError as error:
            raise BrokenError("密码不对 / the password is not that of this package") from error
        except (pyzipper.BadZipFile, EOFError, NotImplementedError) as error:
            raise BrokenError(f"{name}: 已损坏，无法读取 / damaged, can't be read") from error
        if given != self.sizes[name]:
            raise BrokenError(f"{name}: 已损坏，无法读取 / damaged, can't be read")


def _encryption(extra: bytes) -> bytes:
    """Give the extra field of a header that says how the file is encrypted; programs put times beside it."""
    at = 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<2H", extra, at)
        if kind == _AES_EXTRA:
            return extra[at : at + 4 + length]
        at += 4 + length
    return b""
