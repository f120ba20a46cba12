"""One lesson's evidence: recordings with gaps, 抓拍 with reasons, verdict; a sheet to print for an outage."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response

from edge_agent.evidence.record import ClassRecord, read_class
from edge_agent.evidence.words import Translate, cause_text, fate_text, reason_text, slot_text
from edge_agent.model.media import MediaKind
from edge_agent.model.span import Slot
from edge_agent.rules.windows import lesson_times
from edge_agent.store import cameras, media, supplements, training
from edge_agent.store.lessons import get_lesson
from edge_agent.web.guard import Office
from edge_agent.web.views.tasks import is_editable
from edge_agent.web.words import words

router = APIRouter(prefix="/console")


@router.get("/lessons/{lesson}")
def lesson(lesson: str, visitor: Office) -> Response:
    """录像, 抓拍, 打卡 and the verdict of a lesson."""
    say = words(visitor.language).gettext
    with visitor.reading() as connection:
        found = get_lesson(connection, lesson)
        group = training.get_class(connection, found.class_id)
        policy = visitor.site.policies(group.policy)
        record = read_class(connection, found.class_id, policy, visitor.now, only=lesson)
        recordings = media.of_lesson(connection, lesson, MediaKind.RECORDING)
        names = {each.id: each.name for each in cameras.list_cameras(connection, inactive=True)}
        heads = {
            each.id: media.attributes(connection, each.id).get("heads")
            for each in media.of_lesson(connection, lesson, MediaKind.SNAPSHOT)
        }
        filed = [each for each in supplements.of_class(connection, found.class_id) if each.lesson == lesson]
        materials = [(each, media.find(connection, each.media)) for each in filed]
    times = lesson_times(found, policy.policy)
    judged = record.verdicts[lesson]
    slots = [_slot(record, slot, say) for slot in record.owed(found)]
    slots = [slot | {"heads": heads.get(str(slot["media"]))} for slot in slots]
    units = [unit for unit in record.schedule.units(found.class_id) if lesson in unit.lessons]
    return visitor.page(
        "console/lesson.html",
        lesson=found,
        training=group,
        times=times,
        editable=is_editable(found, group, policy.policy, visitor.now),
        rooms=record.rooms,
        teachers={each.id: each.name for each in record.teachers.values()},
        room=record.rooms.get(found.room, found.room),
        teacher=record.teachers[found.teacher].name if found.teacher in record.teachers else found.teacher,
        verdict_code=judged.verdict.value,
        reasons=[(each.is_fault, reason_text(each, visitor.zone, say, record.devices)) for each in judged.reasons],
        gaps=[(gap, cause_text(gap.cause, say)) for gap in judged.gaps],
        slots=slots,
        supplements=materials,
        trainees=[each for each in record.trainees if found.subgroup in ("", each.subgroup)],
        copies=[("sheet", unit.id, say("签到表")) for unit in units]
        + [("snapshot", str(slot["media"]), f"{say('抓拍')} {slot['title']}") for slot in slots if slot["media"]],
        recordings=recordings,
        cameras={each.camera: names.get(each.camera, each.camera) for each in recordings},
    )


@router.get("/outage-sheet/{lesson}")
def outage_sheet(lesson: str, visitor: Office) -> Response:
    """停电应急签到表: to print before, to sign by hand, to file as a supplement."""
    with visitor.reading() as connection:
        found = get_lesson(connection, lesson)
        group = training.get_class(connection, found.class_id)
        trainees = training.list_trainees(connection, found.class_id)
        rooms = training.list_rooms(connection)
    return visitor.page(
        "console/outage_sheet.html",
        lesson=found,
        training=group,
        trainees=[each for each in trainees if found.subgroup in ("", each.subgroup)],
        times=lesson_times(found, visitor.site.policies(group.policy).policy),
        room=rooms.get(found.room, found.room),
    )


def _slot(record: ClassRecord, slot: Slot, say: Translate) -> dict[str, object]:
    became, known = record.fate(slot), record.slots.get(slot.id)
    return {
        "slot": slot,
        "title": slot_text(slot.id, say),
        "state": became.value,
        "media": known.media if known else "",
        "told": fate_text(became, record.cause(slot), say),
    }
