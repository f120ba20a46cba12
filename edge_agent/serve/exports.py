"""Packages that the console asks for: made here, because only `upkeep` holds the seal key."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from contextlib import closing
from datetime import date
from typing import Any

from edge_agent.evidence.keys import SealSigner
from edge_agent.evidence.orders import EXPORT, password_of, publish_address
from edge_agent.evidence.package import Source, Wanted, make_package
from edge_agent.model.kinds.system import PackageMade
from edge_agent.model.media import Media, MediaKind
from edge_agent.policies import load_policy
from edge_agent.secrets import SecretBox
from edge_agent.serve.agent import Agent
from edge_agent.store import media
from edge_agent.store.files import TEMPORARY
from edge_agent.store.requests import Request
from edge_agent.store.training import get_class
from edge_agent.store.writer import Transaction

__all__ = ["EXPORT", "Exporter"]


class Exporter:
    """Makes the packages that are asked for; `sealed` seals the head and gives the key that is in use."""

    def __init__(self, agent: Agent, sealed: Callable[[], SealSigner]) -> None:
        self._agent, self._sealed = agent, sealed
        self._box = SecretBox.at(agent.settings.store.data_dir / "keys" / "letters.key")
        publish_address(agent.writer, self._box)

    def make(self, request: Request) -> dict[str, Any]:
        agent, args = self._agent, request.args
        signer = self._sealed()
        stamp = agent.clock.stamp()
        folder = agent.files.root / MediaKind.EXPORT / TEMPORARY
        folder.mkdir(parents=True, exist_ok=True)
        out = folder / f"{secrets.token_hex(8)}.zip"
        password = password_of(args, self._box)
        wanted = Wanted(
            class_id=args["class_id"],
            since=_date(args, "since"),
            until=_date(args, "until"),
            lesson=args.get("lesson", ""),
            with_video=bool(args.get("with_video")),
            full_ids=bool(password),
            password=password,
        )
        with closing(agent.connect()) as connection:
            policy = load_policy(get_class(connection, wanted.class_id).policy)
            made = make_package(Source(connection, agent.files, signer, policy), wanted, out, stamp)
        stored = agent.files.adopt(MediaKind.EXPORT, out, stamp.wall)
        row = Media(
            id=media.new_media_id(),
            kind=MediaKind.EXPORT,
            path=stored.path,
            sha256=stored.sha256,
            size=stored.size,
            start=stamp.wall,
            end=stamp.wall,
            lesson=wanted.lesson,
            mime="application/zip",
        )
        fact = PackageMade(
            class_id=wanted.class_id,
            sha256=stored.sha256,
            size=stored.size,
            scope=made.scope,
            full_ids=wanted.full_ids,
            with_video=wanted.with_video,
        )

        def keep(tx: Transaction) -> None:
            media.add(tx, row, class_id=wanted.class_id, scope=made.scope, encrypted=wanted.full_ids)
            tx.append(fact, by=request.by)

        agent.writer.run(keep)
        return {
            "media": row.id,
            "size": row.size,
            "scope": made.scope,
            "incomplete": made.incomplete,
            "missing": made.missing_media,
        }


def _date(args: Mapping[str, Any], name: str) -> date | None:
    given = args.get(name)
    return date.fromisoformat(given) if given else None
