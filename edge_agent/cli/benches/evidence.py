"""How long the package of a class takes to make and to verify, and what memory that needs.

Export and verification are the commands themselves, each in a process of its own, start of the interpreter included.
"""

from __future__ import annotations

import tempfile
import time
from contextlib import closing
from datetime import timedelta
from functools import cache
from pathlib import Path
from statistics import quantiles
from typing import Annotated

import typer

from edge_agent.cli.bench import Bench
from edge_agent.cli.benches._processes import measured
from edge_agent.evidence.record import read_class
from edge_agent.evidence.verdicts import VerdictKeeper
from edge_agent.evidence.verify import Keys, verify
from edge_agent.policies import load_policy
from edge_agent.simulator.classroom import POLICY, Classroom, make_classroom
from edge_agent.store.database import connect

_TICKS = 120
_SEGMENT = timedelta(seconds=60)  # as `capture` cuts recordings: most facts of a class are its segments and taps


def run(
    trainees: Annotated[int, typer.Option(min=1, help="Trainees of the class.")] = 50,
    days: Annotated[int, typer.Option(min=1, help="Days of four periods each.")] = 15,
    size: Annotated[str, typer.Option(help="The snapshots', WIDTHxHEIGHT.")] = "1280x720",
) -> Bench:
    width, height = map(int, size.split("x"))
    with tempfile.TemporaryDirectory(dir=".") as name:
        folder = Path(name)
        room = make_classroom(folder, trainees=trainees, days=days, picture=(width, height), segment=_SEGMENT)
        keys, package = folder / "keys.txt", folder / "package.zip"
        keys.write_text(f"device {room.signer.public}\n")
        made = measured("export", "--class", "C", "--out", str(package), data=folder)
        verified = measured("verify", str(package), "--key", str(keys), data=folder)
        report = verify(package, Keys(frozenset({room.signer.public})))
        ticks = sorted(_ticks(room))
        with closing(connect(room.database, readonly=True)) as connection:
            periods = read_class(connection, "C", POLICY, room.clock.wall).standing.planned_periods
        room.writer.close()
        package_size = package.stat().st_size
    return Bench(
        "evidence",
        {
            "trainees": trainees,
            "periods": periods,
            "facts": report.checked.get("facts", 0),
            "snapshots": report.checked.get("media", 0),
            "package_mb": round(package_size / 1e6, 1),
            "export_s": round(made.seconds, 2),
            "export_peak_mb": round(made.peak),
            "export_exit_code": made.code,
            "verify_s": round(verified.seconds, 2),
            "verify_peak_mb": round(verified.peak),
            "verify_exit_code": verified.code,
            "verdict_tick_ms": round(quantiles(ticks, n=2)[0], 2),
            "verdict_tick_p95_ms": round(quantiles(ticks, n=20)[-1], 2),
        },
        {},
    )


def _ticks(room: Classroom) -> list[float]:
    """Give the milliseconds of ticks on the last day: first those that give verdicts, then those that confirm them."""
    keeper = VerdictKeeper(room.writer, cache(load_policy))
    found = []
    with closing(connect(room.database, readonly=True)) as connection:
        for _ in range(_TICKS):
            began = time.perf_counter()
            keeper.tick(connection, room.clock.stamp())
            found.append(1000 * (time.perf_counter() - began))
    return found
