"""The device itself: ping, examination, upgrade, log level, policies, the centre's keys."""

from __future__ import annotations

import hashlib
import logging
import threading
from datetime import timedelta
from pathlib import Path

import msgspec

from edge_agent import __version__
from edge_agent.durable import replace_file
from edge_agent.model.kinds.plan import PolicyLoaded
from edge_agent.policies import local_policies, parse_policy
from edge_agent.store.facts import read_head
from edge_agent.store.writer import Transaction
from edge_agent.sync.commands.outcome import Asked, Done, ask
from edge_agent.sync.contract.codes import Code, RefusedError
from edge_agent.sync.contract.commands import Doctor, LogLevel, Ping, Policy, SupportBundle, TrustKey, Upgrade
from edge_agent.sync.contract.signing import Signed, Verifier, key_id, public_key
from edge_agent.sync.identity import Identity, IdentityFolder
from edge_agent.sync.release import Releases

log = logging.getLogger(__name__)


def ping(tx: Transaction, args: Ping, by: str) -> Done:
    del args, by
    head = read_head(tx.connection)
    return Done({"version": __version__, "epoch": head.epoch, "seq": head.seq, "trust": tx.stamp.trust.value})


def doctor(tx: Transaction, args: Doctor, by: str) -> Asked:
    del args
    return ask(tx, "doctor", {}, by=by, ttl=timedelta(minutes=10))


def support_bundle(tx: Transaction, args: SupportBundle, by: str) -> Asked:
    del args
    return ask(tx, "support_bundle", {}, by=by, ttl=timedelta(minutes=30))


def upgrade(tx: Transaction, args: Upgrade, by: str) -> Asked:
    wanted = {"version": args.version, "sha256": args.sha256, "url": args.url}
    return ask(tx, "upgrade", wanted, by=by, ttl=timedelta(days=2))


def note_policy(tx: Transaction, args: Policy, by: str) -> Done:
    """Say that the policy came; `keep_policy` has put its file in place before."""
    tx.append(PolicyLoaded(policy=args.id, sha256=args.sha256, source="centre"), by=by)
    return Done({"policy": f"{args.id}@{args.sha256}"})


class DeviceSettings:
    """What stands in files or in this process, and not in the database: done before the transaction, and repeatable."""

    def __init__(self, data_dir: Path, folder: IdentityFolder, releases: Releases, verifier: Verifier) -> None:
        self._data_dir = data_dir
        self._folder = folder
        self._verifier = verifier
        self._releases = releases
        self._timer: threading.Timer | None = None

    def keep_order(self, args: Upgrade, signed: Signed) -> None:
        self._releases.keep_order(args, signed)

    def keep_policy(self, args: Policy, signed: Signed) -> None:
        del signed
        content = args.toml.encode()
        if hashlib.sha256(content).hexdigest() != args.sha256:
            raise RefusedError(Code.HASH_DIFFERS, f"toml: its SHA-256 is not {args.sha256}.")
        policy = parse_policy(content, source=f"{args.id}.toml")
        if policy.id != args.id:
            raise RefusedError(Code.INVALID, f"id: the file says {policy.id}, the command {args.id}.")
        replace_file(local_policies(self._data_dir) / f"{args.id}.toml", content)

    def trust_key(self, args: TrustKey, signed: Signed) -> None:
        del signed
        public_key(args.public)

        def change(identity: Identity) -> Identity:
            kept = [key for key in identity.keys if key_id(public_key(key)) not in args.retire]
            keys = [*kept, *([] if args.public in kept else [args.public])]
            return msgspec.structs.replace(identity, keys=keys)

        self._verifier.trust(self._folder.change(change).public_keys())

    def set_log_level(self, args: LogLevel, signed: Signed) -> None:
        """For a while; afterwards, and after a restart, it is as it was."""
        del signed
        root = logging.getLogger()
        if self._timer is not None:
            self._timer.cancel()
        root.setLevel(args.level.upper())
        self._timer = threading.Timer(args.minutes * 60, root.setLevel, (logging.INFO,))
        self._timer.daemon = True
        self._timer.start()


def nothing(tx: Transaction, args: TrustKey | LogLevel, by: str) -> Done:
    """Its effect came before the transaction."""
    del tx, args, by
    return Done()
