"""The test servers start, answer in their own protocol, survive an outage and are gone afterwards."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import av
import psycopg
import pytest
import requests
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion
from playwright.sync_api import Page

from edge_agent.errors import DeviceError
from tests import data
from tests.servers import Go2rtc, GstRtsp, Mosquitto, Server, TusServer


def _frame(url: str) -> tuple[str, int]:
    with av.open(url, options={"rtsp_transport": "tcp"}, timeout=(5, 5)) as source:
        frame = next(source.decode(source.streams.video[0]))
        return source.streams.video[0].codec_context.name, frame.width


def _gone(server: Server, pid: int) -> bool:
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    return not server.answers()


def test_mosquitto_carries_a_message_also_after_kill_and_restart(tmp_path: Path) -> None:
    with Mosquitto(tmp_path) as server:
        server.kill()
        assert not server.answers()
        server.start()
        pid, arrived = server.process.pid, threading.Event()
        client = Client(CallbackAPIVersion.VERSION2)
        client.on_message = lambda *_: arrived.set()
        client.connect("127.0.0.1", server.port)
        client.loop_start()
        client.subscribe("t")
        client.publish("t", b"1", qos=1)
        assert arrived.wait(10)
        client.disconnect()
        client.loop_stop()
    assert _gone(server, pid)


def test_postgres_gives_each_test_an_empty_database(database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute("CREATE TABLE t (n int)")
        assert connection.execute("SELECT count(*) FROM t").fetchone() == (0,)


@pytest.mark.parametrize(("codec", "name"), [("libx264", "h264"), ("libx265", "hevc")])
def test_go2rtc_serves_a_looped_clip(tmp_path: Path, codec: str, name: str) -> None:
    clip = data.made_clip(codec, seconds=2, size="320x180")
    with Go2rtc(tmp_path, {"main": Go2rtc.looped(clip)}, user="admin", password="s3cret") as server:
        pid = server.process.pid
        assert _frame(server.rtsp("main")) == (name, 320)
    assert _gone(server, pid)


def test_gst_rtsp_asks_for_a_password(tmp_path: Path) -> None:
    with GstRtsp(tmp_path, user="admin", password="s3cret") as server:
        pid = server.process.pid
        assert _frame(server.rtsp()) == ("h264", 320)
        with pytest.raises(av.error.HTTPUnauthorizedError):
            _frame(server.rtsp().replace("s3cret", "wrong"))
    assert _gone(server, pid)


def test_tus_server_takes_an_upload(tmp_path: Path) -> None:
    tus = {"Tus-Resumable": "1.0.0"}
    with TusServer(tmp_path) as server:
        created = requests.post(server.url, headers={**tus, "Upload-Length": "3"}, timeout=10)
        moved = {**tus, "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
        patched = requests.patch(created.headers["Location"], data=b"abc", headers=moved, timeout=10)
        assert patched.headers["Upload-Offset"] == "3"
        assert (server.uploads / created.headers["Location"].rsplit("/")[-1]).read_bytes() == b"abc"


def test_a_paused_server_is_stopped_all_the_same(mosquitto: Mosquitto) -> None:
    pid = mosquitto.process.pid
    mosquitto.pause()
    mosquitto.stop()
    assert _gone(mosquitto, pid)


def test_a_server_that_can_not_start_says_why(tmp_path: Path) -> None:
    with pytest.raises(DeviceError, match="nonsense"), Mosquitto(tmp_path, "nonsense true"):
        pass


def test_chromium_shows_a_page(page: Page) -> None:
    page.set_content("<h1>签到</h1>")
    assert page.locator("h1").inner_text() == "签到"
    assert page.evaluate("navigator.language") == "zh-CN"


def test_package_data_stands_in_for_missing_test_data(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data, "folder", lambda: None)
    assert data.people() == {"astronaut": [data.astronaut()]}
    assert data.living_clips() == {"person_p": [data.carphone()]}
    with av.open(str(data.carphone())) as clip:
        assert clip.streams.video[0].width == 176
