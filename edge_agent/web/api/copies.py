"""水印副本: a copy of a snapshot, a sheet or a record for one person, named across it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import Field

from edge_agent.evidence.copies import LONGEST, Of, Shelf, Wanted, give_copy
from edge_agent.store import training
from edge_agent.web.api.base import Form, Identifier, Name
from edge_agent.web.guard import Administrator

router = APIRouter(tags=["copies"])


class CopyForm(Form):
    """`subject` is a snapshot's media id, a unit's id or a trainee's; `trainee` is the recipient, where it is one."""

    of: Of
    subject: Identifier
    recipient: Annotated[Name, Field(max_length=LONGEST)]
    purpose: Annotated[Name, Field(max_length=LONGEST)]
    trainee: Identifier | None = None


@router.post(
    "/copies",
    response_class=Response,
    responses={200: {"content": {"image/jpeg": {}, "application/pdf": {}}}},
)
def give(form: CopyForm, visitor: Administrator) -> Response:
    """Make a copy; a fact says who gave it, of what, and for what."""
    wanted = Wanted(form.of, form.subject, form.recipient, form.purpose, form.trainee or "")
    site = visitor.site
    with visitor.reading() as connection:
        if form.trainee:
            training.get_trainee(connection, form.trainee)
        shelf = Shelf(connection, site.files, site.policies)
        made = give_copy(site.writer, shelf, wanted, visitor.now, by=visitor.by)
    name = f"copy-{made.sha256[:12]}{made.suffix}"
    return Response(
        made.content, media_type=made.mime, headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )
