"""A venue with a camera desk, and virtual cameras with addresses of their own on the loopback network."""

from __future__ import annotations

import asyncio
import json
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from edge_agent.cameras.check import Report
from edge_agent.cameras.desk import Bound, CameraDesk
from edge_agent.cameras.registry import KEY_FILE
from edge_agent.cameras.wish import Wish
from edge_agent.clock import SettableClock
from edge_agent.model.stamp import Stamp
from edge_agent.secrets import SecretBox
from edge_agent.settings import CameraSettings, Settings, Store
from edge_agent.simulator import StreamSpec, VirtualCamera
from edge_agent.store.database import connect
from edge_agent.store.setup import prepare
from edge_agent.store.writer import Writer

FAKES = Path(__file__).parent / "fakes"
SUBNET = "127.0.3.0/28"
DISCOVERY_PORT = 3702
MAIN = StreamSpec(width=320, height=180, seconds=1)
SUB = StreamSpec(width=160, height=90, seconds=1)
CODE = "QWERTY"


class RunningClock(SettableClock):
    """The real time, because a camera's clock is compared with it; `leap` moves on from there."""

    def __init__(self) -> None:
        super().__init__(datetime.now(UTC))
        self._ahead = timedelta()

    def stamp(self) -> Stamp:
        self.set(datetime.now(UTC) + self._ahead)
        return super().stamp()

    def leap(self, step: timedelta) -> None:
        self._ahead += step


class Venue:
    """A data folder with its desk."""

    def __init__(self, folder: Path) -> None:
        store = Store(data_dir=folder)
        cameras = CameraSettings(search=(SUBNET,), csi_python=sys.executable)
        self.settings = Settings(store=store, cameras=cameras, sealed=True)
        self.clock = RunningClock()
        prepare(store.database, self.clock, agent="ea-test")
        self.writer = Writer(store.database, self.clock)
        self.box = SecretBox.at(folder / KEY_FILE)
        self.desk = CameraDesk(self.settings, self.writer, self.clock)

    def bind(self, **wish: object) -> list[Bound]:
        asked = Wish(**{"room": "101", **wish})  # type: ignore[arg-type] # a test's shorthand
        return asyncio.run(self.desk.bind(asked, by="boss", multicast=False))

    def bind_there(self, one: VirtualCamera, **wish: object) -> Bound:
        """Binds a camera whose address is known, which needs no search."""
        (bound,) = self.bind(**{"host": one.onvif_host, "serial": one.serial, "code": one.password, **wish})
        return bound

    def test(self, *, search: bool = False, set_clock: bool = False) -> Report:
        (report,) = asyncio.run(self.desk.test(search=search, set_clock=set_clock, by="boss"))
        return report

    def facts(self, kind: str) -> list[dict[str, object]]:
        with closing(connect(self.settings.store.database, readonly=True)) as connection:
            bodies = [json.loads(row["body"]) for row in connection.execute("SELECT body FROM facts ORDER BY id")]
        return [body["data"] for body in bodies if body["kind"] == kind]


def camera(number: int, **options: object) -> VirtualCamera:
    given = {"serial": f"C{number:08}", "password": CODE, "host": f"127.0.3.{number}", "discovery_port": DISCOVERY_PORT}
    return VirtualCamera(main=MAIN, sub=SUB, **{**given, **options})  # type: ignore[arg-type] # a test's shorthand
