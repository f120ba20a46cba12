"""What an inspector would ask about, said by ourselves first, and without crying wolf.

A finding is a question, never a verdict: a still class gives similar pictures, a full room hides heads behind heads.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from edge_agent.evidence.record import ClassRecord
from edge_agent.model.fact import Fact
from edge_agent.model.stamp import Trust

SAME_PICTURE = 2
"""Bits of 64 by which two perceptual hashes of one frozen frame may differ: recompression flips one or two, while two
pictures of the same quiet room, minutes apart, differ by five and more."""

WALK = timedelta(seconds=1.5)
"""The shortest time between two people at one kiosk: the result alone is shown for as long."""

HEADS_SHARE = 0.6
"""Heads counted against people signed in, below which it is asked why: some sit behind others."""

MANUAL_PERCENT = 20


@dataclass(frozen=True, slots=True)
class Finding:
    """`text` is Chinese, for the cover; `code` is for machines; `subject` names lesson, unit or trainee."""

    code: str
    subject: str
    text: str


def cross_check(record: ClassRecord, facts: Iterable[Fact]) -> list[Finding]:
    """Give what is to be asked about a class."""
    known = list(facts)
    return [
        *_same_pictures(known),
        *_few_heads(record, known),
        *_hurried(known),
        *_manual_share(record, known),
        *_strict(record),
        *_clock(known),
        *_late(known),
        *_conflicts(record, known),
    ]


def _same_pictures(facts: Iterable[Fact]) -> Iterator[Finding]:
    """Identical frames at different times of one camera: a frozen encoder, or a picture shown twice."""
    by_camera: dict[str, list[Fact]] = defaultdict(list)
    for fact in facts:
        if fact.kind == "snapshot.taken":
            by_camera[fact.data["camera"]].append(fact)
    for camera, taken in sorted(by_camera.items()):
        for before, after in pairwise(taken):
            same = before.data["sha256"] == after.data["sha256"]
            first, second = before.data.get("phash"), after.data.get("phash")
            if same or (first and second and _distance(first, second) <= SAME_PICTURE):
                slots = f"{before.data['slot']}、{after.data['slot']}"
                yield Finding("same_pictures", camera, f"设备 {camera} 的抓拍 {slots} 画面几乎相同，请核对设备是否卡顿")


def _distance(first: str, second: str) -> int:
    return (int(first, 16) ^ int(second, 16)).bit_count()


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
            yield Finding("few_heads", lesson, f"课程 {lesson} 签到 {present} 人，抓拍中最多数到 {heads} 人")


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


def _manual_share(record: ClassRecord, facts: Iterable[Fact]) -> Iterator[Finding]:
    """Signing in by hand has equal standing; a high share is explained before someone asks."""
    consenting = {fact.data["trainee"] for fact in facts if fact.kind == "consent.given"}
    taps = [tap for tap in record.taps if tap.trainee in consenting]
    by_hand = sum(tap.method == "manual" for tap in taps)
    if taps and by_hand * 100 > MANUAL_PERCENT * len(taps):
        share = 100 * by_hand / len(taps)
        text = f"已授权人脸的学员手动打卡占 {share:.0f}%（{by_hand}/{len(taps)}），超过 {MANUAL_PERCENT}%，请说明原因"
        yield Finding("manual_share", record.training.id, text)


def _strict(record: ClassRecord) -> Iterator[Finding]:
    below = [
        trainee.name
        for trainee in record.trainees
        if record.standings[trainee.id].strict < record.standings[trainee.id].credited
    ]
    if below:
        text = f"按从严口径（两次打卡间隔按分钟计）有 {len(below)} 名学员课时减少：{'、'.join(below[:5])}"
        yield Finding("strict_reading", record.training.id, text + ("等" if len(below) > 5 else ""))  # noqa: PLR2004 - five are named


def _clock(facts: Iterable[Fact]) -> Iterator[Finding]:
    doubtful = sum(fact.stamp.trust is Trust.UNTRUSTED for fact in facts)
    if doubtful:
        yield Finding("untrusted_clock", "", f"{doubtful} 条记录产生时设备时钟未校准，其时间按校时记录核定")


def _late(facts: Iterable[Fact]) -> Iterator[Finding]:
    """Facts that were written well after what they tell: judged visits, corrections, explanations."""
    late = [
        fact
        for fact in facts
        if fact.kind in {"attendance.corrected", "attendance.judged", "attendance.explained"}
        or (fact.kind == "lesson.saved" and fact.data["change"] != "added")
    ]
    if late:
        yield Finding("edited", "", f"{len(late)} 条更正、核定、说明或改课记录，见“操作记录”")


def _conflicts(record: ClassRecord, facts: Iterable[Fact]) -> Iterator[Finding]:
    names = {trainee.id: trainee.name for trainee in record.trainees}
    for fact in facts:
        if fact.kind == "attendance.conflict" and fact.data["trainee"] in names:
            units = "、".join(fact.data["units"])
            yield Finding("two_places", fact.data["trainee"], f"{names[fact.data['trainee']]} 同时属于 {units}")
