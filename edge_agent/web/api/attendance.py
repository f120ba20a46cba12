"""Sheets of lessons, taps by hand, explanations and corrections."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import Field

from edge_agent.checkin.desk import Pressed
from edge_agent.checkin.room import ask_for_picture
from edge_agent.checkin.sheets import Phase, Sheet, sheets_of_lesson
from edge_agent.checkin.visit import Said, Visit
from edge_agent.errors import NotFoundError, unknown
from edge_agent.model.kinds.attendance import Corrected, Explained
from edge_agent.store import attendance, training
from edge_agent.store.attendance import Tap
from edge_agent.store.facts import place
from edge_agent.web.api.base import Done, Form, Identifier, Instant, Name, Pages, Slice, Told
from edge_agent.web.api.lessons import own
from edge_agent.web.guard import Administrator, Instructor, Staff

router = APIRouter(tags=["attendance"])


class SpanTold(Told):
    start: Instant
    end: Instant


class Present(Told):
    """A trainee on a sheet; `by_hand` says whether any of the two taps was."""

    trainee: str
    name: str
    signed_in: Instant | None
    signed_out: Instant | None
    by_hand: bool


class SheetTold(Told):
    unit: str
    phase: Phase
    teaching: SpanTold
    sign_in: SpanTold
    sign_out: SpanTold
    signed_in: int
    signed_out: int
    trainees: list[Present]


class ByHandForm(Form):
    """`visit` is made by the page: the same one again is the same press of the button."""

    unit: Identifier
    direction: Literal["in", "out"]
    trainees: Annotated[list[Identifier], Field(min_length=1, max_length=200)]
    reason: Name
    visit: Identifier


class ReplyTold(Told):
    trainee: str
    said: Said
    unit: str
    at: Instant
    until: Instant | None


class ExplanationForm(Form):
    trainee: Identifier
    unit: Identifier
    text: Name


class CorrectionForm(Form):
    trainee: Identifier
    unit: Identifier
    direction: Literal["in", "out"]
    reason: Name


class TapTold(Told):
    class_id: str
    lesson: str
    unit: str
    trainee: str
    name: str
    direction: str
    at: Instant
    method: str
    reason: str
    fact: str


def sheet_told(sheet: Sheet, phase: Phase) -> SheetTold:
    return SheetTold(
        unit=sheet.unit.id,
        phase=phase,
        teaching=SpanTold.model_validate(sheet.unit.teaching),
        sign_in=SpanTold.model_validate(sheet.unit.sign_in),
        sign_out=SpanTold.model_validate(sheet.unit.sign_out),
        signed_in=len(sheet.signed_in),
        signed_out=len(sheet.signed_out),
        trainees=[_present(sheet, each.id, each.name) for each in sheet.trainees],
    )


def _present(sheet: Sheet, trainee: str, name: str) -> Present:
    into, out = sheet.signed_in.get(trainee), sheet.signed_out.get(trainee)
    return Present(
        trainee=trainee,
        name=name,
        signed_in=into and into.at,
        signed_out=out and out.at,
        by_hand=any(tap is not None and tap.method == "manual" for tap in (into, out)),
    )


@router.get("/lessons/{lesson}/attendance")
def sheets(lesson: Identifier, visitor: Staff) -> list[SheetTold]:
    """Give who signed in and out, and who did not."""
    with visitor.reading() as connection:
        found = sheets_of_lesson(connection, visitor.site.policies, lesson)
    return [sheet_told(sheet, sheet.phase(visitor.now)) for sheet in found]


@router.post("/lessons/{lesson}/attendance")
def sign_by_hand(lesson: Identifier, form: ByHandForm, visitor: Instructor) -> list[ReplyTold]:
    """手动签到, 手动签退: one or many, in the same windows as a face. A batch takes a picture of the room."""
    found = own(visitor, lesson)
    site = visitor.site
    with visitor.reading() as connection:
        roster = {each.id for each in training.list_trainees(connection, found.class_id)}
    for trainee in form.trainees:
        if trainee not in roster:
            raise NotFoundError(f"Trainee {trainee} is not on this class's roster (学员不在本班名单).")
    visit = Visit(
        id=f"{visitor.by}-{form.visit}",
        stamp=site.now(),
        method="manual",
        room=found.room,
        by=visitor.by,
        reason=form.reason,
    )
    replies = site.desk.by_hand(form.trainees, Pressed(form.unit, form.direction), visit)
    counted = tuple(each for each, said in replies.items() if any(reply.said.counts for reply in said))
    if len(counted) > 1:
        site.writer.run(lambda tx: ask_for_picture(tx, lesson, visit.id, counted, by=visitor.by))
    return [
        ReplyTold(trainee=trainee, said=reply.said, unit=reply.unit, at=reply.at, until=reply.until)
        for trainee, said in replies.items()
        for reply in said
    ]


@router.post("/classes/{class_id}/explanations", status_code=201)
def explain(class_id: Identifier, form: ExplanationForm, visitor: Instructor) -> Done:
    """File an explanation: evidence, not attendance."""
    with visitor.reading() as connection:
        if training.get_trainee(connection, form.trainee).class_id != class_id:
            raise NotFoundError(f"Trainee {form.trainee} is not in class {class_id} (学员不在本班).")
    fact = Explained(unit=form.unit, class_id=class_id, trainee=form.trainee, text=form.text)
    visitor.site.writer.append(fact, by=visitor.by)
    return Done(id=form.unit)


@router.post("/classes/{class_id}/corrections", status_code=201)
def correct(class_id: Identifier, form: CorrectionForm, visitor: Administrator) -> Done:
    """Declare a tap wrong: its fact stays, it counts no more."""
    with visitor.reading() as connection:
        taps = attendance.of_units(connection, class_id, (form.unit,))
    wrong = next((tap for tap in taps if (tap.trainee, tap.direction) == (form.trainee, form.direction)), None)
    if wrong is None:
        raise unknown(form.unit, "打卡记录", "tap")
    epoch, seq = place(wrong.fact)
    correction = Corrected(
        names=f"{epoch}/{seq}",
        unit=form.unit,
        class_id=class_id,
        trainee=form.trainee,
        direction=form.direction,
        reason=form.reason,
    )
    visitor.site.writer.run(lambda tx: attendance.correct(tx, correction, by=visitor.by))
    return Done(id=form.unit)


@router.get("/classes/{class_id}/records")
def records(
    class_id: Identifier, visitor: Staff, paging: Pages, trainee: Annotated[str, Query(max_length=80)] = ""
) -> Slice[TapTold]:
    """打卡记录: every tap that counts, in order."""
    with visitor.reading() as connection:
        training.get_class(connection, class_id)
        names = {each.id: each.name for each in training.list_trainees(connection, class_id, inactive=True)}
        taps = [tap for tap in attendance.of_class(connection, class_id) if trainee in ("", tap.trainee)]
    return paging.slice(taps, lambda tap: tap_told(tap, names))


def tap_told(tap: Tap, names: Mapping[str, str]) -> TapTold:
    epoch, seq = place(tap.fact)
    return TapTold(
        class_id=tap.class_id,
        lesson=tap.lesson,
        unit=tap.unit,
        trainee=tap.trainee,
        name=names.get(tap.trainee, ""),
        direction=tap.direction,
        at=tap.at,
        method=tap.method,
        reason=tap.reason,
        fact=f"{epoch}/{seq}",
    )
