"""A recording to the centre by tus, beside a plain PUT of the same file in the same run; and what kills cost."""

from __future__ import annotations

import os
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import Annotated

import requests
import typer

from edge_agent.central.addresses import open_database
from edge_agent.cli.bench import Bench
from edge_agent.cli.benches._processes import program, wait_for
from edge_agent.cli.benches._venue import enrol, make_device
from edge_agent.model.media import Media, MediaKind
from edge_agent.serve.agent import open_agent
from edge_agent.simulator.process import free_port
from edge_agent.store import media as media_rows
from edge_agent.store.uploads import Wanted
from edge_agent.sync.contract.http import bearer
from edge_agent.sync.identity import IdentityFolder
from edge_agent.sync.throttle import Throttle
from edge_agent.sync.tus import TusClient
from edge_agent.sync.upload import Uploader
from edge_agent.sync.web import LineError

_MB = 1_000_000


def run(
    size: Annotated[int, typer.Option(min=1, help="Megabytes of the file.")] = 60,
    rounds: Annotated[int, typer.Option(min=1, help="Files; the median counts.")] = 5,
) -> Bench:
    with tempfile.TemporaryDirectory(prefix="edge-agent-bench-") as name, ExitStack() as stack:
        bench = _Upload(Path(name), size * _MB, stack)
        plain, tus = [], []
        for _ in range(rounds):  # in turns, so that both see the same disk and the same neighbours
            plain.append(bench.plain_put())
            tus.append(bench.upload())
        put_s, tus_s = median(plain), median(tus)
        figures = {
            "size_mb": size,
            "put_mb_per_s": round(size / put_s, 1),
            "tus_mb_per_s": round(size / tus_s, 1),
            "resent_server_kill_percent": round(bench.killed(bench.kill_centre), 2),
            "resent_client_kill_percent": round(bench.killed(_break_off), 2),
        }
        return Bench("upload", figures, {"vs_put": round(put_s / tus_s, 3)})


def _break_off() -> None:
    raise LineError("the client is gone")


class _Counter(Throttle):
    """Lets everything through, counts it, and breaks what it is told to break, once so much has gone."""

    def __init__(self, stopping: threading.Event) -> None:
        super().__init__(0, time.monotonic, stopping)
        self.sent = 0
        self.limit = 1 << 60
        self.act: Callable[[], None] = lambda: None

    def take(self, size: int) -> None:
        self.sent += size
        if self.sent >= self.limit:
            self.limit = 1 << 60
            self.act()


class _Upload:
    """A centre, a plain server, and a device whose uploader counts what it sends."""

    def __init__(self, root: Path, size: int, stack: ExitStack) -> None:
        self._root, self._size, self._stack = root, size, stack
        self._http, self._put = free_port(), free_port()
        server = ["edge_agent.cli.benches._put:app", "--port", str(self._put), "--log-level", "error"]
        stack.enter_context(program(*server, module="uvicorn"))
        settings = make_device(root / "device")
        database = open_database(str(root / "central.db"))
        http = f"http://127.0.0.1:{self._http}"
        identity = enrol(settings, database, root / "keys", mqtt="mqtt://127.0.0.1:1", http=http)
        database.close()
        self._agent = stack.enter_context(open_agent(settings))
        self._reader = stack.enter_context(self._agent.reading())
        signer, stopping = IdentityFolder(settings.store.data_dir).signer(), threading.Event()
        self._counter = _Counter(stopping)
        self._uploader = Uploader(
            identity.address,
            identity.verifier(),
            TusClient(http, lambda: bearer(signer, identity.address, self._agent.clock.stamp().wall)),
            writer=self._agent.writer,
            reader=self._reader,
            files=self._agent.files,
            choose=lambda _now: (Wanted(MediaKind.RECORDING, all=True),),
            throttle=self._counter,
            stopping=stopping,
        )
        self._start_centre()
        wait_for(self._put)

    def plain_put(self) -> float:
        path = self._agent.files.locate(self._add().path)
        began = time.perf_counter()
        with path.open("rb") as stream:
            answer = requests.put(f"http://127.0.0.1:{self._put}/file", data=stream, timeout=120)
        took = time.perf_counter() - began
        answer.raise_for_status()
        return took

    def upload(self) -> float:
        media = self._add(waiting=True)
        began = time.perf_counter()
        while not self._confirmed(media):
            self._uploader.step()
        return time.perf_counter() - began

    def killed(self, act: Callable[[], None]) -> float:
        """Give how much more than the file was sent, in percent, when `act` strikes halfway."""
        self._counter.sent, self._counter.limit, self._counter.act = 0, self._size // 2, act
        self.upload()
        return (self._counter.sent / self._size - 1) * 100

    def kill_centre(self) -> None:
        self._centre.kill()
        self._centre.wait()
        self._start_centre()

    def _start_centre(self) -> None:
        root = self._root
        serve = ["central", "serve", "--database", str(root / "central.db"), "--mqtt", "mqtt://127.0.0.1:1"]
        folders = ["--keys", str(root / "keys"), "--media", str(root / "kept"), "--spool", str(root / "spool")]
        self._centre = self._stack.enter_context(program(*serve, *folders, "--http", str(self._http)))
        wait_for(self._http)

    def _add(self, *, waiting: bool = False) -> Media:
        now = self._agent.clock.stamp().wall
        stored = self._agent.files.store(MediaKind.RECORDING, ".mp4", os.urandom(self._size), now)
        media = Media(media_rows.new_media_id(), MediaKind.RECORDING, stored.path, stored.sha256, stored.size, now, now)
        if waiting:
            self._agent.writer.run(lambda tx: media_rows.add(tx, media))
        return media

    def _confirmed(self, media: Media) -> bool:
        found = media_rows.find(self._reader, media.id)
        return found is not None and found.confirmed is not None
