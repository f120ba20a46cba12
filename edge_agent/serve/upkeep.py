"""The upkeep service: clock, seals, retention, high-water mark. It talks to nothing but the database and the disk."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from functools import cache
from pathlib import Path

from edge_agent import __version__
from edge_agent.evidence.keys import load_or_make
from edge_agent.evidence.seal import EVERY, keep_media_root, seal_head
from edge_agent.evidence.verdicts import VerdictKeeper
from edge_agent.model.kinds.system import ServiceStarted, ServiceStopped
from edge_agent.policies import load_policy
from edge_agent.serve.agent import Agent, open_agent
from edge_agent.serve.tick import Ticker
from edge_agent.settings import Settings
from edge_agent.store import requests
from edge_agent.store.setup import note_high_water
from edge_agent.upkeep.space import free_space, reserves, rules_of
from edge_agent.upkeep.timekeeper import Timekeeper

MARK_SECONDS = 5.0
SPACE_SECONDS = 60.0
FORGET_AFTER = timedelta(days=7)


def seal_key_file(settings: Settings) -> Path:
    return settings.store.data_dir / "keys" / "seal.key"


class Upkeep:
    """One tick's work; each job has its own due time on the boot clock."""

    def __init__(self, agent: Agent) -> None:
        self._agent = agent
        self._reader = agent.connect()
        self._timekeeper = Timekeeper()
        self._signer = load_or_make(seal_key_file(agent.settings), agent.writer)
        self._policy = load_policy(agent.settings.policy).policy
        self._rules = rules_of(agent.settings.media, self._policy.retention.snapshot_years)
        self._verdicts = VerdictKeeper(agent.writer, cache(load_policy))
        self._due: dict[str, float] = {}

    def tick(self) -> None:
        agent = self._agent
        stamp = agent.clock.stamp()
        facts = self._timekeeper.observe(stamp)
        if facts:
            agent.writer.append(*facts)
        given = self._verdicts.tick(self._reader, stamp)
        if given is not None or self._is_due("seal", EVERY.total_seconds()):
            seal_head(agent.writer, self._signer)  # every minute, and at the end of a lesson
        if self._is_due("mark", MARK_SECONDS):
            note_high_water(agent.database, self._reader)
        if self._is_due("space", SPACE_SECONDS):
            self._tidy(stamp.wall)

    def close(self) -> None:
        """Seal and mark what the last seconds brought, then let go."""
        seal_head(self._agent.writer, self._signer)
        note_high_water(self._agent.database, self._reader)
        self._reader.close()

    def _tidy(self, now: datetime) -> None:
        agent = self._agent
        agent.ballast.ensure()
        keep = reserves(agent.settings.disk).substream
        free_space(agent.writer, self._reader, agent.files, self._rules, now, keep_free=keep)
        agent.writer.run(lambda tx: requests.forget(tx, now - FORGET_AFTER))
        local = now.astimezone(self._policy.zone)
        yesterday = local.date() - timedelta(days=1)
        midnight = datetime.combine(local.date(), time(), self._policy.zone)
        keep_media_root(agent.writer, yesterday, midnight - timedelta(days=1), midnight)

    def _is_due(self, job: str, every: float) -> bool:
        now = self._agent.clock.boottime()
        if now < self._due.get(job, 0.0):
            return False
        self._due[job] = now + every
        return True


def serve(settings: Settings) -> None:
    """Run until SIGTERM."""
    with open_agent(settings) as agent:
        agent.writer.append(ServiceStarted(service="upkeep", version=__version__))
        upkeep = Upkeep(agent)
        Ticker(upkeep.tick).run()
        agent.writer.append(ServiceStopped(service="upkeep"))
        upkeep.close()
