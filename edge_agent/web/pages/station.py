"""登记工位: the first morning's page, and the paper consents of a class in a batch."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import Response

from edge_agent.store import consents, training
from edge_agent.web.actions.consent import TEXT
from edge_agent.web.guard import Instructor

router = APIRouter(prefix="/station")


@router.get("/{class_id}")
def station(class_id: str, visitor: Instructor, room: Annotated[str, Query(max_length=80)] = "") -> Response:
    """A class's trainees, who is not enrolled first, beside the camera of this tablet."""
    faces = visitor.site.faces
    enrolled = faces.enrolled() if faces is not None else set()
    with visitor.reading() as connection:
        group = training.get_class(connection, class_id)
        trainees = training.list_trainees(connection, class_id)
        agreed = consents.who_consents(connection, "recognise")
    return visitor.page(
        "station/station.html",
        training=group,
        trainees=sorted(trainees, key=lambda each: each.id in enrolled),
        enrolled=enrolled,
        agreed=agreed,
        room=room,
        ready=faces is not None and faces.ready(),
        text=TEXT,
    )


@router.get("/{class_id}/paper")
def paper(class_id: str, visitor: Instructor) -> Response:
    """File the signed sheets of many at once."""
    with visitor.reading() as connection:
        group = training.get_class(connection, class_id)
        trainees = training.list_trainees(connection, class_id)
        agreed = consents.who_consents(connection, "recognise")
    return visitor.page("station/paper.html", training=group, trainees=trainees, agreed=agreed)
