"""检查记录: what an inspector saw, signed by their account."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import Field

from edge_agent.furniture.passwords import verify
from edge_agent.model.kinds.people import InspectionRecorded
from edge_agent.store import accounts
from edge_agent.store.facts import read_facts
from edge_agent.store.lessons import get_lesson
from edge_agent.store.training import get_class
from edge_agent.web.api.base import Done, Form, Identifier, Instant, Pages, Secret, Slice, Text, Told
from edge_agent.web.auth.login import LoginError
from edge_agent.web.guard import Inspector, Office

router = APIRouter(tags=["inspections"])


class InspectionForm(Form):
    """`heads` are the people counted in the room; `lesson` is empty for the class as a whole.

    The inspector signs with the `password` typed once more.
    """

    password: Secret
    lesson: Text = ""
    occasion: Literal["opening", "exam", "sample", "other"]
    heads: Annotated[int | None, Field(ge=0, le=1000)] = None
    text: Annotated[Text, Field(min_length=1)]


class InspectionTold(Told):
    at: Instant
    inspector: str
    lesson: str
    occasion: str
    heads: int | None
    text: str
    fact: str


@router.post("/classes/{class_id}/inspections", status_code=201)
def record(class_id: Identifier, form: InspectionForm, visitor: Inspector) -> Done:
    """Add a 检查记录: signed with the inspector's password, then sealed with the journal."""
    if not verify(visitor.account.password, form.password):
        raise LoginError("password: wrong (密码错误，未签名).", do="Type your own password.")
    with visitor.reading() as connection:
        get_class(connection, class_id)
        if form.lesson:
            get_lesson(connection, form.lesson)
    (fact,) = visitor.site.writer.append(
        InspectionRecorded(
            class_id=class_id,
            lesson=form.lesson,
            inspector=visitor.by,
            occasion=form.occasion,
            heads=form.heads,
            text=form.text,
            signature=f"password {visitor.by}",
        ),
        by=visitor.by,
    )
    return Done(id=fact.name)


@router.get("/classes/{class_id}/inspections")
def inspections(class_id: Identifier, visitor: Office, paging: Pages) -> Slice[InspectionTold]:
    with visitor.reading() as connection:
        get_class(connection, class_id)
        names = {each.id: each.name for each in accounts.list_accounts(connection)}
        found = [
            fact
            for fact in read_facts(connection, kinds=(InspectionRecorded.KIND,))
            if fact.data["class_id"] == class_id
        ]
    return paging.slice(
        found,
        lambda fact: InspectionTold(
            at=fact.stamp.wall,
            fact=fact.name,
            inspector=names.get(fact.by, fact.by),
            **{name: fact.data[name] for name in ("lesson", "occasion", "heads", "text")},
        ),
    )
