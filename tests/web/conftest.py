"""A venue with its web service, on a free port of this process, with a clock that the test moves."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright._impl._api_structures import SetCookieParam

from edge_agent.clock import SettableClock
from edge_agent.furniture.passwords import hash_password
from edge_agent.furniture.shield import csrf_token
from edge_agent.model.camera import Camera, CameraKind, CameraState
from edge_agent.settings import Settings, Store, WebSettings
from edge_agent.store import cameras, kiosks, sessions
from edge_agent.store.accounts import Account, Role, new_account_id, save
from edge_agent.store.files import MediaFiles
from edge_agent.store.kiosks import Kiosk
from edge_agent.store.writer import Transaction
from edge_agent.web.app import create_app
from edge_agent.web.auth.login import KIOSK_LASTS
from edge_agent.web.guard import COOKIE, KIOSK_COOKIE
from edge_agent.web.kiosk.faces import Faces
from edge_agent.web.server import Port, Servers
from edge_agent.web.site import Site
from tests.venue import Venue, policies
from tests.web.dummy_faces import DummyFaces

PASSWORD = "correct horse"
HASHED = hash_password(PASSWORD)


class House:
    """The venue, its site and its address. `stop` and `start` keep the address."""

    def __init__(self, folder: Path, clock: SettableClock | None = None, *, sealed: bool = False) -> None:
        self.venue = Venue(folder, clock=clock)
        self.faces = DummyFaces()
        self.engine: Faces | None = None
        self._settings = Settings(
            store=Store(data_dir=folder), web=WebSettings(host="127.0.0.1", tls_port=0), sealed=sealed
        )
        self._settings.store.media.mkdir()
        self._port = 0
        self.start()

    def start(self) -> None:
        files = MediaFiles(self._settings.store.media)
        self.site = Site(
            self._settings, self.venue.clock, self.venue.writer, files, policies, self.engine or self.faces
        )
        self._servers = Servers(create_app(self.site), self.site.live, [Port("127.0.0.1", self._port)])
        self._servers.start()
        self._port = self._servers.ports[0]

    def stop(self) -> None:
        self._servers.stop()
        assert not self._servers.alive
        self.site.readers.close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def add_account(self, role: Role, login: str = "", **fields: object) -> Account:
        account = Account(new_account_id(), role, login or f"138{role}", f"{role}", password=HASHED)
        account = Account(**{name: getattr(account, name) for name in Account.__slots__} | fields)
        self.venue.writer.run(lambda tx: save(tx, account, change="created", by="test"))
        return account

    def client(self, account: Account | None = None) -> httpx.Client:
        """A browser that is logged in as `account`, and sends the form's token."""
        client = httpx.Client(base_url=self.url)
        if account is not None:
            token = self.token(account)
            client.cookies.set(COOKIE, token)
            client.headers["X-CSRF-Token"] = csrf_token(token)
        return client

    def token(self, account: Account) -> str:
        """A session for a browser's cookie, without the time that a password takes."""
        return self.venue.writer.run(
            lambda tx: sessions.open_session(
                tx, account=account.id, role=account.role, method="password", lasts=KIOSK_LASTS
            )
        )

    def cookies(self, account: Account) -> list[SetCookieParam]:
        return [{"name": COOKIE, "value": self.token(account), "url": self.url}]

    def pair(self, room: str = "", identifier: str = "k1") -> str:
        """A kiosk's token."""

        def begin(tx: Transaction) -> str:
            kiosks.save_kiosk(tx, Kiosk(identifier, "门口", room), by="test")
            return sessions.open_session(tx, account=identifier, role=Role.KIOSK, method="pairing", lasts=KIOSK_LASTS)

        return self.venue.writer.run(begin)

    def kiosk_cookies(self, room: str = "") -> list[SetCookieParam]:
        return [{"name": KIOSK_COOKIE, "value": self.pair(room), "url": self.url}]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path)
    yield house
    house.stop()
    house.venue.close()


def bind(house: House, identifier: str, name: str, room: str, state: CameraState = CameraState.ONLINE) -> Camera:
    """A camera with a state, as `capture` would have noted it."""
    camera = Camera(identifier, name, CameraKind.RTSP, room, f"rtsp://127.0.0.1/{identifier}")
    house.venue.writer.run(lambda tx: cameras.save_camera(tx, camera))
    house.venue.writer.run(lambda tx: cameras.set_state(tx, identifier, state))
    return camera
