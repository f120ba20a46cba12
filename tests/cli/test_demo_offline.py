"""The demonstration where no broker is installed: the device stays offline, says so, and everything else goes on."""

from __future__ import annotations

import os
import re
import shutil
from contextlib import closing
from pathlib import Path

import pytest

from edge_agent.cli.story import Story
from edge_agent.simulator.venue import Venue

BROKER = "mosquitto"


@pytest.fixture
def venue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Venue:
    """One on a machine whose programs are ours but for the broker."""
    monkeypatch.setenv("EDGE_AGENT_CONFIG", "")  # the venue takes our settings away; they come back afterwards
    for name in [name for name in os.environ if name.startswith("EDGE_AGENT_")]:
        monkeypatch.setenv(name, os.environ[name])
    find = shutil.which
    monkeypatch.setattr(shutil, "which", lambda name, **rest: None if BROKER in name else find(name, **rest))
    return Venue(tmp_path)


@pytest.mark.timeout(240)
def test_without_a_broker_the_device_works_offline_and_says_so(venue: Venue) -> None:
    """All that the story does with a centre, and a package before the first lesson: `test_demo.py` has the rest."""
    with venue, closing(Story(venue, None)) as story:
        story.prepare()
        assert "本机保持离线" in story.open_centre()
        story.start_services()
        story.set_up()
        assert "1 班级" in story.import_class()
        story.import_timetable()
        assert "offline" in story.reconnect()
        assert "offline" in story.catch_up()
        waiting = story.await_sync()
        assert re.match(r"离线，[1-9]\d* 条待传", waiting), waiting
        story.export()
        assert "校验通过" in story.verify()
    assert not (venue.folder / "broker.log").exists()
    assert not (venue.folder / "central.log").exists()
