"""Broker and centre take connections and never answer: nothing at the venue waits for them."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from edge_agent.model.kinds.attendance import SignedIn
from edge_agent.model.media import Media, MediaKind
from edge_agent.serve.agent import open_agent
from edge_agent.store import attendance
from edge_agent.store import media as media_rows
from edge_agent.store.facts import read_head
from edge_agent.sync.identity import Identity
from tests.sync.world import NOW, Device, eventually, program


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


def _tap(lesson: str) -> SignedIn:
    return SignedIn(unit=f"{lesson}/1", class_id="c", lesson=lesson, trainee="t1", at=NOW, method="face", visit="v")


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
