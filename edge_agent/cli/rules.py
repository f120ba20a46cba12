"""`edge-agent rules`: what the training rules make of a timetable, and of cases that were written down."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from edge_agent.cli.cases import CasesForm, read_cases
from edge_agent.cli.planview import show_plan
from edge_agent.cli.timetables import read_timetable
from edge_agent.errors import InputError
from edge_agent.intake.identity import is_resident_id
from edge_agent.model.span import AttendanceUnit, SlotKind, Span
from edge_agent.policies import load_policy
from edge_agent.rules.attendance import Answer
from edge_agent.rules.credit import reaches
from edge_agent.rules.limits import teachers_needed
from edge_agent.rules.plan import Schedule
from edge_agent.rules.policy import Policy, problems
from edge_agent.rules.replay import replay
from edge_agent.rules.slots import slots
from edge_agent.rules.windows import lesson_times, periods

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)

AsJson = Annotated[bool, typer.Option("--json", help="Machine-readable output.")]


@app.callback()
def main() -> None:
    """培训规则：计划与复算 / the training rules: plan and replay."""


@app.command("replay")
def replay_command(
    cases: Annotated[Path, typer.Argument(metavar="CASES.json", help="Lessons, revisions and taps.")],
    as_json: AsJson = False,
    check: Annotated[
        bool, typer.Option("--check", help="Compare with the file's expectations; exit 1 if any.")
    ] = False,
) -> None:
    """复算：cases to attendance units, outcomes of taps, credit and snapshot windows."""
    form = read_cases(cases)
    if form.unused:
        print(f"未使用 / left unused: {', '.join(form.unused)}", file=sys.stderr)
    answers = _answers(form)
    if as_json:
        print(json.dumps(answers, ensure_ascii=False))
    elif not check:
        _show(answers)
    if check:
        differences = list(_differences(form, answers))
        print(*differences, sep="\n", end="\n" if differences else "", file=sys.stderr)
        if differences:
            raise typer.Exit(1)
        if not as_json:
            print(f"{len(form.attendance)} cases agree. 复算一致。")
            if not form.expects_something:
                print("文件里没有写期望，无从核对。The file expects nothing, so nothing was compared.")


@app.command("plan")
def plan_command(
    timetable: Annotated[Path, typer.Argument(metavar="TIMETABLE", help="课表: .xlsx, .csv, or lessons in .json.")],
    policy: Annotated[str, typer.Option(help="A policy's name, or the path of its file.")],
    as_json: AsJson = False,
) -> None:
    """计划：a timetable to recordings, attendance windows and snapshot slots."""
    loaded = load_policy(policy)
    schedule = Schedule(read_timetable(timetable, loaded.policy), loaded.policy)
    if as_json:
        print(json.dumps({"policy": loaded.stamp, **_plan_json(schedule)}, ensure_ascii=False))
    else:
        show_plan(schedule)


def _plan_json(schedule: Schedule) -> dict[str, list[Any]]:
    lessons = [
        {
            "lesson": lesson.id,
            "class": lesson.class_id,
            "subgroup": lesson.subgroup,
            "taught": _span_json(lesson_times(lesson, schedule.policy).taught),
            "cancelled": lesson.cancelled,
            "periods": [
                {"period": period.number, "span": _span_json(period.span), "held": period.held}
                for period in periods(lesson, schedule.policy)
            ],
            "slots": [
                {
                    "slot": slot.id,
                    "period": slot.period,
                    "kind": slot.kind.value,
                    "window": _span_json(slot.window),
                    "target": slot.target.isoformat(),
                    "void": slot.void,
                }
                for slot in schedule.slots[lesson.id]
            ],
        }
        for lesson in schedule.timetable.lessons
    ]
    recordings = [
        {"camera": each.camera, "lesson": each.lesson, "span": _span_json(each.span)} for each in schedule.recordings
    ]
    units = [
        {"class": unit.class_id, "subgroup": unit.subgroup, "lessons": unit.lessons, **_unit_json(unit)}
        for unit in schedule.all_units
    ]
    return {"lessons": lessons, "recordings": recordings, "units": units}


def _answers(form: CasesForm) -> dict[str, list[Any]]:
    attendance = []
    for each in form.attendance:
        outcomes = replay(each.case(), _policy(each.policy or form.policy, form.timezone))
        attendance.append(
            {
                "id": each.id,
                "units": [_unit_json(unit) for unit in outcomes.units],
                "taps": [[_answer_json(answer) for answer in visit] for visit in outcomes.answers],
                "credit": outcomes.credit,
            }
        )
    snapshots = [
        [
            {"period": slot.period, "kind": slot.kind.value, "window": _span_json(slot.window)}
            for slot in slots(each.lesson.lesson(), _policy(each.policy or form.policy, form.timezone))
            if slot.kind is not SlotKind.CLIP and not slot.void
        ]
        for each in form.snapshots
    ]
    return {"attendance": attendance, "snapshots": snapshots}


@cache
def _policy(name: str, timezone: str) -> Policy:
    """A policy, in the zone that the file names."""
    policy = load_policy(name).policy
    if not timezone:
        return policy
    policy = replace(policy, timezone=timezone)
    if found := problems(policy):
        raise InputError(f"{'; '.join(found)}.", do="请改正案例文件的 timezone。Mend the file's timezone.")
    return policy


def _unit_json(unit: AttendanceUnit) -> dict[str, Any]:
    return {
        "unit": unit.id,
        "periods": unit.periods,
        "sign_in": _span_json(unit.sign_in),
        "sign_out": _span_json(unit.sign_out),
    }


def _answer_json(answer: Answer) -> dict[str, Any]:
    said = {"unit": answer.unit and answer.unit.id, "outcome": answer.outcome.value}
    return said if answer.until is None else said | {"until": answer.until.isoformat()}


def _span_json(span: Span) -> list[str]:
    return [span.start.isoformat(), span.end.isoformat()]


def _differences(form: CasesForm, answers: dict[str, list[Any]]) -> Iterator[str]:
    """Name each expectation of the file that was not met; times are compared as instants."""
    for case, got in zip(form.attendance, answers["attendance"], strict=True):
        for number, (tap, visit) in enumerate(zip(case.taps, got["taps"], strict=True), 1):
            yield from _difference(f"{case.id}: tap {number} at {tap.at.isoformat()}", tap.expect, visit)
        yield from _difference(f"{case.id}: units", case.expect_units, got["units"])
        yield from _difference(f"{case.id}: credit", case.expect_credit, got["credit"])
    for number, (lesson, windows) in enumerate(zip(form.snapshots, answers["snapshots"], strict=True), 1):
        yield from _difference(f"snapshots {number} ({lesson.lesson.id})", lesson.expect, windows)
    policy = _policy(form.policy, form.timezone)
    for share in form.pass_80_percent:
        passed = reaches(share.credited, share.required, policy)
        yield from _difference(f"pass {share.credited:g} of {share.required:g}", share.expected, passed)
    for document, valid in form.resident_id.items():
        yield from _difference(f"resident id {document!r}", valid, is_resident_id(document))
    for trainees, teachers in form.teachers_needed.items():
        yield from _difference(f"teachers for {trainees}", teachers, teachers_needed(trainees, policy))


def _difference(what: str, expected: object, got: object) -> Iterator[str]:
    if expected is not None and _instants(expected) != _instants(got):
        yield f"{what}: expected {json.dumps(expected, ensure_ascii=False)}, got {json.dumps(got, ensure_ascii=False)}"


def _instants(value: object) -> object:
    """Give the value with its times as instants, so that 08:00+08:00 equals 00:00Z."""
    if isinstance(value, dict):
        return {key: _instants(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_instants(each) for each in value]
    if isinstance(value, str) and "T" in value:
        try:
            return datetime.fromisoformat(value)
        except ValueError:
            return value
    return value


def _show(answers: dict[str, list[Any]]) -> None:
    table = Table("case", "taps", "credit", title="rules replay")
    for case in answers["attendance"]:
        visits = [" + ".join(f"{each['unit'] or ''} {each['outcome']}" for each in visit) for visit in case["taps"]]
        table.add_row(case["id"], "\n".join(visits), str(case["credit"]), end_section=True)
    console = Console()
    console.print(table)
    for number, windows in enumerate(answers["snapshots"], 1):
        table = Table("period", "kind", "from", "to", title=f"snapshots {number}")
        for slot in windows:
            table.add_row(str(slot["period"] or "-"), slot["kind"], *slot["window"])
        console.print(table)
