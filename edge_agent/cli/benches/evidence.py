"""How long the package of a class takes to make and to verify, and what memory that needs."""

from __future__ import annotations

import resource
import tempfile
import time
from contextlib import closing
from pathlib import Path
from statistics import median
from typing import Annotated

import typer

from edge_agent.cli.bench import Bench
from edge_agent.evidence.record import read_class
from edge_agent.evidence.verdicts import VerdictKeeper
from edge_agent.evidence.verify import Keys, verify
from edge_agent.policies import load_policy
from edge_agent.simulator.classroom import POLICY, make_classroom
from edge_agent.store.database import connect

_TICKS = 60


def run(
    trainees: Annotated[int, typer.Option(min=1, help="Trainees of the class.")] = 50,
    days: Annotated[int, typer.Option(min=1, help="Days of four periods each.")] = 15,
    size: Annotated[str, typer.Option(help="The snapshots', WIDTHxHEIGHT.")] = "1280x720",
) -> Bench:
    width, height = map(int, size.split("x"))
    with tempfile.TemporaryDirectory(dir=".") as name:
        room = make_classroom(Path(name), trainees=trainees, days=days, picture=(width, height))
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        began = time.perf_counter()
        made = room.package(Path(name) / "package.zip")
        export_s = time.perf_counter() - began
        began = time.perf_counter()
        report = verify(Path(name) / "package.zip", Keys(frozenset({room.signer.public})))
        verify_s = time.perf_counter() - began
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        with closing(connect(room.database, readonly=True)) as connection:
            periods = read_class(connection, "C", POLICY, room.clock.wall).standing.planned_periods
            keeper = VerdictKeeper(room.writer, load_policy)
            ticks = []
            for _ in range(_TICKS):
                began = time.perf_counter()
                keeper.tick(connection, room.clock.stamp())
                ticks.append(1000 * (time.perf_counter() - began))
    return Bench(
        "evidence",
        {
            "trainees": trainees,
            "periods": periods,
            "facts": report.checked.get("facts", 0),
            "snapshots": report.checked.get("media", 0),
            "package_mb": round(made.size / 1e6, 1),
            "export_s": round(export_s, 2),
            "export_peak_mb": round(peak / 1024),
            "before_export_mb": round(before / 1024),
            "verify_s": round(verify_s, 3),
            "verify_exit_code": report.exit_code,
            "verdict_tick_ms": round(median(ticks), 2),
        },
        {},
    )
