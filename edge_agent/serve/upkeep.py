"""The upkeep service: clock, seals, retention, high-water mark. It talks to nothing but the database and the disk."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path

from edge_agent.evidence.keys import SealSigner, load_or_make
from edge_agent.evidence.keystore import KeyStore, choose
from edge_agent.evidence.seal import EVERY, seal_head
from edge_agent.evidence.verdicts import VerdictKeeper
from edge_agent.model.fact import Payload
from edge_agent.model.kinds.system import ClockStepped
from edge_agent.policies import LoadedPolicy, keep_policy, load_policy
from edge_agent.serve.agent import Agent, on_record, open_agent
from edge_agent.serve.errands import Errands
from edge_agent.serve.examination import Examiner
from edge_agent.serve.exports import EXPORT, Exporter
from edge_agent.serve.health import archive_disk, gather
from edge_agent.serve.housekeeping import Housekeeping
from edge_agent.serve.tick import Ticker
from edge_agent.settings import Settings
from edge_agent.store.alarms import OpenAlarm, keep_open, list_open
from edge_agent.store.outages import OutageLog
from edge_agent.store.setup import note_high_water
from edge_agent.store.writer import Transaction
from edge_agent.upkeep.alarms import Alarms
from edge_agent.upkeep.archivist import Archivist
from edge_agent.upkeep.board import note_board
from edge_agent.upkeep.disk import MB
from edge_agent.upkeep.health import examine
from edge_agent.upkeep.health.disk import without_space
from edge_agent.upkeep.metrics import write_metrics
from edge_agent.upkeep.power import PowerLog
from edge_agent.upkeep.space import free_space, reserves, rules_of
from edge_agent.upkeep.timekeeper import Timekeeper

MARK_SECONDS = 5.0
SPACE_SECONDS = 60.0
HEALTH_SECONDS = 30.0
METRICS_SECONDS = 60.0
ARCHIVE_SECONDS = 60.0


def seal_keys(settings: Settings) -> KeyStore:
    return choose(settings.store.data_dir / "keys", settings.seal.key)


def _load_and_keep(policy: str) -> LoadedPolicy:
    """Load a policy, and keep its file for the packages of the years to come."""
    loaded = load_policy(policy)
    keep_policy(loaded)
    return loaded


class Upkeep:
    """One tick's work; each job has its own due time on the boot clock."""

    def __init__(self, agent: Agent) -> None:
        self._agent = agent
        self._reader = agent.connect()
        self._timekeeper = Timekeeper()
        self._power = PowerLog(agent.writer, self._reader, _last_written(agent.settings.store.metrics))
        self._full = OutageLog("disk", agent.writer, self._reader)
        note_board(agent.settings.store.data_dir)
        self._signer = load_or_make(seal_keys(agent.settings), agent.writer)
        policy = load_policy(agent.settings.policy).policy
        self._rules = rules_of(agent.settings.media, policy.retention.snapshot_years)
        self._verdicts = VerdictKeeper(agent.writer, cache(_load_and_keep))
        self._raised = list_open(self._reader)
        self._alarms = Alarms(self._raised)
        examiner = Examiner(agent)
        self._errands = Errands(
            agent.writer,
            {
                EXPORT: Exporter(agent, self._seal).make,
                "doctor": examiner.doctor,
                "support_bundle": examiner.support_bundle,
            },
        )
        disk = archive_disk(agent.settings, self._reader)
        self._archivist = disk and Archivist(
            disk, agent.writer, agent.files, keep_free=agent.settings.archive.keep_free_mb * MB
        )
        self._archive_reader = agent.connect()
        self._housekeeping = Housekeeping(agent, policy.zone, disk)
        self._due: dict[str, float] = {}

    def tick(self) -> None:
        agent = self._agent
        stamp = agent.clock.stamp()
        facts = self._timekeeper.observe(stamp)
        if facts:
            agent.writer.append(*facts)
        self._power.observe(stamp)
        if any(isinstance(fact, ClockStepped) for fact in facts):
            self._housekeeping.rebuild()
        given = self._verdicts.tick(self._reader, stamp)
        if given is not None or self._is_due("seal", EVERY.total_seconds()):
            self._seal()  # every minute, and at the end of a lesson
        self._errands.tick(self._reader)
        if self._is_due("mark", MARK_SECONDS):
            note_high_water(agent.database, self._reader)
        if self._is_due("space", SPACE_SECONDS):
            agent.ballast.ensure()
            keep = reserves(agent.settings.disk).substream
            free_space(agent.writer, self._reader, agent.files, self._rules, stamp.wall, keep_free=keep)
        if self._archivist and self._is_due("archive", ARCHIVE_SECONDS):
            self._archivist.start(self._archive_reader)
        if self._is_due("health", HEALTH_SECONDS):
            self._examine()

    def close(self) -> None:
        """Seal and mark what the last seconds brought, then let go."""
        self._housekeeping.close()
        if self._archivist:
            self._archivist.close()
        self._errands.close()
        self._seal()
        note_high_water(self._agent.database, self._reader)
        self._reader.close()

    def _seal(self) -> SealSigner:
        """Seal the head, and give the key that is in use: somebody may have rotated it."""
        if seal_head(self._agent.writer, self._signer) is None:
            self._signer = load_or_make(seal_keys(self._agent.settings), self._agent.writer)
            seal_head(self._agent.writer, self._signer)
        return self._signer

    def _examine(self) -> None:
        agent = self._agent
        archive = self._archivist.view(self._reader) if self._archivist else None
        view = gather(agent, self._reader, database_faults=self._housekeeping.faults, archive=archive)
        findings = list(examine(view))
        facts, raised = self._alarms.update(findings), self._alarms.raised
        if raised != self._raised or facts:
            agent.writer.run(partial(_put_down, facts=facts, raised=raised))
            self._raised = raised
        self._full.update(without_space(findings))
        if self._is_due("metrics", METRICS_SECONDS):
            write_metrics(agent.settings.store.metrics, view, raised)

    def _is_due(self, job: str, every: float) -> bool:
        now = self._agent.clock.boottime()
        if now < self._due.get(job, 0.0):
            return False
        self._due[job] = now + every
        return True


def _last_written(file: Path) -> datetime | None:
    try:
        return datetime.fromtimestamp(file.stat().st_mtime, UTC)
    except OSError:
        return None


def _put_down(tx: Transaction, facts: Sequence[Payload], raised: Sequence[OpenAlarm]) -> None:
    tx.extend(facts)
    keep_open(tx, raised)


def serve(settings: Settings) -> None:
    """Run until SIGTERM."""
    with open_agent(settings) as agent:
        with on_record(agent, "upkeep"):
            upkeep = Upkeep(agent)
            Ticker(upkeep.tick).run()
        upkeep.close()  # last, so that the last seal covers the stop
