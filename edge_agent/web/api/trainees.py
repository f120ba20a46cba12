"""学员: one trainee, identity, consents, both sides of the card."""

from __future__ import annotations

import secrets
from typing import Annotated, Literal

from fastapi import APIRouter, File, UploadFile
from fastapi.responses import FileResponse
from pydantic import Field

from edge_agent.errors import InputError, NotFoundError
from edge_agent.model.media import Media, MediaKind
from edge_agent.store import accounts, consents, media, training
from edge_agent.store.accounts import Account, Role
from edge_agent.store.consents import Consent
from edge_agent.store.writer import Transaction
from edge_agent.web.actions import consent
from edge_agent.web.api.base import Done, Form, Identifier, Instant, Name, Text, Told
from edge_agent.web.api.classes import TraineeTold, trainee_told
from edge_agent.web.api.imports import RowTold, Ticked
from edge_agent.web.auth import login
from edge_agent.web.guard import Administrator, Instructor, Office, Visitor

router = APIRouter(tags=["trainees"])

LARGEST_PICTURE = 8 << 20
Side = Literal["front", "back"]
_MAGIC = {b"\xff\xd8\xff": ("image/jpeg", ".jpg"), b"\x89PNG": ("image/png", ".png")}


class TraineeForm(Form):
    """`document_type` is told by the number where it is empty; `accept` names the warnings that were ticked."""

    name: Text
    document: Text = ""
    document_type: Literal["", "resident", "residence_permit", "foreign_permanent"] = ""
    phone: Text = ""
    subgroup: Text = ""
    accept: Ticked = Field(default_factory=list)

    def values(self) -> dict[str, str]:
        """Give the row as a table would have it."""
        return {name: getattr(self, name) for name in TraineeForm.model_fields if name != "accept"}


class TraineeChange(TraineeForm):
    """An empty `document` or `phone` stays as it is. `revision` is the one that the form was made from."""

    revision: Annotated[int, Field(ge=1)]


class LeaveForm(Form):
    """`revision` is the one that the page showed."""

    revision: Annotated[int, Field(ge=1)]


class ConsentForm(Form):
    """`paper` names the signed sheet that was filed."""

    purpose: consents.Purpose
    paper: Text = ""
    guardian: bool = False


class PaperForm(Form):
    """`paper` is where the signed sheets are kept; `upload` says that they agree to that as well."""

    trainees: Annotated[list[Identifier], Field(min_length=1, max_length=200)]
    paper: Name
    upload: bool = False


class ConsentTold(Told):
    purpose: str
    text: str
    at: Instant
    paper: str
    guardian: bool
    withdrawn: Instant | None


class TraineeSeen(TraineeTold):
    consents: list[ConsentTold]
    cards: list[Side]


class CheckForm(Form):
    accepted: bool
    reason: Text = ""


def told(consent: Consent) -> ConsentTold:
    return ConsentTold.model_validate(consent)


@router.get("/trainees/{trainee}")
def trainee(trainee: Identifier, visitor: Office) -> TraineeSeen:
    with visitor.reading() as connection:
        found = training.get_trainee(connection, trainee)
        given = consents.of_trainee(connection, trainee)
        sides = list(media.cards(connection, trainee))
    return TraineeSeen(
        **trainee_told(found).model_dump(),
        consents=[told(each) for each in given.values()],
        cards=[side for side in ("front", "back") if side in sides],
    )


@router.post("/classes/{class_id}/trainees")
def add_trainee(class_id: Identifier, form: TraineeForm, visitor: Administrator) -> RowTold:
    """添加学员: judged as a roster's row is, and written unless something blocks: `written` and `problems` say."""
    from edge_agent.web.actions import single  # noqa: PLC0415 - see there

    done = single.add_trainee(visitor.site, class_id, form.values(), ticked=form.accept, by=visitor.by)
    return RowTold.model_validate(done)


@router.put("/trainees/{trainee}")
def change_trainee(trainee: Identifier, form: TraineeChange, visitor: Administrator) -> RowTold:
    """修改 a trainee, judged in the same way. Raises 409 where they were changed since the form was made."""
    from edge_agent.web.actions import single  # noqa: PLC0415 - see there

    done = single.change_trainee(
        visitor.site, trainee, form.values(), revision=form.revision, ticked=form.accept, by=visitor.by
    )
    return RowTold.model_validate(done)


@router.post("/trainees/{trainee}/leave")
def leave(trainee: Identifier, form: LeaveForm, visitor: Administrator) -> RowTold:
    """退出班级: off the roster from now on; what is on record stays, and adding them again brings them back."""
    from edge_agent.web.actions import single  # noqa: PLC0415 - see there

    return RowTold.model_validate(single.leave(visitor.site, trainee, revision=form.revision, by=visitor.by))


