"""班级管理: classes, their states, their trainees and where they stand."""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from edge_agent.checkin.forecast import forecast
from edge_agent.errors import ConflictError, InputError
from edge_agent.model.kinds.plan import TraineeNotified
from edge_agent.model.people import ClassState, Owner, Trainee, TrainingClass
from edge_agent.rules import limits, states
from edge_agent.rules.reasons import Reason
from edge_agent.rules.standing import Prospect
from edge_agent.rules.states import Action
from edge_agent.store import training
from edge_agent.store.database import Connection
from edge_agent.store.writer import Transaction
from edge_agent.web.api.base import Done, Form, Identifier, Name, Pages, Slice, Text, Told
from edge_agent.web.api.reasons import ReasonTold, reasons_told
from edge_agent.web.guard import Administrator, Office, Staff, Visitor
from edge_agent.web.render import masked

router = APIRouter(tags=["classes"])


class ClassForm(Form):
    """`code` is the centre's 培训期次ID."""

    code: Name
    name: Name
    category: Text = ""
    opens: date | None = None
    closes: date | None = None
    required_periods: Annotated[int, Field(ge=0, le=10_000)] = 0
    online_required: Annotated[int, Field(ge=0, le=10_000)] = 0
    policy: Text = ""
    size_exception: Text = ""


class ClassChange(ClassForm):
    """`revision` is the one that the form was made from."""

    revision: Annotated[int, Field(ge=1)]


class ClassTold(Told):
    id: str
    code: str
    name: str
    category: str
    opens: date | None
    closes: date | None
    required_periods: int
    online_required: int
    policy: str
    size_exception: str
    state: ClassState
    opened_by_hand: bool
    owner: Owner
    revision: int
    trainees: int
    actions: list[Action]


class ActionForm(Form):
    """`ticked` names the warnings that the operator has seen; an action with others is refused."""

    action: Action
    ticked: list[str] = Field(default_factory=list, max_length=50)


class TraineeTold(Told):
    """`document` is masked: the whole one stands in the evidence package alone."""

    id: str
    class_id: str
    name: str
    document: str
    phone: str
    subgroup: str
    online_periods: float
    certificate: str
    verified: bool
    active: bool
    revision: int
    notified: bool = False


class StandingTold(Told):
    trainee: str
    name: str
    credited: int
    strict: int
    online: float
    required: int
    needed: int
    possible: int
    spare_periods: int
    spare_units: int
    prospect: Prospect
    reasons: list[ReasonTold]


def told(training_class: TrainingClass, trainees: int) -> ClassTold:
    known = {name: getattr(training_class, name) for name in ClassTold.model_fields if name not in _COMPUTED}
    return ClassTold(**known, trainees=trainees, actions=list(states.actions(training_class.state)))


_COMPUTED = {"trainees", "actions"}


@router.get("/classes")
def classes(visitor: Staff, paging: Pages, state: Annotated[ClassState | None, Query()] = None) -> Slice[ClassTold]:
    with visitor.reading() as connection:
        found = training.list_classes(connection, deleted=state is ClassState.DELETED)
        counts = training.count_trainees(connection)
    chosen = [each for each in found if state in (None, each.state)]
    return paging.slice(chosen, lambda each: told(each, counts.get(each.id, 0)))


@router.post("/classes", status_code=201)
def create_class(form: ClassForm, visitor: Administrator) -> Done:
    """Add one class by hand; many come by 批量导入."""
    site = visitor.site
    policy = form.policy or site.settings.policy
    site.policies(policy)
    made = TrainingClass(
        id=f"c-{secrets.token_hex(6)}",
        code=form.code,
        name=form.name,
        category=form.category,
        opens=form.opens,
        closes=form.closes,
        required_periods=form.required_periods,
        online_required=form.online_required,
        policy=policy,
        size_exception=form.size_exception,
    )
    _check(made)

    def create(tx: Transaction) -> None:
        if training.find_class(tx.connection, form.code) is not None:
            raise ConflictError(f"code: {form.code} is taken (培训期次ID 已存在).")
        training.save_class(tx, made, by=visitor.by)

    site.writer.run(create)
    return Done(id=made.id, go=f"/console/classes/{made.id}")


@router.get("/classes/{class_id}")
def training_class(class_id: Identifier, visitor: Staff) -> ClassTold:
    with visitor.reading() as connection:
        found = training.get_class(connection, class_id)
        return told(found, training.count_trainees(connection).get(class_id, 0))


@router.put("/classes/{class_id}")
def change_class(class_id: Identifier, form: ClassChange, visitor: Administrator) -> Done:
    """Change a class. Raises 409 where somebody else has changed it meanwhile."""
    policy = form.policy or visitor.site.settings.policy
    visitor.site.policies(policy)

    def change(tx: Transaction) -> None:
        known = training.get_class(tx.connection, class_id)
        if known.revision != form.revision:
            raise ConflictError(
                f"Class {known.code} was changed meanwhile (班级已被他人修改，请刷新页面后重试).",
                do="Load it again and repeat it.",
            )
        namesake = training.find_class(tx.connection, form.code)
        if namesake is not None and namesake.id != class_id:
            raise ConflictError(f"code: {form.code} is taken (培训期次ID 已存在).")
        changed = replace(known, **form.model_dump(exclude={"revision", "policy"}), policy=policy)
        _check(changed)
        training.save_class(tx, replace(changed, revision=known.revision + 1), by=visitor.by)

    visitor.site.writer.run(change)
    return Done(id=class_id)


