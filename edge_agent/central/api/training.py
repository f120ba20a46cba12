"""Decisions on classes and edits, messages to trainees, recordings asked for."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter

from edge_agent.central import commands, registry
from edge_agent.central.database import Tx
from edge_agent.central.pages.guard import Administrator, Inspector, Visitor
from edge_agent.central.views import classes, lessons
from edge_agent.central.work import notices
from edge_agent.central.work.recordings import request_recordings
from edge_agent.errors import ConflictError, InputError
from edge_agent.furniture.forms import Done, Form, Text
from edge_agent.sync.contract.commands import Confirm

router = APIRouter()


class DecisionForm(Form):
    """`revision` is what the person saw: another one may have come meanwhile."""

    accepted: bool
    revision: int
    reason: Text = ""


class RecordingsForm(Form):
    direct: bool = False


@router.post("/venues/{number}/classes/{class_id}/decision")
def decide_class(number: int, class_id: str, form: DecisionForm, visitor: Inspector) -> Done:
    """Approve a submitted class, or give it back with a reason (开班审核)."""
    with visitor.writing() as tx:
        visitor.venue(tx, number)
        found = classes.get_class(tx, number, class_id)
        if found.state != "submitted":
            raise ConflictError("The class does not wait for a decision (班级不在待审核状态).", do="Load it again.")
        _decide(visitor, tx, number, "class", class_id, known=found.revision, form=form)
    return Done(id=class_id)


@router.post("/venues/{number}/classes/{class_id}/roster-decision")
def decide_roster(number: int, class_id: str, form: DecisionForm, visitor: Inspector) -> Done:
    """The centre's word on a roster of its own that was edited at the venue (待中心确认)."""
    with visitor.writing() as tx:
        visitor.venue(tx, number)
        found = classes.get_class(tx, number, class_id)
        if found.roster_confirmed:
            raise ConflictError("The roster waits for no decision (名单无需确认).", do="Load it again.")
        _decide(visitor, tx, number, "roster", class_id, known=found.roster_revision, form=form)
    return Done(id=class_id)


@router.post("/venues/{number}/lessons/{lesson}/decision")
def decide_lesson(number: int, lesson: str, form: DecisionForm, visitor: Inspector) -> Done:
    """The centre's word on a lesson that was edited at the venue (待中心确认)."""
    with visitor.writing() as tx:
        visitor.venue(tx, number)
        found = lessons.get_lesson(tx, number, lesson)
        if found.confirmed:
            raise ConflictError("The lesson waits for no decision (课程无需确认).", do="Load it again.")
        _decide(visitor, tx, number, "lesson", lesson, known=found.revision, form=form)
    return Done(id=lesson)


def _decide(
    visitor: Visitor,
    tx: Tx,
    number: int,
    document: Literal["class", "roster", "lesson"],
    identifier: str,
    *,
    known: int,
    form: DecisionForm,
) -> None:
    if form.revision != known:
        raise ConflictError("It changed meanwhile (内容已更新).", do="Load it again and decide on what stands there.")
    if not form.accepted and not form.reason:
        raise InputError("reason: say why (退回时请填写原因).")
    agent = registry.get(tx, number)
    word = Confirm(
        document=document, id=identifier, revision=form.revision, accepted=form.accepted, reason=form.reason[:200]
    )
    commands.issue(tx, visitor.centre.signer, agent, word, by=visitor.by, now=visitor.now)
    action = f"{document}.{'accepted' if form.accepted else 'refused'}"
    visitor.note(tx, action, f"{agent.address.agent}/{identifier}", form.reason)


@router.post("/venues/{number}/classes/{class_id}/notices")
def notify(number: int, class_id: str, visitor: Administrator) -> Done:
    """一键通知: a message to each trainee who was not sent one yet; `id` is how many."""
    with visitor.writing() as tx:
        visitor.venue(tx, number)
        found = classes.get_class(tx, number, class_id)
        asked = notices.ask(tx, number, class_id, list(found.trainees), by=visitor.by, now=visitor.now)
        visitor.note(tx, "class.notified", class_id, str(asked))
    return Done(id=str(asked))


@router.post("/notices/retry")
def retry(visitor: Administrator) -> Done:
    with visitor.writing() as tx:
        again = notices.try_again(tx, visitor.scope)
        visitor.note(tx, "notices.retried", "", str(again))
    return Done(id=str(again))


@router.post("/venues/{number}/lessons/{lesson}/recordings")
def recordings(number: int, lesson: str, form: RecordingsForm, visitor: Inspector) -> Done:
    """Ask the venue for the recordings of a lesson; `id` is how many files."""
    centre = visitor.centre
    with visitor.writing() as tx:
        visitor.venue(tx, number)
        agent = registry.get(tx, number)
        found = lessons.get_lesson(tx, number, lesson)
        segments, _ = lessons.read_recordings(tx, found)
        asked = request_recordings(
            tx,
            centre.signer,
            centre.uploads,
            agent,
            lesson=found,
            segments=segments,
            direct=form.direct,
            by=visitor.by,
            now=visitor.now,
        )
        visitor.note(tx, "recordings.requested", f"{agent.address.agent}/{lesson}", str(asked))
    return Done(id=str(asked))
