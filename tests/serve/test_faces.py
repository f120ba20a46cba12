"""The kiosk service's ticks and faces: what must be forgotten is, in every file, and snapshots are counted."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pytest

from edge_agent.faces.backend import OPENCV
from edge_agent.faces.gallery import Gallery
from edge_agent.faces.kiosk import KioskFaces
from edge_agent.model.kinds.people import ConsentGiven, ConsentWithdrawn
from edge_agent.model.media import Media, MediaKind
from edge_agent.model.people import ClassState, Trainee, TrainingClass
from edge_agent.policies import load_policy
from edge_agent.serve.agent import Agent, open_agent, prepare_agent
from edge_agent.serve.kiosk import KioskService
from edge_agent.settings import FaceSettings, Settings, Store, WebSettings
from edge_agent.store import consents, law, media, training
from edge_agent.store.facts import read_facts
from edge_agent.store.writer import Transaction
from edge_agent.web.site import Site
from tests.faces.conftest import WEIGHTS, astronaut_portrait, fetched, jpeg, near, on_wall, unit

WITHIN = 60.0
"""Seconds that the law's text and ours give a withdrawal."""


@pytest.fixture
def agent(tmp_path: Path) -> Iterator[Agent]:
    fetched("opencv")
    settings = Settings(
        store=Store(data_dir=tmp_path),
        web=WebSettings(host="127.0.0.1", port=0, tls_port=0),
        faces=FaceSettings(models_dir=WEIGHTS),
    )
    prepare_agent(settings)
    with open_agent(settings) as agent:
        yield agent


def enrol(agent: Agent, gallery: Gallery, trainees: tuple[str, ...]) -> None:
    def note(tx: Transaction) -> None:
        training.save_class(
            tx,
            TrainingClass("c1", "QC-1", "育婴员", "育婴员", None, None, 40, state=ClassState.APPROVED),
            by="test",
        )
        training.save_trainees(tx, [Trainee(id=each, class_id="c1", name=each, document=each) for each in trainees])
        for each in trainees:
            given = ConsentGiven(trainee=each, purpose="recognise", text="v1", at=tx.stamp.wall)
            consents.give(tx, given, by="test")

    agent.writer.run(note)
    for number, each in enumerate(trainees):
        views = [near(unit(number), seed) for seed in range(2)]
        gallery.add(each, views, source="camera", engine=OPENCV, at=datetime.now(UTC))


def snapshot(agent: Agent) -> None:
    now = agent.clock.stamp().wall
    stored = agent.files.store(MediaKind.SNAPSHOT, ".jpg", jpeg(on_wall(astronaut_portrait())), now)
    row = Media("m1", MediaKind.SNAPSHOT, stored.path, stored.sha256, stored.size, now, now, "A", mime="image/jpeg")
    agent.writer.run(lambda tx: media.add(tx, row))


def facts(agent: Agent, kind: str) -> list[dict[str, object]]:
    with agent.reading() as connection:
        return [dict(fact.data) for fact in read_facts(connection, kinds=(kind,))]


def tick_until(service: KioskService, condition: Callable[[], object]) -> None:
    """A tick a second, as the service has it."""
    end = time.monotonic() + WITHIN
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        service.tick()
        time.sleep(1.0)


def test_a_withdrawal_leaves_no_byte_in_any_file_and_a_snapshot_is_counted(agent: Agent) -> None:
    site = Site(agent.settings, agent.clock, agent.writer, agent.files, cache(load_policy))
    agent.writer.run(lambda tx: law.register(tx, "PIA-1", by="a-1"))
    with closing(KioskService(agent, site)) as service:
        service.tick()
        faces = site.faces
        assert isinstance(faces, KioskFaces)
        enrol(agent, faces.gallery, ("t1", "t2"))
        with closing(sqlite3.connect(faces.gallery.path)) as database:
            sealed = [row[0] for row in database.execute("SELECT sealed FROM views WHERE trainee = 't1'")]
        folder = agent.settings.store.data_dir
        assert all(_held(folder, box) for box in sealed)

        snapshot(agent)
        gone = ConsentWithdrawn(trainee="t1", purpose="recognise", at=agent.clock.stamp().wall)
        agent.writer.run(lambda tx: consents.withdraw(tx, gone, by="t1"))
        tick_until(service, lambda: facts(agent, "template.deleted") and facts(agent, "snapshot.heads"))

        assert not any(_held(folder, box) for box in sealed)
        assert facts(agent, "template.deleted") == [{"trainee": "t1", "cause": "withdrawn"}]
        assert [(each["media"], each["heads"]) for each in facts(agent, "snapshot.heads")] == [("m1", 1)]
        assert faces.gallery.trainees() == {"t2"}


def test_a_device_that_recognises_nobody_any_more_forgets_all_the_same(agent: Agent) -> None:
    site = Site(agent.settings, agent.clock, agent.writer, agent.files, cache(load_policy))
    folder = agent.settings.store.data_dir / "faces"
    with closing(Gallery(folder)) as gallery:
        enrol(agent, gallery, ("t1", "t2"))
    with closing(KioskService(agent, site)) as service:
        assert site.faces is None
        gone = ConsentWithdrawn(trainee="t1", purpose="recognise", at=agent.clock.stamp().wall)
        agent.writer.run(lambda tx: consents.withdraw(tx, gone, by="t1"))
        tick_until(service, lambda: facts(agent, "template.deleted"))
    with closing(Gallery(folder)) as gallery:
        assert gallery.trainees() == {"t2"}


def _held(folder: Path, box: bytes) -> bool:
    """Whether any file of the device, its databases and their journals among them, has a part of these bytes."""
    parts = [box[start : start + 12] for start in range(0, len(box) - 12, 12)]
    return any(
        part in content
        for content in (path.read_bytes() for path in folder.rglob("*") if path.is_file())
        for part in parts
    )
