"""Real servers for tests: each on a free loopback port, with a folder of its own, stopped by its process id.

Every class is a context manager that starts its server, waits until it answers and stops it. A test of an outage calls
`stop`, `kill` (-9), `pause` and `resume` (a frozen machine) and `start` again: port and folder stay.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import pwd
import shutil
import signal
import subprocess
import tempfile
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self, TypedDict

import psycopg
import psycopg.sql
import pytest
from playwright.sync_api import Browser, sync_playwright

from edge_agent.errors import DeviceError
from edge_agent.simulator.process import Process, find_program, listens
from edge_agent.simulator.process import free_port as free_port  # noqa: PLC0414 - tests take it from here
from tests.data import CACHE

PEERS = Path(__file__).parent / "peers"
TEST_PICTURE = (
    "( videotestsrc is-live=true ! video/x-raw,width=320,height=240,framerate=10/1 "
    "! x264enc tune=zerolatency speed-preset=ultrafast key-int-max=10 ! rtph264pay name=pay0 pt=96 )"
)


def program(name: str, *, package: str) -> str:
    """The path of an installed program; fails, never skips, because install.sh installs it."""
    found = find_program(name)
    if not found:
        raise FileNotFoundError(f"{name} is missing: apt install {package}, or run ./install.sh test as root")
    return found


class Identity(TypedDict):
    user: str | None
    group: int | None
    extra_groups: list[int] | None


def as_user(name: str | None) -> Identity:
    """What subprocess takes to become a user without any of root's groups."""
    if name is None:
        return Identity(user=None, group=None, extra_groups=None)
    return Identity(user=name, group=pwd.getpwnam(name).pw_gid, extra_groups=[])


