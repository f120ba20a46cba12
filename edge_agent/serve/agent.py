"""What every service and command starts from: settings, clock, writer and media folder, wired once."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from edge_agent.clock import Clock, Drift, SystemClock, host_keeps_time, read_kernel
from edge_agent.settings import Settings
from edge_agent.store.database import connect
from edge_agent.store.files import Ballast, MediaFiles
from edge_agent.store.setup import prepare
from edge_agent.store.writer import Writer


@dataclass(frozen=True)
class Agent:
    """One process's hold on the device. `writer` is shared by its threads; each reader has a connection of its own."""

    settings: Settings
    clock: Clock
    writer: Writer
    files: MediaFiles
    ballast: Ballast

    @property
    def database(self) -> Path:
        return self.settings.store.database

    def connect(self) -> sqlite3.Connection:
        """Open a connection for reading; close it, or keep it for one thread."""
        return connect(self.database, readonly=True)

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        connection = self.connect()
        try:
            yield connection
        finally:
            connection.close()


def make_clock(settings: Settings) -> SystemClock:
    drift = Drift(ppm=settings.clock.drift_ppm, rtc_ppm=settings.clock.rtc_ppm, limit=settings.clock.holdover_limit)
    kernel = host_keeps_time if settings.clock.kept_by_host else read_kernel
    return SystemClock(settings.store.data_dir / "clock.json", drift=drift, kernel=kernel)


def prepare_agent(settings: Settings) -> None:
    """Do what must be done once before any service: folders, database, epoch, ballast."""
    settings.store.data_dir.mkdir(parents=True, exist_ok=True)
    settings.store.media.mkdir(parents=True, exist_ok=True)
    prepare(settings.store.database, make_clock(settings), agent=settings.agent)
    _ballast(settings).ensure()


@contextmanager
def open_agent(settings: Settings, *, clock: Clock | None = None) -> Iterator[Agent]:
    """Open a prepared data folder. Raises `StorageError` where it is missing, damaged, older or newer."""
    clock = clock or make_clock(settings)
    ballast = _ballast(settings)
    writer = Writer(settings.store.database, clock, on_full=ballast.release)
    try:
        yield Agent(settings, clock, writer, MediaFiles(settings.store.media), ballast)
    finally:
        writer.close()


def _ballast(settings: Settings) -> Ballast:
    return Ballast(settings.store.data_dir / "ballast", settings.store.ballast_bytes)
