"""The package's pages: the cover, and the snapshots side by side. They open without a network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from edge_agent.evidence.record import ClassRecord
from edge_agent.evidence.scope import Scope
from edge_agent.evidence.tables import Tables
from edge_agent.evidence.words import FATES, MISSING, SUPPLEMENTS, slot_text, why_text
from edge_agent.model.span import Slot, SlotKind

CLAIM = timedelta(days=365)
_SCRIPTS = {"noble": "noble-ed25519.js", "script": "verify.js"}
_TEMPLATES = Path(__file__).parent / "templates"
_pages = Environment(
    loader=FileSystemLoader(_TEMPLATES), autoescape=select_autoescape(), undefined=StrictUndefined, trim_blocks=True
)


def cover(
    record: ClassRecord,
    *,
    scope: Scope,
    proof: Mapping[str, Any],
    contents: Sequence[tuple[str, str]],
    findings: Sequence[str],
) -> bytes:
    """Give `00_说明.html`: counts, holes in red, how to verify."""
    lessons = Tables(record).lessons()
    slots = [slot for lesson in record.lessons for slot in record.owed(lesson) if not slot.void]
    past = [slot for slot in slots if slot.window.end < record.at]
    missing = sum(1 for slot in past if not _media(record, slot))
    came = sum(tap.direction == "in" for tap in record.taps)
    by_hand = sum(tap.method == "manual" for tap in record.taps)
    passed = sum(standing.prospect.value == "passed" for standing in record.standings.values())
    incomplete = sum(verdict.verdict.value in {"partial", "missing"} for verdict in record.verdicts.values())
    figures = [
        ("课程", len(record.lessons), False),
        ("不完整的课程", incomplete, bool(incomplete)),
        ("学员", len(record.trainees), False),
        *([("达标学员", passed, False)] if scope.whole else []),
        ("签到 / 签退", f"{came} / {len(record.taps) - came}", False),
        ("其中手动打卡", by_hand, False),
        ("抓拍", f"{len(past) - missing} / {len(past)}", bool(missing)),
        ("录像分段", sum(len(own) for own in record.recordings.values()), False),
    ]
    return _render(
        "cover.html",
        training=record.training,
        opens=record.training.opens or "",
        closes=record.training.closes or "",
        scope=scope.name,
        made=f"{record.at:%Y-%m-%d %H:%M:%S}",
        supplements=SUPPLEMENTS,
        figures=figures,
        claim=_claim(record),
        holes=[row for index, row in enumerate(lessons.rows) if index in lessons.bad],
        contents=contents,
        findings=findings,
        policy=record.policy.policy,
        **proof,
    )


def contact_sheet(record: ClassRecord, files: Mapping[str, str]) -> bytes:
    """Give the snapshots by lesson; `files` has each media id's path beside the page. A hole is red and says why."""
    lessons, taken, missing = [], 0, 0
    for lesson in record.lessons:
        slots = []
        for slot in record.owed(lesson):
            entry = _entry(record, slot, files)
            taken += bool(entry["file"])
            missing += entry["result"] == MISSING
            slots.append(entry)
        lessons.append({"title": f"{lesson.date} {lesson.start:%H:%M} {lesson.subject}", "slots": slots})
    return _render("contact.html", training=record.training, lessons=lessons, taken=taken, missing=missing)


def verifier() -> bytes:
    """Give `verify.html`: the same checks as `verify.py`, for a computer that has a browser and nothing else."""
    scripts = {name: (_TEMPLATES / file).read_text() for name, file in _SCRIPTS.items()}
    return _render("verify.html", **{name: Markup(text) for name, text in scripts.items()})  # noqa: S704 - our own files


def _claim(record: ClassRecord) -> str:
    """Say until when the subsidy can be claimed: a year from the class's end."""
    closes = record.training.closes
    if closes is None:
        return ""
    ends = closes + CLAIM
    left = (ends - record.at.date()).days
    return f"补贴申报期限 {ends}，还有 {left} 天" if left >= 0 else f"补贴申报期限 {ends}，已过 {-left} 天"


def _entry(record: ClassRecord, slot: Slot, files: Mapping[str, str]) -> dict[str, Any]:
    zone, became = record.policy.policy.zone, record.fate(slot)
    picture = record.snapshots.get(_media(record, slot))
    start, end = slot.window.start.astimezone(zone), slot.window.end.astimezone(zone)
    return {
        "file": files.get(picture.id, "") if picture else "",
        "is_clip": slot.kind is SlotKind.CLIP,
        "label": slot_text(slot.id),
        "at": f"{picture.start.astimezone(zone):%H:%M:%S}" if picture else "",
        "source": "",
        "window": f"{start:%H:%M:%S}-{end:%H:%M:%S}",
        "result": "" if picture else FATES[became],
        "cause": "" if picture else why_text(became, record.cause(slot)),
    }


def _media(record: ClassRecord, slot: Slot) -> str:
    state = record.slots.get(slot.id)
    return state.media if state else ""


def _render(template: str, **values: Any) -> bytes:
    style = (_TEMPLATES / "style.css").read_text()
    return _pages.get_template(template).render(style=style, **values).encode()
