"""The kiosk service's tick: what became of a picture of the room is put on record by it."""

from __future__ import annotations

import subprocess
import sys
from functools import cache
from pathlib import Path

from edge_agent.checkin.room import SNAPSHOT, ask_for_picture
from edge_agent.policies import load_policy
from edge_agent.serve.agent import open_agent, prepare_agent
from edge_agent.serve.kiosk import KioskService
from edge_agent.settings import ClockSettings, Settings, Store, WebSettings
from edge_agent.store import requests
from edge_agent.store.facts import read_facts
from edge_agent.web.site import Site


def test_a_batch_is_tied_to_its_picture(tmp_path: Path) -> None:
    settings = Settings(
        store=Store(data_dir=tmp_path),
        clock=ClockSettings(kept_by_host=True),
        web=WebSettings(host="127.0.0.1", port=0, tls_port=0),
    )
    prepare_agent(settings)
    with open_agent(settings) as agent:
        agent.writer.run(lambda tx: ask_for_picture(tx, "A", "v1", ["t1", "t2"], by="a"))
        (asked,) = agent.writer.run(lambda tx: requests.take(tx, (SNAPSHOT,)))
        site = Site(settings, agent.clock, agent.writer, agent.files, cache(load_policy))
        service = KioskService(agent, site)
        service.tick()
        agent.writer.run(lambda tx: requests.answer(tx, asked.id, {"media": "m", "sha256": "ab"}))
        service.tick()
        service.tick()
        service.close()
        with agent.reading() as connection:
            (fact,) = read_facts(connection, kinds=("attendance.room_snapshot",))
    assert (fact.data["visit"], fact.data["trainees"], fact.data["sha256"]) == ("v1", ["t1", "t2"], "ab")


def test_a_device_that_recognises_nobody_does_without_opencv_and_numpy() -> None:
    """They would be two fifths of the process: neither the pages, nor a recording's thumbnails, nor a kiosk's camera
    may load them; the engine's child holds its own.
    """
    modules = ("edge_agent.serve.kiosk", "edge_agent.playback.pictures", "edge_agent.web.kiosk.lens")
    program = f"import sys\nimport {', '.join(modules)}\nprint(*sys.modules)"
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    loaded = set(result.stdout.split())
    assert set(modules) <= loaded
    assert {"cv2", "numpy", "edge_agent.faces.kiosk"}.isdisjoint(loaded)
