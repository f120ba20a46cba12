"""概览, 课表, 监控任务, 实时监控, 打卡记录, 同步状态, 导出."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import Response

from edge_agent.evidence.orders import EXPORT
from edge_agent.model.camera import CameraState
from edge_agent.model.kinds.system import OutageClosed, OutageOpened
from edge_agent.model.media import MediaKind
from edge_agent.model.people import ClassState
from edge_agent.store import cameras, media, outbox, training
from edge_agent.store.alarms import list_open
from edge_agent.store.facts import recent_facts
from edge_agent.store.lessons import get_lesson, list_lessons, recordings_by_hand
from edge_agent.store.provisional import count_waiting
from edge_agent.web.guard import Administrator, Office, Visitor
from edge_agent.web.views.hands import hands
from edge_agent.web.views.orders import pending
from edge_agent.web.views.preflight import preflights
from edge_agent.web.views.tasks import State, tasks

router = APIRouter(prefix="/console")


@router.get("")
def overview(visitor: Office) -> Response:
    """Today's lessons with their verdicts, and what needs a hand now."""
    site, today = visitor.site, _today(visitor)
    stamp = site.now()
    with visitor.reading() as connection:
        found = tasks(connection, site.policies, stamp.wall, today, today)
        classes = training.list_classes(connection)
        waiting = count_waiting(connection)
        trainees = training.count_trainees(connection)
        known = cameras.known(connection, stamp.wall)
        bound = cameras.list_cameras(connection)
        alarms = [each for each in list_open(connection) if not _is_told_by_hands(each.alarm)]
        confirmed = {each.id for each in training.list_teachers(connection) if each.confirmed}
    free, _ = site.files.space()
    least_free = site.settings.disk.substream_below_mb * 1_000_000
    needed = hands(
        found,
        classes,
        site.doubts,
        stamp,
        waiting=waiting,
        free=free,
        least_free=least_free,
    )
    soon = preflights(
        found,
        stamp,
        enrolled=site.faces.enrolled() if site.faces else set(),
        confirmed=confirmed,
        free=free,
        least_free=least_free,
    )
    online = sum(each.id in known and known[each.id].state is CameraState.ONLINE for each in bound)
    return visitor.page(
        "console/overview.html",
        tasks=found,
        hands=needed,
        alarms=alarms,
        soon=soon,
        classes=classes,
        trainees=sum(trainees.values()),
        online=online,
        cameras=len(bound),
        State=State,
        stamp=stamp,
    )


@router.get("/lessons")
def timetable(visitor: Office, week: Annotated[date | None, Query()] = None) -> Response:
    """课表: a week."""
    monday = (week or _today(visitor)) - timedelta(days=(week or _today(visitor)).weekday())
    with visitor.reading() as connection:
        found = tasks(connection, visitor.site.policies, visitor.now, monday, monday + timedelta(days=6))
        running = training.running_classes(connection).values()
        rooms = training.list_rooms(connection)
        teachers = {each.id: each.name for each in training.list_teachers(connection)}
    days = [monday + timedelta(days=number) for number in range(7)]
    return visitor.page(
        "console/timetable.html",
        days={day: [task for task in found if task.lesson.date == day] for day in days},
        monday=monday,
        week=timedelta(days=7),
        today=_today(visitor),
        classes=[each for each in running if each.state is not ClassState.CLOSED],
        rooms=rooms,
        teachers=teachers,
    )


@router.get("/tasks")
def monitoring(visitor: Office, day: Annotated[date | None, Query()] = None) -> Response:
    """监控任务 of a day, with 关联设备, 录制 and 批量录制."""
    chosen = day or _today(visitor)
    with visitor.reading() as connection:
        found = tasks(connection, visitor.site.policies, visitor.now, chosen, chosen)
        bound = cameras.list_cameras(connection)
        rooms = training.list_rooms(connection)
        by_hand = {each.lesson for each in recordings_by_hand(connection, visitor.now)}
    return visitor.page(
        "console/tasks.html", tasks=found, cameras=bound, rooms=rooms, day=chosen, State=State, by_hand=by_hand
    )


@router.get("/live")
def live(
    visitor: Office,
    task: Annotated[str, Query(max_length=80)] = "",
    state: Annotated[str, Query(max_length=20)] = "",
) -> Response:
    """实时监控, filtered by 任务名称 and 设备状态."""
    with visitor.reading() as connection:
        found = tasks(connection, visitor.site.policies, visitor.now, _today(visitor), _today(visitor))
        bound = cameras.list_cameras(connection)
        known = cameras.known(connection, visitor.now)
        rooms = training.list_rooms(connection)
    chosen = next((each for each in found if each.lesson.id == task), None)
    states = {each.id: known[each.id].state if each.id in known else CameraState.UNKNOWN for each in bound}
    shown = [
        each
        for each in (bound if chosen is None else chosen.cameras)
        if not state or (states[each.id] is CameraState.ONLINE) == (state == "online")
    ]
    return visitor.page(
        "console/live.html", cameras=shown, states=states, tasks=found, chosen=task, state=state, rooms=rooms
    )


@router.get("/sync")
def sync(visitor: Office) -> Response:
    """同步状态: what the centre lacks, what it has not confirmed, and outages."""
    with visitor.reading() as connection:
        backlog = outbox.read_backlog(connection, outbox.find_acked(connection))
        waiting = {
            kind: len(media.unconfirmed(connection, [kind], 1000)) for kind in (MediaKind.SNAPSHOT, MediaKind.RECORDING)
        }
        outages = [
            *recent_facts(connection, kind=OutageOpened.KIND, limit=20),
            *recent_facts(connection, kind=OutageClosed.KIND, limit=20),
        ]
    return visitor.page(
        "console/sync.html",
        backlog=backlog,
        waiting=waiting,
        outages=sorted(outages, key=lambda fact: -fact.seq)[:20],
    )


@router.get("/exports")
def exports(
    visitor: Administrator,
    class_id: Annotated[str, Query(max_length=80)] = "",
    lesson: Annotated[str, Query(max_length=80)] = "",
) -> Response:
    """导出: evidence packages, those that are being made and those that are there."""
    with visitor.reading() as connection:
        made = [(each, media.attributes(connection, each.id)) for each in media.present(connection, MediaKind.EXPORT)]
        orders = pending(connection, EXPORT, visitor.now, visitor.language)
        classes = training.list_classes(connection)
        asked = get_lesson(connection, lesson) if lesson else None
        training_class = (asked.class_id if asked else class_id) or (classes[0].id if classes else "")
        lessons = list_lessons(connection, class_id=training_class) if training_class else []
    return visitor.page(
        "console/exports.html",
        made=made[::-1],
        orders=orders,
        classes=classes,
        names={each.id: each.name for each in classes},
        lessons=[each for each in lessons if not each.cancelled],
        lesson=lesson,
        class_id=training_class,
    )


def _today(visitor: Visitor) -> date:
    return visitor.now.astimezone(visitor.zone).date()


def _is_told_by_hands(alarm: str) -> bool:
    """Whether today's tasks say it already, with the lesson that it concerns."""
    return alarm in {"clock", "disk"} or (alarm.startswith("camera:") and alarm != "camera:none")
