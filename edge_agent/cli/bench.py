"""`edge-agent bench NAME [--json]`: each bench is a function of typed options that gives one `Bench`."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import wraps
from importlib import import_module
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from edge_agent.cli.lazy import mount

BENCHES = {
    "appliance": ("edge_agent.cli.benches.appliance:measure", "A whole device: memory, CPU, time to start."),
    "day": ("edge_agent.cli.benches.day:teach", "What a day of lessons writes to the disk for its database."),
    "evidence": ("edge_agent.cli.benches.evidence:run", "A class's package: making and verifying it."),
    "faces": ("edge_agent.cli.benches.faces:run", "Faces: frame to name against dlib, start and memory of the engine."),
    "kiosk": ("edge_agent.cli.benches.kiosk:run", "The kiosk in Chromium: answers, a queue of 50, lists, memory."),
    "upload": ("edge_agent.cli.benches.upload:run", "A recording to the centre by tus, against a plain PUT."),
    "record": ("edge_agent.cli.benches.record:run", "Recording: copying packets against ffmpeg and OpenCV."),
    "sync": ("edge_agent.cli.benches.sync:run", "Facts to the centre and back, durable, against bare paho."),
    "store": ("edge_agent.cli.benches.store:run", "The journal: durable facts against bare sqlite3."),
    "soak": ("edge_agent.cli.benches.soak:measure", "Weeks of use in an hour: whether memory, files, threads grow."),
    "rules": ("edge_agent.cli.benches.rules:run", "The rule engine: replay of cases, plan of a venue."),
}


@dataclass(frozen=True, slots=True)
class Bench:
    """What one bench measured. `ratios` compare within the one run; `figures` name their unit (`plan_ms`)."""

    bench: str
    figures: Mapping[str, float | int | str]
    ratios: Mapping[str, float]


def _as_command(function: Callable[..., Bench]) -> Callable[..., None]:
    """Give the function's command: its own options, and `--json`."""

    @wraps(function)
    def command(*, as_json: bool, **options: object) -> None:
        result = function(**options)
        if as_json:
            print(json.dumps(asdict(result), ensure_ascii=False))
        else:
            _show(result)

    flag = inspect.Parameter(
        "as_json",
        inspect.Parameter.KEYWORD_ONLY,
        default=False,
        annotation=Annotated[bool, typer.Option("--json", help="Print one JSON object.")],
    )
    own = inspect.signature(function, eval_str=True)
    command.__annotations__ = {name: each.annotation for name, each in own.parameters.items()}
    command.__annotations__["as_json"] = flag.annotation
    signature = own.replace(parameters=[*own.parameters.values(), flag], return_annotation=None)
    command.__signature__ = signature  # type: ignore[attr-defined]  # inspect reads it before what wraps() left
    return command


def _show(result: Bench) -> None:
    table = Table("", "", title=f"bench {result.bench}", show_header=False)
    for name, value in result.figures.items():
        table.add_row(name, f"{value:.4g}" if isinstance(value, float) else str(value))
    table.add_section()
    for name, value in result.ratios.items():
        table.add_row(name, f"{value:.3g}")
    Console().print(table)


def _loader(target: str) -> Callable[[], typer.Typer]:
    def load() -> typer.Typer:
        module, _, name = target.partition(":")
        single = typer.Typer(pretty_exceptions_enable=False, add_completion=False)
        single.command()(_as_command(getattr(import_module(module), name)))
        return single

    return load


app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


@app.callback()
def main() -> None:
    """性能测量 / measure this machine."""


for _name, (_target, _summary) in BENCHES.items():
    mount(app, _name, _loader(_target), _summary)
