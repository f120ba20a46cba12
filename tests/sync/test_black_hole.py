"""Broker and centre take connections and never answer: nothing at the venue waits for them."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path

import pytest

from edge_agent.capture import sessions, slots
from edge_agent.checkin.desk import Desk
from edge_agent.checkin.visit import Said, Visit
from edge_agent.model.kinds.attendance import SignedIn
from edge_agent.model.media import Media, MediaKind
from edge_agent.model.people import Trainee
from edge_agent.serve.agent import open_agent
from edge_agent.simulator import StreamSpec, VirtualCamera
from edge_agent.store import attendance
from edge_agent.store import media as media_rows
from edge_agent.store.facts import read_head
from edge_agent.store.outbox import find_acked
from edge_agent.store.training import save_trainees
from edge_agent.sync.identity import Identity, IdentityFolder
from tests.capture.house import House, open_house, write_config
from tests.sync.world import NOW, Device, eventually, program
from tests.venue import policies


@contextmanager
def black_hole() -> Iterator[tuple[int, list[socket.socket]]]:
    """A port that takes every connection and says nothing; the connections that it took."""
    taken: list[socket.socket] = []
    listener = socket.create_server(("127.0.0.1", 0))

    def accept() -> None:
        with suppress(OSError):
            while True:
                taken.append(listener.accept()[0])

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield int(listener.getsockname()[1]), taken
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()
        for each in taken:
            each.close()


def test_writing_goes_on_and_the_service_ends_when_told(tmp_path: Path) -> None:
    device = Device(tmp_path / "device")
    public = device.signer.public.public_bytes_raw().hex()
    with black_hole() as (mqtt, broker), black_hole() as (http, centre), open_agent(device.settings) as agent:
        device.folder.write(
            Identity(
                tenant="jinan",
                agent="ea-1",
                mqtt=f"mqtt://127.0.0.1:{mqtt}",
                http=f"http://127.0.0.1:{http}",
                keys=[public],
            )
        )
        stored = agent.files.store(MediaKind.SNAPSHOT, ".jpg", b"picture", NOW)
        media = Media("m1", MediaKind.SNAPSHOT, stored.path, stored.sha256, stored.size, NOW, NOW)
        agent.writer.run(lambda tx: media_rows.add(tx, media))
        with program(tmp_path / "sync.log", "serve", "sync", EDGE_AGENT_STORE__DATA_DIR=str(device.root)) as sync:
            assert eventually(lambda: bool(broker) and bool(centre))
            for number in range(20):  # both hang now; each of these returns after its commit
                tap = SignedIn(
                    unit=f"L{number}/1",
                    class_id="c1",
                    lesson=f"L{number}",
                    trainee="t1",
                    at=NOW,
                    method="face",
                    visit="v",
                )
                assert agent.writer.run(lambda tx, tap=tap: attendance.record(tx, tap))  # type: ignore[misc]  # mypy can't infer a default
            assert sync.process.poll() is None
            assert sync.stop() == 0
        with agent.reading() as reader:
            assert len(attendance.of_trainee(reader, "t1")) == 20
            assert read_head(reader).seq >= 21


def _visit(house: House, desk: Desk, name: str) -> list[Said]:
    replies = desk.tap("t1", Visit(id=name, stamp=house.agent.clock.stamp(), method="face", room="101"))
    return [reply.said for reply in replies]


def test_after_a_cold_boot_a_lesson_is_recorded_snapped_and_checked_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sync service hangs in both holes from its first second on, and nobody waits for it."""
    monkeypatch.setattr(slots, "SETTLE_SECONDS", 0.5)
    monkeypatch.setattr(slots, "SETTLED", timedelta(seconds=8))
    monkeypatch.setattr(sessions, "SETTLED", timedelta(seconds=2))
    spec = StreamSpec(width=320, height=180, fps=25, kbps=200, seconds=10)
    with (
        black_hole() as (mqtt, broker),
        black_hole() as (http, centre),
        VirtualCamera(main=spec) as camera,
        open_house(tmp_path) as house,
    ):
        agent, desk = house.agent, Desk(house.agent.writer, policies)
        folder = IdentityFolder(agent.settings.store.data_dir)
        public = folder.signer().public.public_bytes_raw().hex()
        broker_url, http_url = f"mqtt://127.0.0.1:{mqtt}", f"http://127.0.0.1:{http}"
        folder.write(Identity(tenant="jinan", agent="ea-test", keys=[public], mqtt=broker_url, http=http_url))
        agent.writer.run(lambda tx: save_trainees(tx, [Trainee("t1", "c1", "王伟", "370102199003071234")]))
        house.bind(camera.rtsp_url)
        config = write_config(tmp_path, agent.settings)
        with program(tmp_path / "sync.log", "serve", "sync", EDGE_AGENT_CONFIG=str(config)) as sync:
            house.start()
            lesson = house.add_lesson(starts_in=3)
            start, end = house.span(lesson)
            house.tick(lambda: house.now() > start, "the lesson")
            assert _visit(house, desk, "v1") == [Said.SIGNED_IN]
            house.tick(lambda: house.now() > end, "the end of the lesson")
            assert _visit(house, desk, "v2") == [Said.SIGNED_OUT]
            house.tick(lambda: len(house.slots()) == 3 and bool(house.facts("recording.stopped")), "the end", 40)
            assert eventually(lambda: bool(broker) and bool(centre))
            assert sync.process.poll() is None
            house.stop()
        assert house.gaps() == []
        assert {state.state for state in house.slots().values()} == {"taken"}
        assert house.segments()[0].start <= start
        assert house.segments()[-1].end >= end
        with agent.reading() as reader:
            assert find_acked(reader) == 0
