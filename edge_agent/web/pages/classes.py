"""班级管理: classes, one class with its trainees, one trainee."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import Response

from edge_agent.checkin.forecast import forecast
from edge_agent.evidence.words import reason_text
from edge_agent.intake.kinds import TableKind
from edge_agent.model.people import ClassState
from edge_agent.policies import policy_names
from edge_agent.rules import states
from edge_agent.store import accounts, attendance, consents, media, training
from edge_agent.store.lessons import list_lessons
from edge_agent.web.actions.consent import TEXT
from edge_agent.web.api.classes import findings
from edge_agent.web.guard import Administrator, Office
from edge_agent.web.views.tasks import is_editable
from edge_agent.web.words import mark, words

router = APIRouter(prefix="/console")

PAGE = 50
_KINDS: Mapping[TableKind, str] = {
    "roster": mark("学员名册"),
    "timetable": mark("课表"),
    "classes": mark("班级"),
    "teachers": mark("讲师名单"),
    "online": mark("线上课时和证书"),
}


@router.get("/classes")
def classes(
    visitor: Office,
    state: Annotated[ClassState | None, Query()] = None,
    q: Annotated[str, Query(max_length=80)] = "",
    page: Annotated[int, Query(ge=1)] = 1,
) -> Response:
    """班级管理; `q` looks for classes by name or code, and for trainees by name or the end of a number."""
    wanted = q.strip()
    with visitor.reading() as connection:
        found = training.list_classes(connection, deleted=state is ClassState.DELETED)
        counts = training.count_trainees(connection)
        people = training.search_trainees(connection, wanted, PAGE) if wanted else []
    known = {each.id: each.name for each in found}
    chosen = [
        each for each in found if state in (None, each.state) and wanted.lower() in f"{each.name} {each.code}".lower()
    ]
    return visitor.page(
        "console/classes.html",
        classes=chosen[(page - 1) * PAGE : page * PAGE],
        pages=-(-len(chosen) // PAGE),
        number=page,
        counts=counts,
        q=wanted,
        people=[(each, known[each.class_id]) for each in people if each.class_id in known],
        state=state,
        states=list(ClassState),
        policies=policy_names(),
    )


@router.get("/import")
def import_table(
    visitor: Administrator,
    kind: Annotated[TableKind, Query()] = "roster",
    class_id: Annotated[str, Query(max_length=80)] = "",
) -> Response:
    """批量导入 with templates."""
    with visitor.reading() as connection:
        found = training.list_classes(connection)
    say = words(visitor.language).gettext
    return visitor.page(
        "console/import.html",
        kind=kind,
        kinds={key: say(title) for key, title in _KINDS.items()},
        classes=found,
        class_id=class_id,
    )


@router.get("/classes/{class_id}")
def one(class_id: str, visitor: Office) -> Response:
    """A class: its state and what can be done with it, its lessons, its trainees against the 80 %."""
    say = words(visitor.language).gettext
    with visitor.reading() as connection:
        found = training.get_class(connection, class_id)
        policy = visitor.site.policies(found.policy).policy
        warnings = findings(visitor, connection, class_id)
        standings = forecast(connection, visitor.site.policies, class_id, visitor.now)
        lessons = list_lessons(connection, class_id=class_id)
        notified = training.notified(connection, class_id)
        rooms = training.list_rooms(connection)
        teachers = {each.id: each.name for each in training.list_teachers(connection)}
        recognise = consents.who_consents(connection, "recognise")
    return visitor.page(
        "console/class.html",
        training=found,
        actions=[action.value for action in states.actions(found.state)],
        warnings=[(each.code.value, reason_text(each, visitor.zone, say)) for each in warnings],
        standings=standings,
        lessons=lessons,
        editable={each.id for each in lessons if is_editable(each, found, policy, visitor.now)},
        rooms=rooms,
        teachers=teachers,
        notified=notified,
        recognise=recognise,
        policies=policy_names(),
    )


@router.get("/trainees/{trainee}")
def trainee(trainee: str, visitor: Office) -> Response:
    """学员: 实名认证, card, consents, records."""
    with visitor.reading() as connection:
        found = training.get_trainee(connection, trainee)
        group = training.get_class(connection, found.class_id)
        given = consents.of_trainee(connection, trainee)
        sides = media.cards(connection, trainee)
        taps = attendance.of_trainee(connection, trainee)
        account = accounts.find(connection, found.document)
    return visitor.page(
        "console/trainee.html",
        trainee=found,
        training=group,
        consents=given,
        cards=sides,
        taps=taps,
        own=account,
        text=TEXT,
    )


@router.get("/classes/{class_id}/records")
def records(class_id: str, visitor: Office, page: Annotated[int, Query(ge=1)] = 1) -> Response:
    """打卡记录 of a class."""
    with visitor.reading() as connection:
        found = training.get_class(connection, class_id)
        names = {each.id: each.name for each in training.list_trainees(connection, class_id, inactive=True)}
        taps = attendance.of_class(connection, class_id)[::-1]
    return visitor.page(
        "console/records.html",
        training=found,
        names=names,
        taps=taps[(page - 1) * PAGE : page * PAGE],
        pages=-(-len(taps) // PAGE),
        number=page,
    )


@router.get("/consent-sheet/{class_id}")
def consent_sheet(class_id: str, visitor: Administrator) -> Response:
    """A sheet to print: the notice, both consents and a line for each trainee to sign."""
    with visitor.reading() as connection:
        found = training.get_class(connection, class_id)
        trainees = training.list_trainees(connection, class_id)
    return visitor.page("console/consent_sheet.html", training=found, trainees=trainees, text=TEXT)
