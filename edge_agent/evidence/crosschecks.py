"""What an inspector would ask about, said by ourselves first, and without crying wolf.

A finding is a question, never a verdict: a still class gives similar pictures, a full room hides heads behind heads.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import combinations, pairwise

from edge_agent.evidence.pictures import Look, is_same_frame
from edge_agent.evidence.record import ClassRecord
from edge_agent.evidence.words import slot_text
from edge_agent.model.fact import Fact
from edge_agent.model.lesson import Lesson
from edge_agent.model.stamp import Trust
from edge_agent.rules.gaps import covered
from edge_agent.rules.windows import lesson_times
from edge_agent.store.attendance import Tap

READ = (
    *("snapshot.taken", "snapshot.heads", "consent.given", "lesson.saved"),
    *("attendance.signed_in", "attendance.signed_out", "attendance.corrected", "attendance.judged"),
    *("attendance.explained", "attendance.conflict"),
)
"""The kinds of facts that the checks read."""

ALIKE = 4
"""Bits of 64 by which the perceptual hashes of one frame, encoded twice, may differ at most. Two pictures of a quiet
room differ by as little: the hash chooses whom to compare, and the pixels decide (`pictures.is_same_frame`)."""

WALK = timedelta(seconds=1.5)
"""The shortest time between two people at one kiosk: the result alone is shown for as long."""

ROOMS_APART = timedelta(minutes=1)
"""The shortest way from the kiosk of one room to that of another."""

LATE = timedelta(minutes=10)
"""A fact that tells of something longer ago was written afterwards, not as it happened."""

HEADS_SHARE = 0.6
"""Heads counted against people signed in, below which it is asked why: some sit behind others."""

MANUAL_PERCENT = 20
_NAMED = 5


@dataclass(frozen=True, slots=True)
class Finding:
    """`text` is Chinese, for the cover; `code` is for machines; `subject` names lesson, unit or trainee."""

    code: str
    subject: str
    text: str


def cross_check(record: ClassRecord, facts: Iterable[Fact], look: Look) -> list[Finding]:
    """Give what is to be asked about a class; `look` opens a snapshot by its media id."""
    known = list(facts)
    return [
        *_same_pictures(record, known, look),
        *_few_heads(record, known),
        *_hurried(known),
        *_two_places(record, known),
        *_manual_share(record, known),
        *_strict(record),
        *_short_recordings(record),
        *_clock(known),
        *_late(known),
        *_edited(known),
    ]


def _same_pictures(record: ClassRecord, facts: Iterable[Fact], look: Look) -> Iterator[Finding]:
    """One frame at different times: a frozen encoder, or a picture shown twice. A still class is neither."""
    by_camera: dict[str, list[Fact]] = defaultdict(list)
    for fact in facts:
        if fact.kind == "snapshot.taken":
            by_camera[fact.data["camera"]].append(fact)
    for camera, taken in sorted(by_camera.items()):
        same = [pair for pair in combinations(taken, 2) if _is_same(*pair, look)]
        if same:
            named = "；".join(f"{_slot(record, one)} 与 {_slot(record, other)}" for one, other in same[:_NAMED])
            more = f" 等 {len(same)} 对" if len(same) > _NAMED else ""
            name = record.devices.get(camera, camera)
            yield Finding("same_pictures", camera, f"设备“{name}”的抓拍是同一画面：{named}{more}，请核对设备是否卡顿")


def _is_same(one: Fact, other: Fact, look: Look) -> bool:
    if one.data["sha256"] == other.data["sha256"]:
        return True
    first, second = one.data.get("phash"), other.data.get("phash")
    if not first or not second or (int(first, 16) ^ int(second, 16)).bit_count() > ALIKE:
        return False
    return is_same_frame(look(one.data["media"]), look(other.data["media"]))


def _slot(record: ClassRecord, fact: Fact) -> str:
    return f"{_lesson(record, fact.data['lesson'])} {slot_text(fact.data['slot'])}"


def _lesson(record: ClassRecord, identifier: str) -> str:
    found: Lesson | None = next((each for each in record.lessons if each.id == identifier), None)
    return f"{found.date:%m-%d} {found.start:%H:%M}" if found else identifier


def _few_heads(record: ClassRecord, facts: Iterable[Fact]) -> Iterator[Finding]:
    """The fullest picture of a lesson against those who were signed in by then."""
    most: dict[str, int] = defaultdict(int)
    for fact in facts:
        if fact.kind in {"snapshot.heads", "snapshot.taken"} and fact.data.get("heads") is not None:
            most[fact.data["lesson"]] = max(most[fact.data["lesson"]], fact.data["heads"])
    inside: dict[str, set[str]] = defaultdict(set)
    for tap in record.taps:
        if tap.direction == "in":
            inside[tap.lesson].add(tap.trainee)
    for lesson, heads in sorted(most.items()):
        present = len(inside[lesson])
        if heads < HEADS_SHARE * present:
            text = f"课程 {_lesson(record, lesson)} 签到 {present} 人，抓拍中最多数到 {heads} 人"
            yield Finding("few_heads", lesson, text)


def _hurried(facts: Iterable[Fact]) -> Iterator[Finding]:
    """Two people recognised at one kiosk faster than they can walk up."""
    by_kiosk: dict[str, list[Fact]] = defaultdict(list)
    for fact in facts:
        if fact.kind in {"attendance.signed_in", "attendance.signed_out"} and fact.data["method"] == "face":
            by_kiosk[fact.data["kiosk"]].append(fact)
    for kiosk, taps in sorted(by_kiosk.items()):
        fast = sum(
            after.data["visit"] != before.data["visit"] and _at(after) - _at(before) < WALK
            for before, after in pairwise(sorted(taps, key=_at))
        )
        if fast:
            yield Finding(
                "hurried", kiosk, f"签到设备 {kiosk} 有 {fast} 次相邻打卡间隔不足 {WALK.total_seconds():g} 秒"
            )


def _at(fact: Fact) -> datetime:
    return datetime.fromisoformat(fact.data["at"])


def _two_places(record: ClassRecord, facts: Iterable[Fact]) -> Iterator[Finding]:
    """One person claimed by two lessons at once, or at the kiosks of two rooms within a minute."""
    names = {trainee.id: trainee.name for trainee in record.trainees}
    for fact in facts:
        if fact.kind == "attendance.conflict" and fact.data["trainee"] in names:
            units = "、".join(fact.data["units"])
            yield Finding("two_places", fact.data["trainee"], f"{names[fact.data['trainee']]} 同时属于 {units}")
    own: dict[str, list[Tap]] = defaultdict(list)
    for tap in record.taps:
        own[tap.trainee].append(tap)
    for trainee, taps in sorted(record.elsewhere.items()):
        for there in taps:
            if near := next((tap for tap in own[trainee] if abs(tap.at - there.at) < ROOMS_APART), None):
                zone = record.policy.policy.zone
                moments = f"{near.at.astimezone(zone):%m-%d %H:%M:%S} 与 {there.at.astimezone(zone):%H:%M:%S}"
                text = f"{names.get(trainee, trainee)} 在本班与另一班的教室打卡相隔不足一分钟（{moments}）"
                yield Finding("two_places", trainee, text)
                break


def _manual_share(record: ClassRecord, facts: Iterable[Fact]) -> Iterator[Finding]:
    """Signing in by hand has equal standing; a high share is explained before someone asks."""
    consenting = {fact.data["trainee"] for fact in facts if fact.kind == "consent.given"}
    taps = [tap for tap in record.taps if tap.trainee in consenting]
    by_hand = sum(tap.method == "manual" for tap in taps)
    if taps and by_hand * 100 > MANUAL_PERCENT * len(taps):
        share = 100 * by_hand / len(taps)
        text = f"已授权人脸的学员手动打卡占 {share:.0f}%（{by_hand}/{len(taps)}），超过 {MANUAL_PERCENT}%，请说明原因"
        if others := len(record.taps) - len(taps):
            text += f"；未授权学员手动打卡 {others} 次另计"
        yield Finding("manual_share", record.training.id, text)


def _strict(record: ClassRecord) -> Iterator[Finding]:
    below = [
        trainee.name
        for trainee in record.trainees
        if record.standings[trainee.id].strict < record.standings[trainee.id].credited
    ]
    if below:
        text = f"按从严口径（两次打卡间隔按分钟计）有 {len(below)} 名学员课时减少：{_some(below)}"
        yield Finding("strict_reading", record.training.id, text)


def _short_recordings(record: ClassRecord) -> Iterator[Finding]:
    """Lessons whose recordings, all cameras together, last less than the teaching."""
    policy, short = record.policy.policy, []
    for lesson in record.lessons:
        taught = lesson_times(lesson, policy).taught
        spans = [span for own in record.found(lesson).recorded.values() for span in own]
        lacking = taught.length - covered(taught, spans)
        if not lesson.cancelled and taught.end < record.at and lacking > policy.recording.gap_tolerance:
            short.append((lesson.id, f"{_lesson(record, lesson.id)} 少 {_length(lacking)}"))
    if short:
        text = f"{len(short)} 节课的录像短于授课时间：{_some([said for _, said in short])}"
        yield Finding("short_recording", short[0][0] if len(short) == 1 else record.training.id, text)


def _length(time: timedelta) -> str:
    minutes, seconds = divmod(round(time.total_seconds()), 60)
    return f"{minutes} 分 {seconds} 秒" if minutes else f"{seconds} 秒"


def _clock(facts: Iterable[Fact]) -> Iterator[Finding]:
    doubtful = sum(fact.stamp.trust is Trust.UNTRUSTED for fact in facts)
    if doubtful:
        yield Finding("untrusted_clock", "", f"{doubtful} 条记录产生时设备时钟未校准，其时间按校时记录核定")


def _late(facts: Iterable[Fact]) -> Iterator[Finding]:
    """Taps that were written well after the time that they tell; one that an anchor corrected is not among them."""
    judged = {fact.data["visit"] for fact in facts if fact.kind == "attendance.judged"}
    late = sum(
        fact.kind in {"attendance.signed_in", "attendance.signed_out"}
        and fact.data["visit"] not in judged
        and fact.stamp.wall - _at(fact) > LATE
        for fact in facts
    )
    if late:
        text = f"{late} 条打卡记录的写入时间比打卡时间晚 {LATE.total_seconds() / 60:g} 分钟以上"
        yield Finding("late", "", text)


def _edited(facts: Iterable[Fact]) -> Iterator[Finding]:
    """Corrections, explanations, judged visits and lessons that were changed."""
    edits = sum(
        fact.kind in {"attendance.corrected", "attendance.judged", "attendance.explained"}
        or (fact.kind == "lesson.saved" and fact.data["change"] != "added")
        for fact in facts
    )
    if edits:
        yield Finding("edited", "", f"{edits} 条更正、核定、说明或改课记录，见“操作记录”")


def _some(names: Sequence[str]) -> str:
    return "、".join(names[:_NAMED]) + ("等" if len(names) > _NAMED else "")
