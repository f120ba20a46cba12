"""设备管理 from the console: whoever holds the key of the passwords does it, which is not the service of the pages."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import httpx
import pytest

from edge_agent.cameras.answers import serve_requests
from edge_agent.cameras.desk import CameraDesk
from edge_agent.cameras.registry import KEY_FILE
from edge_agent.cameras.requests import publish_address
from edge_agent.secrets import SecretBox
from edge_agent.settings import CameraSettings
from edge_agent.simulator import StreamSpec, VirtualCamera
from edge_agent.store.accounts import Role
from edge_agent.store.training import save_room
from tests.cameras.venue import RunningClock
from tests.web.conftest import House

TINY = StreamSpec(width=160, height=90, seconds=1)


@contextmanager
def recorder(house: House) -> Iterator[None]:
    """What `capture` has run when the console asks. Nobody else can read its key: the file is another one meanwhile."""
    settings = house.site.settings.model_copy(update={"sealed": True, "cameras": CameraSettings(search=())})
    key = settings.store.data_dir / KEY_FILE
    with closing(CameraDesk(settings, house.venue.writer, RunningClock())) as desk:  # a camera's is the real time
        publish_address(house.venue.writer, SecretBox.at(key))
        key.write_bytes(b"damaged")
        over = threading.Event()

        def serve() -> None:
            while not over.wait(0.05):
                serve_requests(desk, house.venue.writer)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()


@pytest.fixture
def office(house: House) -> Iterator[httpx.Client]:
    house.venue.writer.run(lambda tx: save_room(tx, "101", "101 教室", by="test"))
    with house.client(house.add_account(Role.ADMINISTRATOR)) as client:
        client.timeout = httpx.Timeout(60)
        yield client


def test_a_camera_is_searched_bound_tested_moved_and_unbound(house: House, office: httpx.Client) -> None:
    with recorder(house), VirtualCamera(main=TINY, serial="VC7654321", password="LABEL1") as camera:
        door = f"{camera.onvif_host}:{camera.onvif_port}"
        found = office.post("/api/v1/cameras/search", json={"targets": [door]}).json()
        assert camera.serial in {one["serial"] for one in found}

        wish = {"room": "101", "host": door, "serial": camera.serial}
        wrong = office.post("/api/v1/cameras", json={**wish, "code": "WRONG1"})
        assert (wrong.status_code, "密码不对" in wrong.text, "WRONG1" in wrong.text) == (502, True, False)
        bound = office.post("/api/v1/cameras", json={**wish, "code": "LABEL1"})
        assert bound.status_code == 201, bound.text
        camera_id = bound.json()["id"]

        report = office.post(f"/api/v1/cameras/{camera_id}/test").json()
        assert (report["camera"], report["ok"], report["words"]) == (camera_id, True, "")
        moved = office.patch(f"/api/v1/cameras/{camera_id}", json={"name": "前门", "room": "101", "revision": 1})
        assert moved.status_code == 200, moved.text
        assert [one["name"] for one in office.get("/api/v1/cameras").json()["items"]] == ["前门"]
        assert office.delete(f"/api/v1/cameras/{camera_id}").status_code == 200


def test_without_a_recorder_it_is_said_who_is_missing(house: House, office: httpx.Client) -> None:
    answer = office.post("/api/v1/cameras", json={"room": "101", "host": "127.0.0.1", "code": "LABEL1"})
    assert (answer.status_code, "录制服务尚未启动" in answer.text) == (409, True)
    assert not (Path(house.site.settings.store.data_dir) / KEY_FILE).exists()  # made by its owner, or by nobody
