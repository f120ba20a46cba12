"""学员端: a trainee's own page, on a phone in the LAN."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response

from edge_agent.checkin.forecast import forecast
from edge_agent.store import attendance, consents, media, training
from edge_agent.web.actions.consent import TEXT
from edge_agent.web.guard import Trainee

router = APIRouter(prefix="/me")


@router.get("")
def mine(visitor: Trainee) -> Response:
    with visitor.reading() as connection:
        rows = training.find_person(connection, visitor.account.person)
        found = [
            {
                "row": row,
                "training": training.get_class(connection, row.class_id),
                "consents": consents.of_trainee(connection, row.id),
                "cards": media.cards(connection, row.id),
                "taps": attendance.of_trainee(connection, row.id)[::-1],
                "standing": next(
                    each.standing
                    for each in forecast(connection, visitor.site.policies, row.class_id, visitor.now)
                    if each.trainee.id == row.id
                ),
            }
            for row in rows
        ]
    return visitor.page("me/me.html", classes=found, text=TEXT)
