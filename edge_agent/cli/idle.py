"""`edge-agent idle`: whether the device may be restarted now, and if not, when."""

from __future__ import annotations

import json
from contextlib import closing
from datetime import timedelta
from typing import Annotated

import typer

from edge_agent.policies import load_policy
from edge_agent.rules.plan import compile_schedule
from edge_agent.serve.agent import make_clock
from edge_agent.settings import load_settings
from edge_agent.store.database import connect
from edge_agent.store.lessons import load_timetables, recordings_by_hand
from edge_agent.upkeep.idle import idle_from

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def idle(
    minutes: Annotated[int, typer.Option(min=0, help="So long it must stay idle.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """现在有没有课 / say whether no lesson runs, and from when."""
    settings = load_settings()
    now = make_clock(settings).stamp().wall
    with closing(connect(settings.store.database, readonly=True)) as connection:
        today = (now - timedelta(days=1)).date()
        timetables = load_timetables(connection, since=today, until=today + timedelta(days=8))
        by_hand = recordings_by_hand(connection, now)
    schedules = [compile_schedule(timetable, load_policy(name).policy) for name, timetable in timetables.items()]
    until = idle_from(schedules, by_hand, now, timedelta(minutes=minutes))
    if as_json:
        print(json.dumps({"idle": until <= now, "until": until.astimezone().isoformat(timespec="seconds")}))
    elif until <= now:
        print("现在空闲 / idle")
    else:
        print(f"{until.astimezone():%H:%M} 起空闲 / idle from then on")
