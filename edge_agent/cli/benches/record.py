"""What recording costs against ffmpeg's copy into segments and against OpenCV, on the same stream at the same time."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from edge_agent.cli.bench import Bench
from edge_agent.cli.benches import delays
from edge_agent.errors import DeviceError, InputError

WARM_UP = 8.0  # seconds: importing, connecting and probing are paid once a lesson, not once a minute
_TICKS = os.sysconf("SC_CLK_TCK")
_OURS = [sys.executable, "-m", "edge_agent.cli.benches.recorders"]
_VIRTUAL = [sys.executable, "-m", "edge_agent", "simulator", "camera", "--no-multicast", "--json"]
_VIRTUAL += ["--size", "1920x1080", "--fps", "25", "--kbps", "4000", "--noise", "12", "--seconds", "10"]

Command = Sequence[str | Path]


@dataclass(frozen=True, slots=True)
class Cost:
    """`cpu` in seconds a minute and camera; `rss` and `pss` in MB, of all processes together."""

    cpu: float
    rss: float
    pss: float


def run(
    cameras: Annotated[int, typer.Option(min=1, help="Cameras of the second comparison.")] = 16,
    minutes: Annotated[float, typer.Option(min=0.05, help="Minutes that each comparison measures.")] = 1.0,
    url: Annotated[str, typer.Option(help="Stream to record; empty: a virtual camera, 1080p25 at 4 Mbit/s.")] = "",
) -> Bench:
    ffmpeg = shutil.which("ffmpeg")
    if ffmpeg is None:
        raise InputError("ffmpeg: not found, and it is what recording is compared with.", do="Run: apt install ffmpeg")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=".")))
        stream = url or stack.enter_context(_virtual_camera())

        def ours(count: int) -> list[Command]:
            return [[*_OURS, "ours", folder, *[stream] * count]]

        def copies(count: int) -> list[Command]:
            return [_copy(ffmpeg, stream, folder / f"{number}-%d.mp4") for number in range(count)]

        one = _compare({"ours": ours(1), "ffmpeg": copies(1)}, minutes, cameras=1)
        many = _compare({"ours": ours(cameras), "ffmpeg": copies(cameras)}, minutes, cameras=cameras)
        waits = delays.measure(folder)
        decoded = _compare({"ours": ours(1), "opencv": [[*_OURS, "opencv", folder, stream]]}, minutes, cameras=1)
    named = {"1": one, str(cameras): many, "beside_opencv": decoded}
    figures: dict[str, float | int | str] = {"cameras": cameras, "minutes": minutes, **waits}
    for where, costs in named.items():
        for who, cost in costs.items():
            figures |= {
                f"{who}_{where}_cpu_s_per_camera_minute": round(cost.cpu, 3),
                f"{who}_{where}_rss_mb": round(cost.rss, 1),
                f"{who}_{where}_pss_mb": round(cost.pss, 1),
            }
    return Bench(
        "record",
        figures,
        {
            "cpu_vs_ffmpeg_1": round(one["ours"].cpu / one["ffmpeg"].cpu, 3),
            f"cpu_vs_ffmpeg_{cameras}": round(many["ours"].cpu / many["ffmpeg"].cpu, 3),
            f"rss_vs_ffmpeg_{cameras}": round(many["ours"].rss / many["ffmpeg"].rss, 4),
            f"pss_vs_ffmpeg_{cameras}": round(many["ours"].pss / many["ffmpeg"].pss, 4),
            "cpu_vs_opencv": round(decoded["ours"].cpu / decoded["opencv"].cpu, 4),
        },
    )


def _copy(ffmpeg: str, stream: str, pattern: Path) -> Command:
    quiet = [ffmpeg, "-nostdin", "-loglevel", "error", "-y"]
    return [
        *quiet,
        "-rtsp_transport",
        "tcp",
        "-i",
        stream,
        "-c",
        "copy",
        "-f",
        "segment",
        "-segment_time",
        "60",
        pattern,
    ]


@contextmanager
def _virtual_camera() -> Iterator[str]:
    with subprocess.Popen(_VIRTUAL, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - our own interpreter
        try:
            line = process.stdout.readline() if process.stdout else ""
            if not line:
                raise DeviceError("The virtual camera did not start.", do=f"Run: {' '.join(_VIRTUAL[1:])}")
            yield json.loads(line)["rtsp"]
        finally:
            process.terminate()


def _compare(recorders: Mapping[str, Sequence[Command]], minutes: float, *, cameras: int) -> dict[str, Cost]:
    """Run all recorders at once and measure each over the same minutes."""
    running: dict[str, list[subprocess.Popen[bytes]]] = {}
    try:
        for who, commands in recorders.items():
            running[who] = [
                subprocess.Popen([str(part) for part in command], stdin=subprocess.DEVNULL)  # noqa: S603 - recorders named above
                for command in commands
            ]
        time.sleep(WARM_UP)
        before = {who: _cpu(processes) for who, processes in running.items()}
        began = time.monotonic()
        time.sleep(minutes * 60)
        measured = (time.monotonic() - began) / 60
        return {
            who: Cost(
                cpu=(_cpu(processes) - before[who]) / measured / cameras,
                rss=_memory(processes, "Rss"),
                pss=_memory(processes, "Pss"),
            )
            for who, processes in running.items()
        }
    finally:
        everyone = [process for processes in running.values() for process in processes]
        for process in everyone:
            process.terminate()
        for process in everyone:
            process.wait()


def _cpu(processes: Sequence[subprocess.Popen[bytes]]) -> float:
    """Give the seconds of user and system time so far."""
    total = 0
    for process in processes:
        if process.poll() is not None:
            raise DeviceError(f"A recorder ended with {process.returncode}: {process.args!r}.", do="Run it by hand.")
        fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
        total += int(fields[11]) + int(fields[12])
    return total / _TICKS


def _memory(processes: Sequence[subprocess.Popen[bytes]], name: str) -> float:
    """Give MB; PSS shares a library's pages between the processes that map it, RSS counts them for each."""
    kilobytes = 0
    for process in processes:
        rollup = Path(f"/proc/{process.pid}/smaps_rollup").read_text()
        kilobytes += next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith(f"{name}:"))
    return kilobytes / 1024
