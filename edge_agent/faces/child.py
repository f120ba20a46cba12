"""The engine's process as its owner sees it: started on verified weights, asked one thing at a time, ended for good."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Self

from edge_agent.errors import DeviceError
from edge_agent.faces.landmarker import LANDMARKER
from edge_agent.faces.manifest import read_manifest, verified_weights
from edge_agent.faces.names import EngineName
from edge_agent.faces.wire import unpack

START_SECONDS = 20.0
"""Loading takes 0.4 s here; a Raspberry Pi reads 43 MB off a slow card and is busy starting everything else."""
_END_SECONDS = 0.5
_PACKAGE_PARENT = Path(__file__).parents[2]


class LostError(Exception):
    """The process died, hangs, or said something that can't be read."""


class Child:
    """A started engine; used by one thread. `link` can be waited for: it is readable when the process has ended."""

    def __init__(self, process: subprocess.Popen[bytes], link: Connection) -> None:
        self._process, self.link = process, link

    @classmethod
    def start(cls, folder: Path, engine: EngineName) -> Self:
        """Start and wait until the models are loaded.

        Raises `DeviceError` for weights that are missing, wrong or can't be loaded, `LostError` where nothing is said.
        """
        weights = _weights(folder, engine)
        ours, theirs = socket.socketpair()
        with theirs:
            command = [sys.executable, "-m", "edge_agent.faces.worker", str(theirs.fileno()), engine]
            process = subprocess.Popen(  # noqa: S603 - our own module, paths of our own settings
                [*command, *(str(path.absolute()) for path in weights)],
                pass_fds=(theirs.fileno(),),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                cwd=_PACKAGE_PARENT,
            )
        child = cls(process, Connection(ours.detach()))
        try:
            _require_ready(child._receive(START_SECONDS))
        except BaseException:
            child.end()
            raise
        return child

    @property
    def pid(self) -> int:
        return self._process.pid

    def ask(self, message: bytes, seconds: float) -> bytes:
        """Give the answer to a message; raises `LostError`, after which this child is of no more use."""
        try:
            self.link.send_bytes(message)
        except OSError as error:
            raise LostError(str(error)) from error
        return self._receive(seconds)

    def end(self) -> None:
        """Close the socket, at which it ends by itself, and kill it if it doesn't."""
        self.link.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_END_SECONDS)
        self._process.kill()
        self._process.wait()

    def _receive(self, seconds: float) -> bytes:
        if not self.link.poll(seconds):
            raise LostError(f"no answer in {seconds:g} s")
        try:
            return self.link.recv_bytes()
        except (EOFError, OSError) as error:
            raise LostError("its process ended") from error


def _require_ready(message: bytes) -> None:
    header, _ = unpack(message)
    if "error" in header:
        raise DeviceError(header["error"], do=header["do"])


def _weights(folder: Path, engine: EngineName) -> list[Path]:
    manifest = read_manifest()
    weights = verified_weights(engine, folder, manifest)
    if engine != "opencv":  # liveness needs the landmarker whichever engine tells faces apart
        weights[LANDMARKER] = verified_weights("opencv", folder, manifest)[LANDMARKER]
    return list(weights.values())
