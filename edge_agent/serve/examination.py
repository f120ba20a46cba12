"""The device examined as `edge-agent doctor` does it, and packed for support without a secret, a name or a face."""

from __future__ import annotations

import io
import json
import platform
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO

from edge_agent import __version__
from edge_agent.model.media import Media, MediaKind
from edge_agent.serve.agent import Agent
from edge_agent.serve.health import gather
from edge_agent.settings import Settings
from edge_agent.store import media
from edge_agent.store.database import Connection
from edge_agent.store.facts import recent_facts
from edge_agent.store.fsck import fsck
from edge_agent.store.requests import Request
from edge_agent.store.writer import Transaction
from edge_agent.upkeep.health import CHECKS, Finding, Level

FACTS = 1000
"""So many of the last facts are named by kind in a bundle."""

Found = Mapping[str, Sequence[Finding]]


def examine(agent: Agent, connection: Connection) -> Found:
    """Run every check, the database's own included."""
    faults = [each.what for each in fsck(agent.database, agent.files) if not each.harmless]
    view = gather(agent, connection, database_faults=faults)
    return {check.name: list(check.judge(view)) for check in CHECKS}


def tell(found: Found) -> dict[str, Any]:
    """Give the findings as plain JSON."""
    return {
        "version": __version__,
        "critical": any(finding.level is Level.CRITICAL for own in found.values() for finding in own),
        "checks": {
            name: [asdict(finding) | {"level": finding.level.name.lower()} for finding in own]
            for name, own in found.items()
        },
    }


def write_bundle(
    out: Path | BinaryIO, settings: Settings, told: Mapping[str, Any], connection: Connection | None
) -> None:
    """Pack findings, harmless settings, figures, and when which kind of fact was last written; contents stay here."""
    chosen = settings.model_dump(mode="json", include={"policy", "language", "sealed", "clock", "media", "disk"})
    system = {"python": platform.python_version(), "machine": platform.machine(), "system": platform.platform()}
    last = [] if connection is None else recent_facts(connection, limit=FACTS)
    facts = [
        {"fact": fact.name, "kind": fact.kind, "at": fact.stamp.wall.isoformat(), "trust": fact.stamp.trust.value}
        for fact in last
    ]
    parts = {"doctor.json": told, "settings.json": chosen, "system.json": system, "facts.json": facts}
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, json.dumps(content, ensure_ascii=False, indent=1))
        metrics = settings.store.metrics
        if metrics.exists():
            archive.write(metrics, "metrics.prom")


class Examiner:
    """Answers what the centre asks: the findings at once, the bundle as a file that then comes by itself.

    A bundle that the console asks for (`upload` false) stays here, to be taken from the page.
    """

    def __init__(self, agent: Agent) -> None:
        self._agent = agent

    def doctor(self, request: Request) -> Mapping[str, Any]:
        del request
        with self._agent.reading() as connection:
            return tell(examine(self._agent, connection))

    def support_bundle(self, request: Request) -> Mapping[str, Any]:
        agent, now = self._agent, self._agent.clock.stamp().wall
        packed = io.BytesIO()
        with agent.reading() as connection:
            write_bundle(packed, agent.settings, tell(examine(agent, connection)), connection)
        stored = agent.files.store(MediaKind.SUPPORT, ".zip", packed.getvalue(), now)
        row = Media(
            media.new_media_id(),
            MediaKind.SUPPORT,
            stored.path,
            stored.sha256,
            stored.size,
            now,
            now,
            mime="application/zip",
        )

        def keep(tx: Transaction) -> None:
            media.add(tx, row)
            if request.args.get("upload", True):
                media.request(tx, row.id)

        agent.writer.run(keep)
        return {"media": row.id, "size": row.size, "sha256": row.sha256}
