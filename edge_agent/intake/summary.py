"""A draft as plain values, for `--json`, the preview page and its API. Resident ids are masked."""

from __future__ import annotations

from dataclasses import asdict
from functools import singledispatch
from typing import Any

from edge_agent.intake.classes import ClassDraft, ClassesDraft
from edge_agent.intake.commit import Draft, Outcome
from edge_agent.intake.identity import masked
from edge_agent.intake.online import OnlineDraft
from edge_agent.intake.problems import Problem
from edge_agent.intake.roster import RosterDraft
from edge_agent.intake.teachers import TeachersDraft
from edge_agent.intake.timetable import TimetableDraft
from edge_agent.model.people import Trainee


def summary(outcome: Outcome[Draft]) -> dict[str, Any]:
    """Give what `edge-agent import --json` prints; docs/intake.md describes it."""
    return {
        "ok": not outcome.blocking,
        "written": None if outcome.written is None else asdict(outcome.written),
        "blocking": [problem.key for problem in outcome.blocking],
        "problems": [_problem(problem) for problem in outcome.draft.problems],
        **rows_of(outcome.draft),
    }


def _problem(problem: Problem) -> dict[str, Any]:
    return {"key": problem.key, **asdict(problem)}


@singledispatch
def rows_of(draft: object) -> dict[str, Any]:
    raise TypeError(f"{type(draft).__name__} is no draft")


@rows_of.register
def _(draft: RosterDraft) -> dict[str, Any]:
    return {
        "source": asdict(draft.source),
        "classes": [_class(group.target) for group in draft.groups],
        "rows": [
            {"row": row.row, "class": group.target.training.name, "change": row.change, **_trainee(row.trainee)}
            for group in draft.groups
            for row in group.rows
        ],
    }


@rows_of.register
def _(draft: TimetableDraft) -> dict[str, Any]:
    return {
        "source": asdict(draft.source),
        "classes": [_class(group.target) for group in draft.groups],
        "rows": [
            {
                "row": row.place.row,
                "class": group.target.training.name,
                "change": row.change,
                "date": row.lesson.date.isoformat(),
                "start": f"{row.lesson.start:%H:%M}",
                "periods": row.lesson.periods,
                "break_minutes": row.lesson.break_minutes,
                "subject": row.lesson.subject,
                "teacher": row.teacher,
                "room": row.room,
                "subgroup": row.lesson.subgroup,
                "kind": row.lesson.kind.value,
            }
            for group in draft.groups
            for row in group.rows
        ],
    }


@rows_of.register
def _(draft: ClassesDraft) -> dict[str, Any]:
    rows = [{"row": item.row, **_class(item)} for item in draft.classes]
    return {"source": asdict(draft.source), "rows": rows}


@rows_of.register
def _(draft: TeachersDraft) -> dict[str, Any]:
    rows = [{"row": row.row, "change": row.change, **asdict(row.teacher)} for row in draft.rows]
    return {"source": asdict(draft.source), "rows": rows}


@rows_of.register
def _(draft: OnlineDraft) -> dict[str, Any]:
    return {
        "source": asdict(draft.source),
        "rows": [
            {"row": row.row, "class": group.training.name, "change": row.change, **_trainee(row.trainee)}
            for group in draft.groups
            for row in group.rows
        ],
    }


def _class(item: ClassDraft) -> dict[str, Any]:
    training = item.training
    return {
        "id": training.id,
        "new": item.is_new,
        "code": training.code,
        "name": training.name,
        "category": training.category,
        "opens": training.opens and training.opens.isoformat(),
        "closes": training.closes and training.closes.isoformat(),
        "required_periods": training.required_periods,
        "online_required": training.online_required,
        "policy": training.policy,
    }


def _trainee(trainee: Trainee) -> dict[str, Any]:
    return {
        "name": trainee.name,
        "document": masked(trainee.document),
        "document_type": trainee.document_type,
        "phone": trainee.phone,
        "subgroup": trainee.subgroup,
        "online_periods": trainee.online_periods,
        "certificate": trainee.certificate,
    }
