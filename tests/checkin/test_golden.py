"""The golden cases through the desk: the same outcomes as the rules alone give, with everything on the record."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from edge_agent.checkin.desk import Desk
from edge_agent.checkin.person import marks_of
from edge_agent.checkin.visit import Reply, Visit
from edge_agent.cli.cases import CaseForm, read_cases
from edge_agent.rules.credit import credit
from edge_agent.rules.revise import Edit, revise
from edge_agent.rules.windows import attendance_units
from edge_agent.store import attendance
from edge_agent.store.lessons import get_lesson, list_lessons
from tests import data
from tests.venue import Venue, policies, reading

FILES = ["jinan-2024.json", "fixed-clock-daily.json", "random-3plus2.json"]


def cases() -> Iterator[Any]:
    folder = data.folder()
    if folder is None:
        yield pytest.param("", None, marks=pytest.mark.skip(reason="golden cases are not here"))
        return
    for name in FILES:
        form = read_cases(folder / "golden" / name)
        for case in form.attendance:
            yield pytest.param(form.policy, case, id=f"{name.removesuffix('.json')}-{case.id}")


@pytest.mark.parametrize(("policy", "form"), list(cases()))
def test_a_case_through_the_desk(policy: str, form: CaseForm, venue: Venue, desk: Desk) -> None:
    case = form.case()
    edits = sorted(case.edits, key=lambda edit: edit.at)
    venue.add_class(policy=policy)
    venue.add_trainee(subgroup=case.subgroup)
    venue.clock.set(min([*case.taps, *(edit.at for edit in edits)]))
    for lesson in case.lessons:
        venue.save_lesson(replace(lesson, class_id="c1"))

    for number, tap in enumerate(form.taps):
        while edits and edits[0].at <= tap.at:
            apply(venue, edits.pop(0))
        venue.clock.set(tap.at)
        replies = desk.tap("t1", Visit(id=f"v{number}", stamp=venue.clock.stamp(), method="face"))
        assert [compared(reply) for reply in replies] == tap.expect
    for edit in edits:
        apply(venue, edit)

    with reading(venue.database) as connection:
        units = attendance_units(list_lessons(connection, class_id="c1"), policies(policy).policy, case.subgroup)
        marks = marks_of(attendance.of_trainee(connection, "t1"))
    assert credit(units, marks, policies(policy).policy, approved=case.approved) == form.expect_credit


def apply(venue: Venue, edit: Edit) -> None:
    venue.clock.set(edit.at)
    with reading(venue.database) as connection:
        lesson = get_lesson(connection, edit.lesson)
    venue.save_lesson(replace(revise(lesson, edit.changes), revision=lesson.revision))


def compared(reply: Reply) -> dict[str, Any]:
    """Give a reply in the golden files' words."""
    told = {"unit": reply.unit or None, "outcome": reply.said.value}
    return told if reply.until is None else told | {"until": reply.until.isoformat()}