@router.get("/classes/{class_id}/warnings")
def warnings(class_id: Identifier, visitor: Office) -> list[ReasonTold]:
    """Give what must be ticked before 提交开班审核."""
    with visitor.reading() as connection:
        return reasons_told(visitor, findings(visitor, connection, class_id))


@router.post("/classes/{class_id}/actions")
def act(class_id: Identifier, form: ActionForm, visitor: Administrator) -> Done:
    """提交开班审核, 立即开班, 删除 ...: what the class's state allows."""

    def move(tx: Transaction) -> None:
        known = training.get_class(tx.connection, class_id)
        after = states.after(known.state, form.action)
        if after is None:
            raise ConflictError(f"A {known.state} class can't {form.action} (当前状态不能执行此操作).")
        if form.action is Action.SUBMIT:
            _check_submission(known)
            unseen = {each.code.value for each in findings(visitor, tx.connection, class_id)} - set(form.ticked)
            if unseen:
                raise ConflictError(
                    f"Warnings not ticked: {', '.join(sorted(unseen))} (请先确认全部提示).", do="Read and tick them."
                )
        training.set_class_state(
            tx,
            class_id,
            after,
            by=visitor.by,
            opened_by_hand=form.action is Action.OPEN_BY_HAND,
            warnings=tuple(form.ticked),
        )

    visitor.site.writer.run(move)
    return Done(id=class_id)


@router.post("/classes/{class_id}/notifications")
def notify(class_id: Identifier, visitor: Administrator) -> Done:
    """一键通知: those who were not notified yet; the centre sends the messages."""

    def ask(tx: Transaction) -> int:
        waiting = training.mark_notified(tx, class_id)
        if waiting:
            tx.append(TraineeNotified(class_id=class_id, trainees=waiting), by=visitor.by)
        return len(waiting)

    with visitor.reading() as connection:
        training.get_class(connection, class_id)
    return Done(id=str(visitor.site.writer.run(ask)))


@router.get("/classes/{class_id}/trainees")
def trainees(class_id: Identifier, visitor: Staff, paging: Pages) -> Slice[TraineeTold]:
    with visitor.reading() as connection:
        training.get_class(connection, class_id)
        found = training.list_trainees(connection, class_id)
        notified = training.notified(connection, class_id)
    return paging.slice(found, lambda each: trainee_told(each, notified=each.id in notified))


@router.get("/classes/{class_id}/standing")
def standing(class_id: Identifier, visitor: Staff, paging: Pages) -> Slice[StandingTold]:
    """Give each trainee against the 80 %: what was earned, and what can still be missed."""
    with visitor.reading() as connection:
        found = forecast(connection, visitor.site.policies, class_id, visitor.now)
    return paging.slice(
        found,
        lambda each: StandingTold(
            trainee=each.trainee.id,
            name=each.trainee.name,
            reasons=reasons_told(visitor, each.standing.reasons),
            **{name: getattr(each.standing, name) for name in _STANDING},
        ),
    )


_STANDING = tuple(name for name in StandingTold.model_fields if name not in {"trainee", "name", "reasons"})


def trainee_told(trainee: Trainee, *, notified: bool = False) -> TraineeTold:
    known = {name: getattr(trainee, name) for name in TraineeTold.model_fields if name != "notified"}
    return TraineeTold(
        **known | {"document": masked(trainee.document), "phone": masked(trainee.phone)}, notified=notified
    )


def findings(visitor: Visitor, connection: Connection, class_id: str) -> list[Reason]:
    """Give what the rules warn of before a class is submitted."""
    known = training.get_class(connection, class_id)
    policy = visitor.site.policies(known.policy).policy
    count = len(training.list_trainees(connection, class_id))
    staff = [each for each in training.list_teachers(connection) if class_id in each.classes]
    return [
        *limits.submission(known, visitor.now.astimezone(policy.zone).date(), policy),
        *limits.class_size(count, known, policy),
        *limits.teaching_staff(staff, count, policy),
        *limits.online_share(known, policy),
    ]


def _check(made: TrainingClass) -> None:
    if made.opens is not None and made.closes is not None and made.closes < made.opens:
        raise InputError("closes: before it opens (结班时间早于开班时间).")
    if made.online_required > made.required_periods:
        raise InputError("online_required: more than required_periods (线上课时多于总课时).")


def _check_submission(known: TrainingClass) -> None:
    if missing := limits.lacking(known):
        words = {"opens": "开班时间", "closes": "结班时间", "required_periods": "课时"}
        raise InputError(
            f"{', '.join(missing)}: missing (缺少{'、'.join(words[name] for name in missing)}).",
            do="请先填写，再提交 / fill them in, then submit.",
        )
