"""What every handler is given: the device's parts, wired once by `serve/kiosk.py`."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from edge_agent.cameras.registry import KEY_FILE, Registry
from edge_agent.checkin.desk import Desk
from edge_agent.checkin.person import Policies
from edge_agent.clock import Clock
from edge_agent.model.camera import Camera
from edge_agent.model.stamp import Stamp
from edge_agent.secrets import SecretBox, read_key
from edge_agent.settings import Settings
from edge_agent.store.cameras import get_camera
from edge_agent.store.database import Connection, connect
from edge_agent.store.files import MediaFiles
from edge_agent.store.writer import Writer
from edge_agent.web.kiosk.faces import Faces
from edge_agent.web.live import Live
from edge_agent.web.readers import Readers

if TYPE_CHECKING:
    from edge_agent.cameras.address import Login
    from edge_agent.cameras.sources import Source, Sources
    from edge_agent.checkin.station import Stations
    from edge_agent.web.actions.wifi import Wifi


@dataclass(frozen=True, slots=True)
class Doubt:
    """A face between two names, or near one: the instructor decides."""

    at: datetime
    kiosk: str
    candidates: tuple[str, ...]


@dataclass(frozen=True)
class Site:
    """One kiosk service's hold on the device. `faces` is None where no face is recognised (manual sign-in only).

    `doubts` are faces that an instructor must decide; they are kept in memory and for minutes only.
    """

    settings: Settings
    clock: Clock
    writer: Writer
    files: MediaFiles
    policies: Policies
    faces: Faces | None = None
    doubts: deque[Doubt] = field(default_factory=lambda: deque(maxlen=50))
    desk: Desk = field(init=False)
    readers: Readers = field(init=False)
    live: Live = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "desk", Desk(self.writer, self.policies))
        object.__setattr__(self, "readers", Readers(self.database))
        object.__setattr__(self, "live", Live(self.database))

    def recognise(self, faces: Faces | None) -> None:
        """Begin or end recognition; kiosks and stations that talk notice and begin anew."""
        object.__setattr__(self, "faces", faces)
        self.__dict__.pop("stations", None)

    @property
    def database(self) -> Path:
        return self.settings.store.database

    @property
    def live_socket(self) -> Path:
        """Where `capture` shows cameras live."""
        return self.settings.store.data_dir / "live.sock"

    @cached_property
    def registry(self) -> Registry:
        """The bound cameras, without the key of their passwords, which `capture` alone can read."""
        return Registry(self.writer)

    @cached_property
    def _sources(self) -> Sources:
        """For a kiosk's own camera. Made at its first use: what opens cameras takes memory a kiosk does without."""
        sources, guard = (import_module(f"edge_agent.cameras.{name}") for name in ("sources", "guard"))
        python = self.settings.cameras.csi_python
        made: Sources = sources.Sources(self._login, csi_python=python, guard=guard.LoginGuard(self.clock.boottime))
        return made

    def _login(self, camera: Camera) -> Login | None:
        """Raises `StorageError` for one with a password where this service can't read the key, as on an appliance."""
        if not camera.secret:
            return None
        registry = Registry(self.writer, SecretBox(read_key(self.settings.store.data_dir / KEY_FILE)))
        with self.readers() as connection:
            return registry.login(connection, camera)

    def source(self, camera: str) -> Source:
        """Give a camera itself, for a kiosk, while `capture` does not show it. Raises `NotFoundError`."""
        with self.readers() as connection:
            known = get_camera(connection, camera)
        return self._sources.of(known, "sub")

    @cached_property
    def wifi(self) -> Wifi:
        """无线网络, where NetworkManager has a radio."""
        made: Wifi = import_module("edge_agent.web.actions.wifi").Wifi()
        return made

    @cached_property
    def stations(self) -> Stations | None:
        """登记工位, where faces are recognised."""
        if self.faces is None:
            return None
        module = import_module("edge_agent.checkin.station")
        made: Stations = module.Stations(
            self.faces, self.desk, self.writer, self.connect, clock=self.clock, policies=self.policies
        )
        return made

    def connect(self) -> Connection:
        """Open a connection for reading; close it."""
        return connect(self.database, readonly=True)

    def now(self) -> Stamp:
        return self.clock.stamp()
