"""现场检查: one screen a class, for an inspector in the room."""

from __future__ import annotations

from datetime import timedelta

from fastapi import APIRouter
from fastapi.responses import Response

from edge_agent.model.kinds.people import InspectionRecorded
from edge_agent.store import accounts, training
from edge_agent.store.facts import read_facts
from edge_agent.store.lessons import list_lessons
from edge_agent.web.guard import Office
from edge_agent.web.views.heads import last_heads
from edge_agent.web.views.tasks import State, tasks

router = APIRouter(prefix="/inspect")


@router.get("")
def classes(visitor: Office) -> Response:
    """Today's classes first, then opening and exam days to come."""
    today = visitor.now.astimezone(visitor.zone).date()
    with visitor.reading() as connection:
        found = tasks(connection, visitor.site.policies, visitor.now, today, today)
        running = training.running_classes(connection)
        ahead = [
            lesson
            for lesson in list_lessons(connection, since=today, until=today + timedelta(days=30))
            if lesson.kind != "normal" and lesson.class_id in running and not lesson.cancelled
        ]
    return visitor.page("inspect/classes.html", tasks=found, ahead=ahead, classes=running)


@router.get("/{class_id}")
def one(class_id: str, visitor: Office) -> Response:
    """Signed-in list, live picture, heads counted, records of inspections."""
    today = visitor.now.astimezone(visitor.zone).date()
    with visitor.reading() as connection:
        group = training.get_class(connection, class_id)
        found = [
            task
            for task in tasks(connection, visitor.site.policies, visitor.now, today, today)
            if task.training.id == class_id
        ]
        trainees = training.list_trainees(connection, class_id)
        names = {each.id: each.name for each in accounts.list_accounts(connection)}
        inspections = [
            fact
            for fact in read_facts(connection, kinds=(InspectionRecorded.KIND,))
            if fact.data["class_id"] == class_id
        ]
        current = next((task for task in found if task.state is State.RUNNING), next(iter(found), None))
        heads = last_heads(connection, current.lesson.id) if current else None
    return visitor.page(
        "inspect/class.html",
        training=group,
        task=current,
        heads=heads,
        tasks=found,
        trainees=trainees,
        inspections=inspections[::-1],
        names=names,
    )
