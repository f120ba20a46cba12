"""What every service and command starts from: settings, clock, writer and media folder, wired once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from edge_agent import __version__
from edge_agent.clock import Clock, Drift, SystemClock, host_keeps_time, read_kernel
from edge_agent.errors import DiskFullError, StorageError
from edge_agent.model.kinds.system import Service, ServiceStarted, ServiceStopped
from edge_agent.policies import use_policies_of
from edge_agent.sealed import seal_process
from edge_agent.settings import Settings
from edge_agent.store import lives
from edge_agent.store.database import Connection, connect
from edge_agent.store.facts import Head
from edge_agent.store.files import Ballast, MediaFiles
from edge_agent.store.setup import prepare
from edge_agent.store.writer import Writer

T = TypeVar("T")


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

    def connect(self) -> Connection:
        """Open a connection for reading; close it, or keep it for one thread."""
        return connect(self.database, readonly=True)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        connection = self.connect()
        try:
            yield connection
        finally:
            connection.close()


def make_clock(settings: Settings) -> SystemClock:
    drift = Drift(ppm=settings.clock.drift_ppm, rtc_ppm=settings.clock.rtc_ppm, limit=settings.clock.holdover_limit)
    kernel = host_keeps_time if settings.clock.kept_by_host else read_kernel
    return SystemClock(settings.store.data_dir / "clock.json", drift=drift, kernel=kernel)


def prepare_agent(settings: Settings) -> Head:
    """Do what must be done once before any service: folders, database, epoch, ballast; give the journal's head.

    Raises `StorageError` where a folder can't be made or written.
    """
    for folder in (settings.store.data_dir, settings.store.media):
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StorageError(
                f"{folder}: can't be made: {error.strerror} (目录无法创建).", do="Check the disk and store.data_dir."
            ) from error
    ballast, clock = _ballast(settings), make_clock(settings)
    head = _with(ballast, lambda: prepare(settings.store.database, clock, agent=settings.agent))
    ballast.ensure()
    return head


@contextmanager
def open_agent(settings: Settings, *, clock: Clock | None = None) -> Iterator[Agent]:
    """Open a prepared data folder. Raises `StorageError` where it is missing, damaged, older or newer."""
    clock = clock or make_clock(settings)
    use_policies_of(settings.store.data_dir)
    if settings.sealed:
        seal_process(settings.lan)
    ballast = _ballast(settings)
    writer = _with(ballast, lambda: Writer(settings.store.database, clock, on_full=ballast.release))
    try:
        yield Agent(settings, clock, writer, MediaFiles(settings.store.media), ballast)
    finally:
        writer.close()


def _with(ballast: Ballast, start: Callable[[], T]) -> T:
    """Start on a full disk, too: only to open the database SQLite needs some space, and check-in never stops."""
    try:
        return start()
    except DiskFullError:
        if not ballast.release():
            raise
        return start()


def _ballast(settings: Settings) -> Ballast:
    return Ballast(settings.store.data_dir / "ballast", settings.store.ballast_bytes)


@contextmanager
def on_record(agent: Agent, service: Service) -> Iterator[None]:
    """Put a service's start on the record, with whether its last life ended in order, and its own end if it does."""
    with agent.reading() as connection:
        clean = lives.ended_in_order(lives.last_sign(connection, service))
    agent.writer.append(ServiceStarted(service=service, version=__version__, clean=clean))
    yield
    agent.writer.append(ServiceStopped(service=service))