@router.post("/trainees/{trainee}/identity")
def check_identity(trainee: Identifier, form: CheckForm, visitor: Administrator) -> Done:
    """人工审核 of 实名认证."""
    visitor.site.writer.run(
        lambda tx: consent.check_identity(tx, trainee, accepted=form.accepted, reason=form.reason, by=visitor.by)
    )
    return Done(id=trainee)


@router.post("/trainees/{trainee}/consents", status_code=201)
def give_consent(trainee: Identifier, form: ConsentForm, visitor: Administrator) -> Done:
    """Note a consent that was signed on paper."""
    if not form.paper:
        raise InputError("paper: empty (请填写已签署同意书的编号).", do="File the signed sheet and name it.")
    visitor.site.writer.run(
        lambda tx: consent.give(tx, trainee, form.purpose, by=visitor.by, paper=form.paper, guardian=form.guardian)
    )
    return Done(id=trainee)


@router.post("/classes/{class_id}/consents", status_code=201)
def give_paper_consents(class_id: Identifier, form: PaperForm, visitor: Instructor) -> Done:
    """批量登记纸质同意书: file the signed sheets of many, all or none."""

    def give(tx: Transaction) -> None:
        roster = {each.id for each in training.list_trainees(tx.connection, class_id)}
        for trainee in form.trainees:
            if trainee not in roster:
                raise NotFoundError(f"Trainee {trainee} is not on this class's roster (学员不在本班名单).")
        at = tx.stamp.wall
        consents.take_paper_consents(tx, form.trainees, text=consent.TEXT, paper=form.paper, at=at, by=visitor.by)
        if form.upload:
            for trainee in form.trainees:
                consent.give(tx, trainee, "upload", by=visitor.by, paper=form.paper)

    visitor.site.writer.run(give)
    return Done(id=class_id)


@router.delete("/trainees/{trainee}/consents/{purpose}")
def withdraw_consent(trainee: Identifier, purpose: consents.Purpose, visitor: Administrator) -> Done:
    """Withdraw for a trainee who asked at the desk; the template is gone within a minute."""
    visitor.site.writer.run(lambda tx: consent.withdraw(tx, trainee, purpose, by=visitor.by))
    return Done(id=trainee)


@router.put("/trainees/{trainee}/cards/{side}", status_code=201)
def upload_card(
    trainee: Identifier, side: Side, visitor: Administrator, picture: Annotated[UploadFile, File()]
) -> Done:
    """Keep one side of the resident id card; temporary cards are refused by the check of a person."""
    keep_card(visitor, trainee, side, picture)
    return Done(id=trainee)


@router.get(
    "/trainees/{trainee}/cards/{side}",
    response_class=FileResponse,
    responses={200: {"content": {"image/jpeg": {}, "image/png": {}}}},
)
def card(trainee: Identifier, side: Side, visitor: Administrator) -> FileResponse:
    with visitor.reading() as connection:
        found = media.cards(connection, trainee).get(side)
    if found is None or not (path := visitor.site.files.locate(found.path)).is_file():
        raise NotFoundError(f"No {side} of {trainee}'s card (没有证件照片).")
    return FileResponse(path, media_type=found.mime)


@router.post("/trainees/{trainee}/account", status_code=201)
def issue_account(trainee: Identifier, visitor: Administrator) -> Done:
    """Issue the account of the trainee's page: the resident id, its last six for three days."""
    with visitor.reading() as connection:
        person = training.get_trainee(connection, trainee)
        known = accounts.find(connection, person.document)
    if known is not None and known.role is not Role.TRAINEE:
        raise InputError("The resident id is a staff account's already (该身份证号已是工作人员账号).")
    account = known or Account(
        accounts.new_account_id(), Role.TRAINEE, person.document, person.name, person=person.document
    )
    login.issue(
        visitor.site.writer,
        account,
        at=visitor.site.now().wall,
        by=visitor.by,
        change="password_reset" if known else "created",
    )
    return Done(id=account.id)


def keep_card(visitor: Visitor, trainee: str, side: Side, picture: UploadFile) -> None:
    """Store a picture of the card; an earlier one of the same side gives way."""
    content = picture.file.read(LARGEST_PICTURE + 1)
    kind = next((kind for magic, kind in _MAGIC.items() if content.startswith(magic)), None)
    if kind is None or len(content) > LARGEST_PICTURE:
        raise InputError(
            "picture: not a JPEG or PNG of at most 8 MB (请上传 8 MB 以内的 JPG 或 PNG 照片).", do="Take it again."
        )
    mime, suffix = kind
    with visitor.reading() as connection:
        training.get_trainee(connection, trainee)
    now = visitor.now
    stored = visitor.site.files.store(MediaKind.CARD, suffix, content, now)
    row = Media(
        id=secrets.token_hex(8),
        kind=MediaKind.CARD,
        path=stored.path,
        sha256=stored.sha256,
        size=stored.size,
        start=now,
        end=now,
        mime=mime,
    )

    def note(tx: Transaction) -> None:
        media.add(tx, row, trainee=trainee, side=side)

    visitor.site.writer.run(note)
