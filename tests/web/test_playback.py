"""Recordings and live video behind the logins of the web service."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from edge_agent.model.camera import Camera, CameraKind
from edge_agent.store.accounts import Role
from edge_agent.store.cameras import save_camera
from tests.web.conftest import House
from tests.web.waiting import until

ROUTES = ("/playback/lessons/A", "/playback/player.mjs", "/playback/segments/x.mp4", "/playback/downloads/x")


@pytest.mark.parametrize("route", ROUTES)
def test_nobody_plays_without_a_login(house: House, route: str) -> None:
    house.venue.add_class()
    house.venue.add_lesson("A")
    with house.client() as client:
        assert client.get(route).status_code == 303  # to the login
    with house.client(house.add_account(Role.TRAINEE)) as client:
        assert client.get(route).status_code == 403
    with house.client(house.add_account(Role.INSTRUCTOR)) as client:
        assert client.get(route).status_code in {200, 404}


def test_live_video_is_for_the_staff(house: House) -> None:
    address = f"{house.url.replace('http', 'ws')}/playback/live/k1"
    for cookie in ("", f"ea_session={house.token(house.add_account(Role.TRAINEE))}"):
        with pytest.raises(InvalidStatus):
            connect(address, additional_headers={"Cookie": cookie})
    cookie = f"ea_session={house.token(house.add_account(Role.ADMINISTRATOR))}"
    with connect(address, additional_headers={"Cookie": cookie}) as socket:
        assert socket.recv(10) == b'e{"cause": "service_down"}'


def test_the_live_page_connects_and_says_what_is_wrong(house: House, page: Page) -> None:
    camera = Camera("k1", "前门", CameraKind.RTSP, "r1", "rtsp://127.0.0.1/main")
    house.venue.writer.run(lambda tx: save_camera(tx, camera))
    page.context.add_cookies(house.cookies(house.add_account(Role.ADMINISTRATOR)))
    page.goto(f"{house.url}/console/live")
    until(page, "document.querySelector('.live [role=status]').textContent === '录像服务未运行'")
