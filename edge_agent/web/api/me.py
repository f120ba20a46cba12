"""学员端: a trainee's own rows, consents, card, records and phone."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, File, UploadFile
from pydantic import StringConstraints

from edge_agent.errors import unknown
from edge_agent.model.people import Trainee as Row
from edge_agent.store import accounts as account_store
from edge_agent.store import attendance, consents, training
from edge_agent.store.writer import Transaction
from edge_agent.web.actions import consent
from edge_agent.web.api.attendance import TapTold, tap_told
from edge_agent.web.api.base import Done, Form, Identifier, Pages, Slice, Told
from edge_agent.web.api.classes import TraineeTold, trainee_told
from edge_agent.web.api.trainees import ConsentTold, Side, keep_card, told
from edge_agent.web.guard import Trainee, Visitor

router = APIRouter(prefix="/me", tags=["me"])

Phone = Annotated[str, StringConstraints(pattern=r"^1[3-9]\d{9}$")]


class OwnConsentForm(Form):
    purpose: consents.Purpose
    guardian: bool = False


class PhoneForm(Form):
    phone: Phone


class Own(Told):
    """One class of mine."""

    trainee: TraineeTold
    consents: list[ConsentTold]


@router.get("/classes")
def my_classes(visitor: Trainee) -> list[Own]:
    with visitor.reading() as connection:
        rows = training.find_person(connection, visitor.account.person)
        return [
            Own(
                trainee=trainee_told(each),
                consents=[told(given) for given in consents.of_trainee(connection, each.id).values()],
            )
            for each in rows
        ]


@router.get("/records")
def my_records(visitor: Trainee, paging: Pages) -> Slice[TapTold]:
    """Give every tap of mine that counts."""
    with visitor.reading() as connection:
        rows = training.find_person(connection, visitor.account.person)
        taps = [tap for row in rows for tap in attendance.of_trainee(connection, row.id)]
    names = {row.id: row.name for row in rows}
    return paging.slice(taps, lambda tap: tap_told(tap, names))


@router.post("/classes/{trainee}/consents", status_code=201)
def give_my_consent(trainee: Identifier, form: OwnConsentForm, visitor: Trainee) -> Done:
    own(visitor, trainee)
    visitor.site.writer.run(lambda tx: consent.give(tx, trainee, form.purpose, by=visitor.by, guardian=form.guardian))
    return Done(id=trainee)


@router.delete("/classes/{trainee}/consents/{purpose}")
def withdraw_my_consent(trainee: Identifier, purpose: consents.Purpose, visitor: Trainee) -> Done:
    """Withdraw: the template is gone within a minute, signing in goes on by hand."""
    own(visitor, trainee)
    visitor.site.writer.run(lambda tx: consent.withdraw(tx, trainee, purpose, by=visitor.by))
    return Done(id=trainee)


@router.put("/classes/{trainee}/cards/{side}", status_code=201)
def upload_my_card(trainee: Identifier, side: Side, visitor: Trainee, picture: Annotated[UploadFile, File()]) -> Done:
    own(visitor, trainee)
    keep_card(visitor, trainee, side, picture)
    return Done(id=trainee)


@router.put("/phone")
def change_my_phone(form: PhoneForm, visitor: Trainee) -> Done:
    def change(tx: Transaction) -> None:
        account = account_store.get(tx.connection, visitor.account.id)
        training.set_phone(tx, account.person, form.phone)
        account_store.save(tx, account, change="changed", by=visitor.by)

    visitor.site.writer.run(change)
    return Done()


def own(visitor: Visitor, trainee: str) -> Row:
    """Give a row of one's own; anybody else's does not exist."""
    with visitor.reading() as connection:
        found = next(
            (row for row in training.find_person(connection, visitor.account.person) if row.id == trainee), None
        )
    if found is None:
        raise unknown(trainee, "学员", "trainee")
    return found