def peers() -> Path:
    """The node_modules of `peers/package.json`; fetched through npm once."""
    lock = hashlib.sha256((PEERS / "package-lock.json").read_bytes()).hexdigest()
    folder = CACHE / f"peers-{lock[:12]}"
    if not folder.exists():
        part = CACHE / f"peers-{os.getpid()}.part"
        part.mkdir(parents=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(PEERS / name, part)
        # --force: a static binary that asks for a newer node in `engines`, and is for one kind of processor.
        command = [program("npm", package="npm"), "ci", "--force", "--silent", "--ignore-scripts"]
        subprocess.run(command, cwd=part, check=True, stdin=subprocess.DEVNULL)
        try:
            part.rename(folder)
        except OSError:  # another test process was faster
            shutil.rmtree(part)
    return folder / "node_modules"


class Server(Process):
    """A child process that serves on 127.0.0.1:`port`."""

    def __init__(
        self,
        command: Sequence[str | Path],
        folder: Path,
        port: int,
        *,
        user: str | None = None,
        env: Mapping[str, str] | None = None,
    ) -> None:
        options = {"cwd": folder, "env": {**os.environ, **(env or {})}, **as_user(user)}
        super().__init__("server", [str(part) for part in command], folder, **options)
        self.folder = folder
        self.port = port

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.stop()

    def start(self) -> None:
        """Returns once the server answers."""
        super().start()
        try:
            self.wait_until(self.answers, "does not answer")
        except DeviceError:
            self.kill()
            raise

    def answers(self) -> bool:
        return listens(self.port)


class Mosquitto(Server):
    """An MQTT broker. `config` lines follow the listener's, so TLS files and password files go there."""

    def __init__(self, folder: Path, *config: str) -> None:
        port = free_port()
        # As root it would become the user mosquitto, who can't read a test's folder.
        lines = ["user root", f"listener {port} 127.0.0.1", *(config or ("allow_anonymous true",))]
        file = folder / "mosquitto.conf"
        file.write_text("\n".join(lines) + "\n")
        super().__init__([program("mosquitto", package="mosquitto"), "-c", file], folder, port)


class Postgres(Server):
    """A PostgreSQL cluster of its own; runs as the user postgres where we are root, because it refuses root."""

    stop_signal = signal.SIGINT  # the fast shutdown; SIGTERM waits for clients to leave

    def __init__(self, folder: Path) -> None:
        user = "postgres" if os.geteuid() == 0 else None
        if user:
            shutil.chown(folder, user)
        port = free_port()
        binaries = self._binaries()
        data = folder / "data"
        initdb = [str(binaries / "initdb"), f"--pgdata={data}", "--username=postgres", "--auth=trust"]
        initdb += ["--encoding=UTF8", "--no-locale", "--no-sync"]
        subprocess.run(initdb, cwd=folder, check=True, capture_output=True, **as_user(user))
        options = (f"port={port}", "listen_addresses=127.0.0.1", "unix_socket_directories=", "fsync=off")
        flags = [flag for option in options for flag in ("-c", option)]
        super().__init__([binaries / "postgres", "-D", data, *flags], folder, port, user=user)

    @staticmethod
    def _binaries() -> Path:
        versions = Path("/usr/lib/postgresql").glob("*/bin/initdb")  # Debian keeps them out of PATH
        newest = max(versions, key=lambda path: int(path.parts[-3]), default=None)
        return newest.parent if newest else Path(program("initdb", package="postgresql")).parent

    def answers(self) -> bool:
        try:
            psycopg.connect(self.url(), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def url(self, database: str = "postgres") -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    def create_database(self) -> str:
        """The address of a new empty database."""
        name = f"t_{uuid.uuid4().hex}"
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(psycopg.sql.SQL("CREATE DATABASE {}").format(psycopg.sql.Identifier(name)))
        return self.url(name)


@contextmanager
def postgres_cluster() -> Iterator[Postgres]:
    """Not under pytest's folders: those are closed to the user postgres."""
    with tempfile.TemporaryDirectory(prefix="edge-agent-pg-") as folder, Postgres(Path(folder)) as server:
        yield server


class Go2rtc(Server):
    """A camera with RTSP, ONVIF (which asks for no password) and snapshots; `streams` are name and source."""

    def __init__(self, folder: Path, streams: Mapping[str, str], *, user: str = "", password: str = "") -> None:
        self.rtsp_port, port = free_port(), free_port()
        self._login = f"{user}:{password}@" if user else ""
        config = {
            "api": {"listen": f"127.0.0.1:{port}"},
            "rtsp": {"listen": f"127.0.0.1:{self.rtsp_port}", "username": user, "password": password},
            "webrtc": {"listen": ""},
            "streams": dict(streams),
        }
        file = folder / "go2rtc.yaml"
        file.write_text(json.dumps(config))  # JSON is YAML
        super().__init__([self.binary(), "-config", file], folder, port)

    @staticmethod
    def binary() -> Path:
        if platform.machine() == "x86_64":
            return peers() / "@camera.ui" / "go2rtc-linux-x64" / "go2rtc"
        if found := shutil.which("go2rtc"):
            return Path(found)
        pytest.skip("npm has go2rtc for x86-64 only; on other machines put it into PATH")

    @staticmethod
    def looped(clip: Path) -> str:
        """A source that plays a file for ever, at its own speed, without encoding it again."""
        return f"exec:ffmpeg -v error -re -stream_loop -1 -i {clip} -c copy -rtsp_transport tcp -f rtsp {{output}}"

    def answers(self) -> bool:
        return listens(self.port) and listens(self.rtsp_port)

    @property
    def api(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def onvif(self) -> str:
        return f"{self.api}/onvif/device_service"

    def rtsp(self, stream: str) -> str:
        return f"rtsp://{self._login}127.0.0.1:{self.rtsp_port}/{stream}"


class GstRtsp(Server):
    """A camera with digest authentication, if `user` is given. `mounts` are path and GStreamer launch line."""

    def __init__(
        self, folder: Path, mounts: Mapping[str, str] | None = None, *, user: str = "", password: str = ""
    ) -> None:
        port = free_port()
        self._login = f"{user}:{password}@" if user else ""
        script = PEERS / "gst_rtsp.py"
        pairs = [part for pair in (mounts or {"/main": TEST_PICTURE}).items() for part in pair]
        login = ["--user", user, "--password", password] if user else []
        super().__init__(["/usr/bin/python3", script, "--port", str(port), *login, *pairs], folder, port)

    def rtsp(self, path: str = "/main") -> str:
        return f"rtsp://{self._login}127.0.0.1:{self.port}{path}"


class TusServer(Server):
    """The tus project's own server; keeps uploads in `folder`/uploads."""

    def __init__(self, folder: Path) -> None:
        port = free_port()
        self.uploads = folder / "uploads"
        self.uploads.mkdir(exist_ok=True)
        node = program("node", package="nodejs")
        command = [node, str(PEERS / "tus_server.cjs"), str(port), str(self.uploads)]
        super().__init__(command, folder, port, env={"NODE_PATH": str(peers())})

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/files"


QUIET = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
)


@contextmanager
def chromium(*flags: str) -> Iterator[Browser]:
    """The distribution's Chromium, headless, driven by playwright; `flags` give it a fake camera, for example."""
    path = shutil.which("chromium") or program("chromium-browser", package="chromium")
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=[*QUIET, *sandbox, *flags])
        try:
            yield browser
        finally:
            browser.close()
