"""Where the seal key lies: in a file, or sealed by the machine's TPM, which gives it to this machine alone.

TPMs of small machines sign with RSA and NIST's curves, not with Ed25519; so the TPM doesn't sign: it wraps the 32 bytes
(a sealed data object, TPM 2.0 part 1, 12.6) under its storage primary, whose secret never leaves the chip. A copied
disk holds nothing of use. While the service runs, the key is in its memory, as it is with a file.

Both stores answer the same questions and are tested by the same suite, the TPM one against swtpm.
"""

from __future__ import annotations

import base64
import json
import os
import secrets
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol, Self

from edge_agent.durable import replace_file
from edge_agent.errors import StorageError
from edge_agent.secrets import create_key, read_key

DEVICE = Path("/dev/tpmrm0")
"""The kernel's TPM with its resource manager: several processes may use it at once."""

Wish = Literal["auto", "file", "tpm"]
_KEY_BYTES = 32
_PATIENCE = 30.0  # seconds: a discrete TPM makes its primary in one or two
_OTHERS = 0o077


class KeyStore(Protocol):
    """One key of 32 bytes at a path of its own."""

    @property
    def path(self) -> Path: ...

    def create(self) -> bytes:
        """Make a key and keep it. Raises `FileExistsError` where there is one."""
        ...

    def read(self) -> bytes:
        """Raises `StorageError` for a key that can't be had, that others can read, or that is damaged."""
        ...

    def beside(self, suffix: str) -> Self:
        """Give the place of another key of the same kind."""
        ...


@dataclass(frozen=True)
class FileKeys:
    """In a file of mode 0600 below the data folder."""

    path: Path

    def create(self) -> bytes:
        return create_key(self.path)

    def read(self) -> bytes:
        return read_key(self.path)

    def beside(self, suffix: str) -> Self:
        return type(self)(self.path.with_suffix(suffix))


@dataclass(frozen=True)
class TpmKeys:
    """Sealed by a TPM 2.0; the file holds what only this TPM opens. `tcti` says where the TPM is (tpm2-tools)."""

    path: Path
    tcti: str = f"device:{DEVICE}"

    def create(self) -> bytes:
        if self.path.exists():
            raise FileExistsError(self.path)
        key = secrets.token_bytes(_KEY_BYTES)
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            self._primary(folder)
            sealed = ("-u", f"{folder}/public", "-r", f"{folder}/private")
            self._run("tpm2_create", "-C", f"{folder}/primary", "-i", "-", *sealed, given=key)
            parts = {part: base64.b64encode((folder / part).read_bytes()).decode() for part in ("public", "private")}
        replace_file(self.path, json.dumps(parts).encode(), mode=0o600)
        return key

    def read(self) -> bytes:
        try:
            mode, text = self.path.stat().st_mode, self.path.read_text("ascii")
            parts = {part: base64.b64decode(json.loads(text)[part]) for part in ("public", "private")}
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise StorageError(
                f"{self.path}: the sealed key can't be read (密钥文件损坏或无权读取).",
                do="Run as the user that made it, or restore the file: only this machine's TPM opens it.",
            ) from error
        if mode & _OTHERS:
            raise StorageError(f"{self.path}: others can read it (密钥文件权限过宽).", do=f"Run: chmod 600 {self.path}")
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            for part, content in parts.items():
                (folder / part).write_bytes(content)
            self._primary(folder)
            sealed = ("-u", f"{folder}/public", "-r", f"{folder}/private")
            self._run("tpm2_load", "-C", f"{folder}/primary", *sealed, "-c", f"{folder}/key")
            key = self._run("tpm2_unseal", "-c", f"{folder}/key")
        if len(key) != _KEY_BYTES:
            raise StorageError(f"{self.path}: not a key of {_KEY_BYTES} bytes.", do="Restore it from the backup.")
        return key

    def beside(self, suffix: str) -> Self:
        return type(self)(self.path.with_suffix(f"{suffix}.tpm"), self.tcti)

    def _primary(self, folder: Path) -> None:
        """The storage primary: the same each time, made anew from the chip's own seed."""
        self._run("tpm2_createprimary", "-C", "o", "-g", "sha256", "-G", "ecc", "-c", f"{folder}/primary")

    def _run(self, program: str, *arguments: str, given: bytes = b"") -> bytes:
        command = [f"/usr/bin/{program}", "-T", self.tcti, *arguments]
        try:
            done = subprocess.run(command, input=given, capture_output=True, check=True, timeout=_PATIENCE)  # noqa: S603 - ours
            # Without a resource manager, what was made stays in the chip's few places.
            flush = ["/usr/bin/tpm2_flushcontext", "-T", self.tcti, "-t"]
            subprocess.run(flush, capture_output=True, check=False, timeout=_PATIENCE)  # noqa: S603 - ours
        except FileNotFoundError as error:
            raise StorageError(f"{program} is not installed.", do="Run: apt install tpm2-tools") from error
        except subprocess.TimeoutExpired as error:
            raise StorageError(
                f"The TPM does not answer (TPM 无响应): {program}.", do="Restart the machine."
            ) from error
        except subprocess.CalledProcessError as error:
            said = error.stderr.decode(errors="replace").strip().splitlines()
            raise StorageError(
                f"The TPM refuses (TPM 拒绝): {program}: {said[-1] if said else error.returncode}.",
                do="If this is another machine, or its TPM was cleared, the key is lost: see docs/evidence.md.",
            ) from error
        return done.stdout


def choose(folder: Path, wish: Wish, *, device: Path = DEVICE) -> KeyStore:
    """Give where the seal key lies, or shall lie: where there is one already, else in the TPM if there is one.

    A key is never moved: whoever wants the other place rotates into it.
    """
    file, tpm = FileKeys(folder / "seal.key"), TpmKeys(folder / "seal.tpm", f"device:{device}")
    if wish != "auto":
        return tpm if wish == "tpm" else file
    if tpm.path.exists():
        return tpm
    usable = os.access(device, os.R_OK | os.W_OK) and Path("/usr/bin/tpm2_unseal").exists()
    return tpm if usable and not file.path.exists() else file
