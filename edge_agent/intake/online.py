"""Hours that trainees learnt online, and their certificates, laid over the roster."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import Literal

from edge_agent.intake.classes import find_class
from edge_agent.intake.columns import ONLINE_HOURS
from edge_agent.intake.identity import read_document
from edge_agent.intake.limits import check_share
from edge_agent.intake.problems import FileRefusedError, Problems
from edge_agent.intake.read import Source, open_table
from edge_agent.intake.report import Report
from edge_agent.intake.table import Row
from edge_agent.intake.values import read_name, read_number, read_text
from edge_agent.intake.world import World
from edge_agent.model.people import Trainee, TrainingClass


@dataclass(frozen=True, slots=True)
class OnlineRow:
    row: int
    trainee: Trainee
    change: Literal["changed", "unchanged"]


@dataclass(frozen=True, slots=True)
class OnlineGroup:
    training: TrainingClass
    rows: tuple[OnlineRow, ...]


@dataclass(frozen=True, slots=True)
class OnlineDraft:
    source: Source
    problems: Problems
    groups: tuple[OnlineGroup, ...] = ()


def parse_online(data: bytes, name: str, world: World, *, class_ref: str = "") -> OnlineDraft:
    """Read online hours and certificates; every row must name a trainee who is on a roster."""
    source, report = Source.of(data, name), Report()
    try:
        table = open_table(data, name, ONLINE_HOURS, report)
    except FileRefusedError as refused:
        return OnlineDraft(source, Problems((refused.problem,)))
    classes: dict[str, list[OnlineRow]] = defaultdict(list)
    seen: dict[str, int] = {}
    rows = list(table.rows())
    for row in rows:
        found = _read(report, row, world, class_ref)
        if found is None:
            continue
        if (first := seen.setdefault(found.trainee.id, row.number)) != row.number:
            report.add("trainee_twice", row.place("document"), row=first)
        classes[found.trainee.class_id].append(found)
    if not rows:
        report.add("rows_none")
    known = {training.id: training for training in world.classes}
    groups = tuple(OnlineGroup(known[class_id], tuple(group)) for class_id, group in classes.items())
    for group in groups:
        online = group.training.online_required
        check_share(report, world, group.training, online, code="online_class_share")
    return OnlineDraft(source, report.problems(), groups)


def _read(report: Report, row: Row, world: World, class_ref: str) -> OnlineRow | None:
    name = report.read(row, "name", read_name, "")
    document = report.read(row, "document", read_document, "")
    online = report.read(row, "online", read_number, 0.0)
    certificate = report.read(row, "certificate", read_text, "")
    reference = class_ref or report.read(row, "class", read_text, "")
    training = find_class(world, reference) if reference else None
    if reference and training is None:
        report.add("class_unknown", row.place("class"), name=reference)
    if not document or (reference and training is None):
        return None
    known = [
        trainee
        for class_id, trainees in world.active.items()
        if training is None or class_id == training.id
        for trainee in trainees
        if trainee.document == document
    ]
    if len(known) != 1:
        report.add("trainee_in_classes" if known else "trainee_unknown", row.place("document"))
        return None
    trainee = known[0]
    if name and name != trainee.name:
        report.add("name_differs", row.place("name"), known=trainee.name, name=name)
    _check_share(report, row, world, trainee.class_id, online)
    merged = replace(trainee, online_periods=online, certificate=certificate or trainee.certificate)
    return OnlineRow(row.number, merged, "unchanged" if merged == trainee else "changed")


def _check_share(report: Report, row: Row, world: World, class_id: str, online: float) -> None:
    training = next(known for known in world.classes if known.id == class_id)
    check_share(report, world, training, online, code="online_share", place=row.place("online"))
    if training.online_required and online > training.online_required:
        report.add("online_more", row.place("online"), online=f"{online:g}", approved=training.online_required)
