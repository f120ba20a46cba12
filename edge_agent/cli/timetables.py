"""Timetables for `rules plan`: the office's own table, or JSON; the store is neither needed nor asked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from itertools import count
from pathlib import Path

from edge_agent.cli.cases import content, read_lessons
from edge_agent.errors import InputError
from edge_agent.model.lesson import Lesson, Timetable
from edge_agent.rules.policy import Policy


def read_timetable(file: Path, policy: Policy) -> Timetable:
    """Read a timetable. A room stands for its cameras where the file names none.

    Raises `InputError` that names the rows or fields that can't be read.
    """
    known = read_lessons(file) if file.suffix.lower() == ".json" else Timetable(tuple(_from_table(file, policy)), {})
    rooms = {lesson.room: (lesson.room,) for lesson in known.lessons}
    return Timetable(known.lessons, rooms | known.room_cameras)


def _from_table(file: Path, policy: Policy) -> Iterator[Lesson]:
    # Spreadsheets take a third of a second to import, and JSON doesn't need them.
    from edge_agent.intake.timetable import parse_timetable  # noqa: PLC0415 - see above
    from edge_agent.intake.world import World  # noqa: PLC0415 - see above

    # Nothing is known beside the file, and no lesson of it is too late to plan.
    world = World(now=datetime(2000, 1, 1, tzinfo=policy.zone), policy=policy.id, policies={policy.id: policy})
    draft = parse_timetable(content(file), file.name, world)
    if errors := draft.problems.errors:
        lines = [f"{each.where_zh}：{each.zh}\n{each.where_en}: {each.en}" for each in errors]
        raise InputError("\n".join(lines), do="请改正后重试。Mend the table and try again.")
    numbers = count(1)
    for group in draft.groups:
        training = group.target.training
        for row in group.rows:
            name = training.id or training.code or training.name
            yield replace(row.lesson, id=f"L{next(numbers)}", class_id=name, room=row.lesson.room or row.room)
