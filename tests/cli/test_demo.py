"""The whole main job, as a newcomer sees it: one command, real processes, real video where it is at hand."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests import data
from tests.data import ROOT

COMMAND = [sys.executable, "-m", "edge_agent", "demo"]


def environment(folder: Path) -> dict[str, str]:
    """A newcomer's: nothing of ours is set, and the demo's folder lies in `folder`."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("EDGE_AGENT_")}
    return own | {"TMPDIR": str(folder)}


def survivors(folder: Path) -> list[str]:
    """The processes whose configuration lies in `folder`."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if str(folder).encode() in (process / "environ").read_bytes():
                found.append((process / "cmdline").read_text().replace("\0", " "))
        except OSError:  # it ended meanwhile, or is somebody else's
            continue
    return found


def cast(folder: Path) -> list[str]:
    """One who lives and a stranger; without the data the demo fetches a clip of its own."""
    clips = data.living_clips()
    if len(clips) == 1:
        return []
    for number, person in enumerate(("person_p", "person_m")):
        (folder / f"{number}").mkdir(parents=True)
        (folder / f"{number}" / clips[person][0].name).symlink_to(clips[person][0])
    return ["--faces", str(folder)]


@pytest.mark.slow
@pytest.mark.timeout(480)
def test_all_of_the_demonstration_holds(tmp_path: Path) -> None:
    folder = tmp_path / "temporary"
    folder.mkdir()
    done = subprocess.run(
        [*COMMAND, "--headless", "--folder", str(tmp_path / "demo"), *cast(tmp_path / "cast")],
        cwd=ROOT,
        env=environment(folder),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-4000:]
    assert "✗" not in done.stdout
    assert survivors(folder) == []
    assert survivors(tmp_path / "demo") == []
    assert list(folder.iterdir()) == []
    walk_tour(tmp_path)


def walk_tour(place: Path) -> None:
    """Every line of the README's ten minutes, on what the demonstration left in `demo`, as somebody types it."""
    (first, enters, *rest) = tour()
    assert first.startswith("./install.sh demo")
    assert enters.startswith(". .venv/bin/activate")
    (place / "docs").symlink_to(ROOT / "docs")
    shell = environment(place) | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    (export, *commands) = rest
    for line in commands:
        text, _, comment = line.partition("#")
        wanted = int(said[1]) if (said := re.search(r"exit code (\d)", comment)) else 0
        done = subprocess.run(
            ["bash", "-c", f"{export}\n{text}"], cwd=place, env=shell, capture_output=True, text=True, check=False
        )
        assert done.returncode == wanted, f"{line}\n{done.stdout}{done.stderr}"
        assert "Traceback" not in done.stderr, line


def tour() -> list[str]:
    (block,) = re.findall(r"```sh\n(.+?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)
    return [line for line in block.splitlines() if line]


def test_a_folder_with_something_in_it_is_not_taken(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("precious")
    command = [*COMMAND, "--headless", "--folder", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, env=environment(tmp_path), capture_output=True, text=True, check=False)
    assert (done.returncode, [path.name for path in tmp_path.iterdir()]) == (2, ["mine"])
    assert "not empty" in done.stderr


def test_an_interrupted_demonstration_leaves_nothing(tmp_path: Path) -> None:
    with subprocess.Popen(
        [*COMMAND, "--headless"], cwd=ROOT, env=environment(tmp_path), stdout=subprocess.PIPE, text=True
    ) as process:
        deadline = time.monotonic() + 60
        while not list(tmp_path.glob("*/agent.log")):
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        told = process.communicate(timeout=60)[0]
    assert process.returncode == 130
    assert "正在清理" in told
    assert survivors(tmp_path) == []
    assert list(tmp_path.iterdir()) == []
