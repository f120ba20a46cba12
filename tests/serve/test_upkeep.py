"""The upkeep service as a process: it seals, marks and stops cleanly."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from edge_agent.clock import SettableClock
from edge_agent.model.camera import Camera, CameraKind
from edge_agent.serve.agent import open_agent, prepare_agent
from edge_agent.serve.upkeep import Upkeep
from edge_agent.settings import Settings, Store
from edge_agent.store.alarms import list_open
from edge_agent.store.cameras import save_camera
from edge_agent.store.database import connect
from edge_agent.store.facts import fact_id, read_facts, read_head
from edge_agent.store.seals import last_seal
from edge_agent.store.setup import read_high_water

ROOT = Path(__file__).parents[2]


def _rooted(connection: sqlite3.Connection) -> bool:
    return last_seal(connection) is not None and bool(list(read_facts(connection, kinds=("seal.media_root",))))


def test_it_seals_marks_and_stops_cleanly(tmp_path: Path) -> None:
    environment = {**os.environ, "EDGE_AGENT_STORE__DATA_DIR": str(tmp_path), "EDGE_AGENT_CLOCK__KEPT_BY_HOST": "true"}
    command = [sys.executable, "-m", "edge_agent"]
    subprocess.run([*command, "migrate"], cwd=ROOT, env=environment, check=True, stdout=subprocess.DEVNULL)
    process = subprocess.Popen([*command, "serve", "upkeep"], cwd=ROOT, env=environment)
    database = tmp_path / "edge_agent.db"
    try:
        with closing(connect(database)) as connection:
            deadline = time.monotonic() + 60
            while not _rooted(connection) and time.monotonic() < deadline:
                time.sleep(0.1)
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    with closing(connect(database)) as connection:
        head, seal = read_head(connection), last_seal(connection)
        kinds = [fact.kind for fact in read_facts(connection)]
    assert kinds == [
        "epoch.started",
        "service.started",
        "seal.key",
        "clock.trust",
        "seal.media_root",
        "service.stopped",
    ]
    assert seal is not None
    assert seal.id == fact_id(head.epoch, head.seq), "the last fact is sealed when it stops"
    mark = read_high_water(database)
    assert mark is not None
    assert (mark.epoch, mark.seq, mark.head) == (head.epoch, head.seq, head.link.hex())
    assert (tmp_path / "keys" / "seal.key").stat().st_mode & 0o777 == 0o600


def test_many_alarms_at_once_are_all_on_the_record(tmp_path: Path) -> None:
    settings = Settings(agent="ea-test", store=Store(data_dir=tmp_path))
    prepare_agent(settings)
    clock = SettableClock(datetime(2026, 3, 2, 8, tzinfo=UTC))
    offline = [Camera(name, name, CameraKind.RTSP, "101", "rtsp://127.0.0.1/") for name in ("front", "back")]
    with open_agent(settings, clock=clock) as agent, closing(agent.connect()) as reader:
        for camera in offline:
            agent.writer.run(partial(save_camera, camera=camera))
        upkeep = Upkeep(agent)
        for _ in range(10):
            upkeep.tick()
            clock.advance(60)
        upkeep.close()
        raised = [fact.data["alarm"] for fact in read_facts(reader, kinds=("alarm.raised",))]
        assert {"camera:front", "camera:back"} <= set(raised), raised
        assert sorted(each.alarm for each in list_open(reader)) == sorted(raised)


def test_a_disk_without_room_for_video_is_an_outage_on_the_record(tmp_path: Path) -> None:
    settings = Settings(agent="ea-test", store=Store(data_dir=tmp_path))
    prepare_agent(settings)
    free = shutil.disk_usage(tmp_path).free >> 20
    full = settings.model_copy(update={"disk": settings.disk.model_copy(update={"reserve_snapshot_mb": 2 * free})})
    clock = SettableClock(datetime(2026, 3, 2, 8, tzinfo=UTC))
    for each in (full, settings):  # somebody made room while the device was off
        with open_agent(each, clock=clock) as agent:
            upkeep = Upkeep(agent)
            for _ in range(3):
                upkeep.tick()
                clock.advance(60)
            upkeep.close()
    with open_agent(settings, clock=clock) as agent, closing(agent.connect()) as reader:
        told = list(read_facts(reader, kinds=("outage.opened", "outage.closed")))
    assert [(fact.kind, fact.data["what"], fact.data["detail"]) for fact in told] == [
        ("outage.opened", "disk", "磁盘空间不足，停止录像，只抓拍"),
        ("outage.closed", "disk", "磁盘空间不足，停止录像，只抓拍"),
    ]
    assert [told[0].data["at"], told[1].data["end"]] == ["2026-03-02T08:00:00.000Z", "2026-03-02T08:03:00.000Z"]
