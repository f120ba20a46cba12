"""A release that the centre orders: fetched here, checked, and left for root's own unit to switch to.

sync/releases/SHA256.order   the signed command, kept when it was taken
sync/releases/SHA256.tar     the bundle, as far as it has come
sync/releases/ready.json     the order, once the bundle is whole: what `edge-agent-upgrade.path` waits for

The sync service may not change software. Root does, and believes neither this folder nor the keys beside it: only an
order signed with a key of root's own file, and only the bundle that it names by its SHA-256.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from edge_agent import __version__
from edge_agent.clock import Clock
from edge_agent.durable import replace_file
from edge_agent.errors import DeviceError, InputError, NotFoundError
from edge_agent.store.requests import Request
from edge_agent.store.setup import version_parts
from edge_agent.sync.backoff import Backoff
from edge_agent.sync.contract.codes import Code, RefusedError
from edge_agent.sync.contract.commands import Command, Upgrade
from edge_agent.sync.contract.signing import Purpose, Signed, Verifier, public_key
from edge_agent.sync.contract.topics import Address
from edge_agent.sync.web import GoneError, LineError, Web, read_some

PARTIAL = 206


def root_keys(file: Path) -> Verifier | None:
    """Read the keys whose orders count, a line each; None where the device takes no orders at all."""
    try:
        lines = file.read_text("ascii").split()
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{file}: can't be read: {error}.", do="Give a public key in hex a line.") from error
    return Verifier(public_key(line) for line in lines)


class Releases:
    """The folder. `keys` is root's file of public keys."""

    def __init__(self, data_dir: Path, keys: Path) -> None:
        self.folder = data_dir / "sync" / "releases"
        self.ready = self.folder / "ready.json"
        self._keys = keys

    def bundle(self, sha256: str) -> Path:
        return self.folder / f"{sha256}.tar"

    def keep_order(self, args: Upgrade, signed: Signed) -> None:
        """Keep the command itself, for root to verify. Raises `RefusedError` where it can't come to anything."""
        keys = root_keys(self._keys)
        if keys is None:
            raise RefusedError(
                Code.UNSUPPORTED,
                f"This device takes no upgrades from a distance: {self._keys} is missing (未开启远程升级).",
                do="Put the public keys there whose orders shall count.",
            )
        keys.verify(Purpose.COMMAND, signed)
        if not args.url:
            raise RefusedError(Code.INVALID, "url: where the bundle lies is missing.")
        if version_parts(args.version) <= version_parts(__version__):
            raise RefusedError(Code.STALE, f"version {__version__} runs here, this is {args.version}.")
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        replace_file(self._order(args.sha256), msgspec.json.encode(signed), mode=0o600)

    def settle(self, sha256: str) -> None:
        """The bundle is whole: root's turn."""
        self._order(sha256).rename(self.ready)

    def read_ready(self, address: Address, now: datetime) -> Upgrade:
        """Give the order that counts. Raises `NotFoundError`, or `RefusedError` for one that root must not follow."""
        keys = root_keys(self._keys)
        if keys is None or not self.ready.exists():
            raise NotFoundError(
                "No upgrade was ordered (没有升级任务).", do="edge-agent central send AGENT COMMAND.json"
            )
        command = keys.open(Purpose.COMMAND, self.ready.read_bytes(), Command)
        if Address(command.tenant, command.agent) != address:
            raise RefusedError(Code.WRONG_AGENT, f"An order for {command.tenant}/{command.agent}.")
        if now > command.expires:
            raise RefusedError(Code.EXPIRED, f"The order expired at {command.expires:%F %T}.")
        if not isinstance(command.args, Upgrade):
            raise RefusedError(Code.INVALID, "The order is no upgrade.")
        return command.args

    def clear(self) -> None:
        """Forget every order and bundle."""
        for path in self.folder.glob("*"):
            path.unlink(missing_ok=True)  # not media: bundles of software

    def _order(self, sha256: str) -> Path:
        return self.folder / f"{sha256}.order"


class Fetcher:
    """Answers requests for a release: goes on where a broken line left it, until the request expires."""

    def __init__(self, releases: Releases, web: Web, clock: Clock, stopping: threading.Event) -> None:
        self._releases = releases
        self._web = web
        self._clock = clock
        self._stopping = stopping

    def fetch(self, request: Request) -> Mapping[str, Any]:
        url, sha256 = request.args["url"], request.args["sha256"]
        path, backoff = self._releases.bundle(sha256), Backoff()
        while True:
            try:
                self._continue(url, path)
                break
            except GoneError as error:
                raise NotFoundError(f"{url}: no bundle lies there: {error}.") from error
            except LineError as error:
                stamp = self._clock.stamp()
                if stamp.wall > request.expires or self._stopping.wait(backoff.pause(stamp.boottime)):
                    raise DeviceError(f"{url}: {error}.", do="Send the command again.") from error
        with path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        if digest != sha256:
            path.unlink()  # not media: a bundle that nobody ordered
            raise RefusedError(Code.HASH_DIFFERS, f"{url} has SHA-256 {digest}, ordered was {sha256}.")
        self._releases.settle(sha256)
        return {"version": request.args["version"], "fetched": path.stat().st_size}

    def _continue(self, url: str, path: Path) -> None:
        held = path.stat().st_size if path.exists() else 0
        headers = {"Range": f"bytes={held}-"} if held else {}
        answer = self._web.ask("GET", url, headers, whole=False)
        try:
            with path.open("ab" if answer.status == PARTIAL else "wb") as stream:
                while piece := read_some(answer):
                    stream.write(piece)
        finally:
            answer.close()
