"""The sheets say what the rules say: random days go through the desk into the package, and through `rules replay`."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from edge_agent.checkin.desk import Desk
from edge_agent.checkin.visit import Visit
from edge_agent.evidence.record import read_class
from edge_agent.evidence.tables import Table, Tables
from edge_agent.model.lesson import Lesson
from edge_agent.model.span import AttendanceUnit
from edge_agent.policies import LoadedPolicy
from edge_agent.rules.replay import Case, Outcomes, replay
from edge_agent.rules.revise import Edit, revise
from edge_agent.rules.windows import attendance_units
from edge_agent.store.lessons import get_lesson
from tests.venue import DAY, Venue, at, policies, reading

POLICIES = ("jinan-2024", "fixed-clock-daily", "random-3plus2")
SEEDS = range(12)


def random_day(dice: random.Random) -> list[Lesson]:
    """One to three lessons after each other, of one to five periods, with breaks or without."""
    found, minute = [], 8 * 60 + dice.randrange(0, 20, 5)
    for number in range(dice.randint(1, 3)):
        periods, pause = dice.randint(1, 5), dice.choice((0, 0, 5, 10))
        start = at(f"{minute // 60:02}:{minute % 60:02}").time()
        found.append(Lesson(f"L{number}", "c1", DAY, start, periods, break_minutes=pause, subject=f"科目{number}"))
        minute += periods * 45 + (periods - 1) * pause + dice.choice((0, 5, 10, 30))
        if minute > 19 * 60:
            break
    return found


def random_taps(dice: random.Random, units: tuple[AttendanceUnit, ...]) -> Iterator[datetime]:
    """Around the windows' edges, where judgements differ, and here and there between."""
    for unit in units:
        for window in (unit.sign_in, unit.sign_out):
            if dice.random() < 0.85:
                edge = dice.choice((window.start, window.end, window.start + window.length * dice.random()))
                yield edge + timedelta(seconds=dice.choice((0, 0, 0, 1, -1, 90, -90)))
        if dice.random() < 0.3:
            yield unit.teaching.start + unit.teaching.length * dice.random()


def random_edits(dice: random.Random, lessons: list[Lesson]) -> list[Edit]:
    lesson = dice.choice(lessons)
    begins = datetime.combine(DAY, lesson.start, at("08:00").tzinfo)
    match dice.randrange(4):
        case 0:  # 提前下课
            ends = begins + timedelta(minutes=dice.randrange(30, 45 * lesson.periods + 1, 15))
            return [Edit(ends, lesson.id, {"end": ends.time()})]
        case 1:
            return [Edit(begins - timedelta(minutes=20), lesson.id, {"cancelled": True, "cancel_reason": "停电"})]
        case _:
            return []


def through_the_desk(venue: Venue, lessons: list[Lesson], edits: list[Edit], taps: dict[str, list[datetime]]) -> None:
    desk = Desk(venue.writer, policies)
    for lesson in lessons:
        venue.save_lesson(lesson)
    happened = [(edit.at, 0, edit.lesson, edit) for edit in edits]
    order = [*happened, *((moment, 1, trainee, None) for trainee, own in taps.items() for moment in own)]
    for number, (moment, _, subject, edit) in enumerate(sorted(order, key=lambda each: each[:3])):
        venue.clock.set(moment)
        if edit is None:
            desk.tap(subject, Visit(id=f"v{number}", stamp=venue.clock.stamp(), method="face"))
            continue
        with reading(venue.database) as connection:
            lesson = get_lesson(connection, subject)
        venue.save_lesson(replace(revise(lesson, edit.changes), revision=lesson.revision))


@pytest.mark.parametrize("name", POLICIES)
@pytest.mark.parametrize("seed", SEEDS)
def test_every_number_of_the_sheets_is_the_replays(name: str, seed: int, tmp_path: Path) -> None:
    dice, policy = random.Random(f"{name} {seed}"), policies(name)  # noqa: S311 - a seeded test
    lessons = random_day(dice)
    edits = random_edits(dice, lessons)
    units = attendance_units(lessons, policy.policy, "")
    venue = Venue(tmp_path)
    venue.clock.set(at("06:00"))
    required = dice.choice((2, 4, 40))
    venue.add_class(policy=name, required_periods=required)
    taps = {venue.add_trainee(f"t{number}"): sorted(set(random_taps(dice, units))) for number in range(3)}
    through_the_desk(venue, lessons, edits, taps)
    venue.clock.set(at("23:59"))
    replayed = {
        trainee: replay(Case(tuple(lessons), tuple(own), tuple(edits), approved=required), policy.policy)
        for trainee, own in taps.items()
    }
    compare(venue, policy, replayed)
    venue.close()


def compare(venue: Venue, policy: LoadedPolicy, replayed: dict[str, Outcomes]) -> None:
    with reading(venue.database) as connection:
        record = read_class(connection, "c1", policy, venue.clock.wall)
    tables, zone = Tables(record), policy.policy.zone
    summary = lines(tables.summary())
    sheets = {unit.id: lines(tables.of_unit(unit)) for unit in record.schedule.units("c1")}
    for row, trainee in enumerate(record.trainees):
        said = replayed[trainee.id]
        assert (summary[row]["计入课时"], summary[row]["从严口径课时"]) == (said.credit, said.strict_credit)
        own = lines(tables.of_trainee(trainee))
        assert sum(int(str(line["计入课时"])) for line in own) == sum(
            unit.periods for unit in said.units if (mark := said.marks.get(unit.id)) and mark.signed_out
        )
        assert {unit.id for unit in said.units} == set(sheets)
        for unit in said.units:
            line, mark = sheets[unit.id][row], said.marks.get(unit.id)
            for column, moment in (
                ("签到时间", mark and mark.signed_in),
                ("签退时间", mark and mark.signed_out),
            ):
                assert line[column] == (f"{moment.astimezone(zone):%H:%M:%S}" if moment else ""), (unit.id, column)
            assert line["计入课时"] == (unit.periods if mark and mark.signed_out else 0)


def lines(table: Table) -> list[dict[str, object]]:
    return [dict(zip(table.columns, row, strict=True)) for row in table.rows]
