"""Draw samples, tick what was inspected."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter

from edge_agent.central.pages.guard import Inspector
from edge_agent.central.staff.accounts import Scope
from edge_agent.central.work import inspections, sampling
from edge_agent.central.work.quarter import parse_quarter
from edge_agent.errors import ForbiddenError, InputError
from edge_agent.furniture.forms import Done, Form, Text

router = APIRouter(prefix="/samples")


class SampleForm(Form):
    """`percent` of the quarter's classes or lessons; `district` for who sees more than one."""

    quarter: Text
    subject: sampling.Subject = "class"
    percent: int = 10
    district: Text = ""


class TickForm(Form):
    outcome: Literal["good", "flawed", "absent"]
    note: Text


@router.post("", status_code=201)
def draw(form: SampleForm, visitor: Inspector) -> Done:
    scope = visitor.scope
    if form.district:
        if not scope.everything:
            raise ForbiddenError("district: your own scope is drawn for (只能抽查您的管理范围).")
        scope = Scope("district", form.district)
    with visitor.writing() as tx:
        made = sampling.make_sample(
            tx,
            visitor.centre.signer,
            scope=scope,
            quarter=parse_quarter(form.quarter),
            subject=form.subject,
            rate=form.percent / 100,
            by=visitor.by,
            now=visitor.now,
        )
        visitor.note(tx, "sample.drawn", made, f"{form.quarter} {form.subject} {form.percent} % {scope.value}".strip())
    return Done(id=made, go=f"/samples/{made}")


@router.put("/{identifier}/items/{number}")
def tick(identifier: str, number: int, form: TickForm, visitor: Inspector) -> Done:
    """Note and sign that an item was inspected."""
    if not form.note:
        raise InputError("note: say what was seen (请填写检查情况).")
    with visitor.writing() as tx:
        sample = sampling.get_sample(tx, visitor.scope, identifier)
        wrong = inspections.check(tx, visitor.centre.verifier, sample)
        if wrong:
            raise ForbiddenError(f"This list was tampered with: {wrong} (抽查名单校验不通过).", do="Draw another one.")
        inspections.tick(
            tx,
            visitor.centre.signer,
            sample,
            number,
            outcome=form.outcome,
            note=form.note,
            by=visitor.by,
            now=visitor.now,
        )
        visitor.note(tx, "sample.inspected", f"{identifier}/{number}", f"{form.outcome}: {form.note}")
    return Done(id=str(number))
