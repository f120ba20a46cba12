"""What a package covers: a class, a period of dates, or one lesson, and the stretch of the journal that proves it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from edge_agent.errors import InputError, NotFoundError
from edge_agent.evidence.record import ClassRecord
from edge_agent.model.kinds.plan import ClassSaved
from edge_agent.store.database import Connection
from edge_agent.store.kinds import of_kinds

# Kinds that concern every class: who worked the device, what its clock, its cameras and its power did.
_SHARED = (
    "service.",
    "epoch.",
    "clock.",
    "seal.",
    "outage.",
    "policy.",
    "camera.",
    "software.",
    "retention.",
    "media.lost",
)


@dataclass(frozen=True)
class Scope:
    """`lessons` are the ids covered; `name` says it in Chinese; `whole` where it is the class."""

    class_id: str
    lessons: frozenset[str]
    trainees: frozenset[str]
    units: frozenset[str]
    name: str
    whole: bool

    def shows(self, kind: str, body: Mapping[str, Any]) -> bool:
        """Say whether a fact stands whole in the package; others stand as their digest."""
        data = body["data"]
        if kind.startswith(_SHARED):
            return True
        if "unit" in data and data.get("class_id") == self.class_id:
            # Before the lesson: a unit of a whole day names its first lesson, and belongs to the others, too.
            return data["unit"] in self.units
        if "lesson" in data or "lessons" in data:
            return bool(self.lessons & {data.get("lesson", ""), *data.get("lessons", ())})
        if "class_id" in data:
            return bool(data["class_id"] == self.class_id)
        if "trainee" in data:
            return data["trainee"] in self.trainees
        return False


def cut(
    record: ClassRecord, *, since: date | None = None, until: date | None = None, lesson: str = ""
) -> tuple[ClassRecord, Scope]:
    """Narrow a class's record to the days from `since` to `until`, both included, or to a lesson; name what is covered.

    Raises `InputError` for a period beside a lesson or one that ends before it begins, `NotFoundError` without lessons.
    """
    period = _say_period(since, until)
    if period and lesson:
        raise InputError("Give a period or a lesson, not both (日期与课程只能选一个).")
    if since and until and until < since:
        raise InputError("until: before since (结束日期早于开始日期).")
    chosen = [
        each
        for each in record.lessons
        if (since or date.min) <= each.date <= (until or date.max) and lesson in {"", each.id}
    ]
    if (period or lesson) and not chosen:
        raise NotFoundError(
            f"Class {record.training.code} has no lesson for {lesson or period} (该班级在所选范围内没有课程)."
        )
    ids = {each.id for each in chosen}
    narrowed = replace(
        record,
        lessons=chosen,
        recordings={each: own for each, own in record.recordings.items() if each in ids},
        snapshots={each: picture for each, picture in record.snapshots.items() if picture.lesson in ids},
        supplements=[each for each in record.supplements if each.lesson in ids],
    )
    units = frozenset(unit.id for each in record.trainees for unit in narrowed.units(each))
    narrowed = replace(narrowed, taps=[tap for tap in record.taps if tap.unit in units])
    name = f"{chosen[0].date} {chosen[0].subject}" if lesson else period or "全班"
    return narrowed, Scope(
        class_id=record.training.id,
        lessons=frozenset(each.id for each in chosen),
        trainees=frozenset(each.id for each in record.trainees),
        units=units,
        name=name,
        whole=not (period or lesson),
    )


def _say_period(since: date | None, until: date | None) -> str:
    """Say a period in Chinese; empty where it has no bound."""
    if since == until:
        return str(since or "")
    if since and until:
        return f"{since} 至 {until}"
    return f"{since} 起" if since else f"至 {until}"


def first_fact(connection: Connection, scope: Scope) -> int:
    """Give the id of the first fact of the class: the stretch begins there, and ends at the head."""
    wanted, named = of_kinds((ClassSaved.KIND,))
    row = connection.execute(
        f"SELECT min(id) FROM facts WHERE {wanted} AND instr(CAST(body AS TEXT), ?)",  # noqa: S608 - see of_kinds
        (*named, json.dumps({"class_id": scope.class_id})[1:-1].replace('": "', '":"')),
    ).fetchone()
    if row[0] is None:
        raise NotFoundError("The journal has no fact of this class.", do="Run: edge-agent fsck")
    return int(row[0])
