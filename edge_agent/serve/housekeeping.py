"""Work by the calendar: the daily check of the database, the daily backup, the media root of the day before.

APScheduler runs it in a thread of its own, because a check of a large database takes longer than a tick. Its timers
wait for a wall time and stall after the clock was set back (tried: none in 15 s), so it is built anew after every step.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from apscheduler.executors.pool import ThreadPoolExecutor  # type: ignore[import-untyped] # it ships no types
from apscheduler.schedulers.background import BackgroundScheduler  # type: ignore[import-untyped] # it ships no types
from apscheduler.triggers.cron import CronTrigger  # type: ignore[import-untyped] # it ships no types

from edge_agent.errors import EdgeAgentError
from edge_agent.evidence.seal import keep_media_root
from edge_agent.model.kinds.system import BackupMade
from edge_agent.serve.agent import Agent
from edge_agent.store import requests
from edge_agent.store.archive import ArchiveDisk
from edge_agent.store.backup import make_backup
from edge_agent.store.fsck import fsck

log = logging.getLogger(__name__)

KEPT_BACKUPS = 7
FORGET_AFTER = timedelta(days=7)
_LATE = 6 * 3600  # seconds
# Hour, minute and name of each job, and its delay after a start: a device that is off at night does it in the morning.
# Each is idempotent within its day.
_DAILY = (
    (0, 10, "root", timedelta(seconds=1)),
    (3, 0, "back_up", timedelta(minutes=5)),
    (3, 30, "check", timedelta(minutes=10)),
)


class Housekeeping:
    """The daily jobs. `faults` are those of the last check of the database."""

    def __init__(self, agent: Agent, zone: ZoneInfo, archive: ArchiveDisk | None = None) -> None:
        self._agent, self._zone, self._archive = agent, zone, archive
        self.faults: tuple[str, ...] = ()
        self._scheduler: BackgroundScheduler | None = None
        self.rebuild()

    def rebuild(self) -> None:
        """Start anew by the clock as it is now."""
        self.close()
        scheduler = BackgroundScheduler(timezone=self._zone, executors={"default": ThreadPoolExecutor(1)})
        now = self._agent.clock.stamp().wall
        for hour, minute, job, delay in _DAILY:
            trigger = CronTrigger(hour=hour, minute=minute, timezone=self._zone)
            scheduler.add_job(
                self._safely(getattr(self, job)), trigger, misfire_grace_time=_LATE, next_run_time=now + delay
            )
        scheduler.start()
        self._scheduler = scheduler

    def close(self) -> None:
        if self._scheduler is not None:
            self._scheduler.shutdown(wait=False)
            self._scheduler = None

    def check(self) -> None:
        """Look at every page and every link."""
        findings = fsck(self._agent.database, self._agent.files)
        self.faults = tuple(f"{each.subject}: {each.what}" for each in findings if not each.harmless)

    def back_up(self) -> None:
        """Keep a copy of a week's databases beside the media, and one on the archive disk where that is there."""
        now = self._agent.clock.stamp().wall.astimezone(self._zone)
        folder = self._agent.files.root.parent / "backups"
        folder.mkdir(exist_ok=True)
        out = folder / f"edge_agent-{now:%Y%m%d}.db"
        if out.exists():
            return
        backup = make_backup(self._agent.database, out)
        self._agent.writer.append(BackupMade(name=out.name, sha256=backup.sha256, epoch=backup.epoch, seq=backup.seq))
        for old in sorted(folder.glob("edge_agent-*.db"))[:-KEPT_BACKUPS]:
            old.unlink()  # not media: a backup that newer ones replace
        if self._archive is not None and self._archive.is_there():
            self._archive.keep(out, f"backups/{out.name}", backup.sha256)

    def root(self) -> None:
        """Put yesterday's media root on the record; drop old requests."""
        now = self._agent.clock.stamp().wall
        local = now.astimezone(self._zone)
        midnight = datetime.combine(local.date(), time(), self._zone)
        keep_media_root(self._agent.writer, local.date() - timedelta(days=1), midnight - timedelta(days=1), midnight)
        self._agent.writer.run(lambda tx: requests.forget(tx, now - FORGET_AFTER))

    def _safely(self, job: Callable[[], None]) -> Callable[[], None]:
        def run() -> None:
            try:
                job()
            except (EdgeAgentError, OSError, sqlite3.Error) as error:
                log.error("%s: %s", job.__name__, error)  # noqa: TRY400 - a full disk at night is a line, not a trace

        return run
