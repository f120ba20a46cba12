"""Questions are asked where there is something to ask, and nowhere else."""

from __future__ import annotations

import io
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageSequence

from edge_agent.capture.look import difference_hash
from edge_agent.evidence import crosschecks
from edge_agent.evidence.crosschecks import cross_check
from edge_agent.evidence.pictures import Look, is_same_frame, opener, shrink
from edge_agent.evidence.record import ClassRecord, read_class
from edge_agent.model.fact import Fact
from edge_agent.model.stamp import Trust
from edge_agent.simulator.classroom import POLICY, Classroom, make_classroom
from edge_agent.store.attendance import Tap
from edge_agent.store.database import connect
from edge_agent.store.facts import read_facts
from tests.data import classroom


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Classroom:
    return make_classroom(tmp_path_factory.mktemp("room"), trainees=6)


@pytest.fixture
def record(room: Classroom) -> ClassRecord:
    with closing(connect(room.database, readonly=True)) as connection:
        return read_class(connection, "C", POLICY, room.clock.wall)


@pytest.fixture
def facts(room: Classroom) -> list[Fact]:
    with closing(connect(room.database, readonly=True)) as connection:
        return list(read_facts(connection, kinds=crosschecks.READ))


def none(_: str) -> None:
    """No picture is left."""


def codes(record: ClassRecord, facts: list[Fact], look: Look = none) -> set[str]:
    return {finding.code for finding in cross_check(record, facts, look)}


def with_data(fact: Fact, **changed: object) -> Fact:
    return fact._replace(data={**fact.data, **changed})


def changed(facts: list[Fact], kind: str, change: Callable[[Fact], Fact], *, most: int = 1000) -> list[Fact]:
    left = iter(range(most))
    return [change(fact) if fact.kind == kind and next(left, None) is not None else fact for fact in facts]


def test_a_class_as_it_should_be_is_asked_only_what_is_so(record: ClassRecord, facts: list[Fact]) -> None:
    """The gap of 20 s, and the strict reading, which RULES has computed beside for everybody."""
    assert codes(record, facts) == {"short_recording", "strict_reading"}


def test_a_short_recording_is_named_with_what_is_lacking(record: ClassRecord, facts: list[Fact]) -> None:
    [short] = [each for each in cross_check(record, facts, none) if each.code == "short_recording"]
    assert (short.subject, short.text) == ("L0a", "1 节课的录像短于授课时间：03-02 08:00 少 20 秒")
    halved = replace(record, recordings={**record.recordings, "L0b": ()})
    [short] = [each for each in cross_check(halved, facts, none) if each.code == "short_recording"]
    assert "03-02 09:40 少 90 分 0 秒" in short.text


def test_heads_far_below_those_signed_in_are_asked_for(record: ClassRecord, facts: list[Fact]) -> None:
    for heads, asked in ((6, False), (4, False), (3, True), (0, True)):
        counted = changed(facts, "snapshot.taken", partial(with_data, heads=heads))
        assert ("few_heads" in codes(record, counted)) is asked, heads
    one_full = changed(
        changed(facts, "snapshot.taken", partial(with_data, heads=0)), "snapshot.taken", lambda fact: fact
    )
    full = [
        with_data(fact, heads=6) if fact.kind == "snapshot.taken" and "p1/middle" in fact.data["slot"] else fact
        for fact in one_full
    ]
    assert "few_heads" not in codes(record, full), "the fullest picture counts: some hide behind others in the rest"


def test_people_faster_than_a_walk_are_asked_for(record: ClassRecord, facts: list[Fact]) -> None:
    face = [fact for fact in facts if fact.kind == "attendance.signed_in" and fact.data["method"] == "face"]
    other = with_data(face[0], trainee="t09", visit="other")
    assert "hurried" in codes(record, [*facts, other])
    assert "hurried" not in codes(record, [*facts, with_data(other, kiosk="k2")]), "at the other door"
    assert "hurried" not in codes(record, [*facts, with_data(face[0], unit="L0b/1")]), "one visit closes and opens"
    assert "hurried" not in codes(record, [*facts, with_data(other, method="manual")]), "a list is ticked at once"


def test_one_trainee_in_two_places_is_asked_for(record: ClassRecord, facts: list[Fact]) -> None:
    here = next(tap for tap in record.taps if tap.trainee == "t01")
    there = Tap("OTHER", "M/1", "x", "in", here.at + timedelta(seconds=30), "face", "v", "M", "", 1)
    assert "two_places" in codes(replace(record, elsewhere={"t01": [there]}), facts)
    later = replace(there, at=here.at + timedelta(minutes=3))
    assert "two_places" not in codes(replace(record, elsewhere={"t01": [later]}), facts)
    conflict = facts[0]._replace(kind="attendance.conflict", data={"trainee": "t01", "units": ["L0a/1", "M/1"]})
    assert "two_places" in codes(record, [*facts, conflict])


def test_many_manual_taps_are_asked_for_among_those_who_consented(record: ClassRecord, facts: list[Fact]) -> None:
    by_hand = replace(record, taps=[replace(tap, method="manual") for tap in record.taps])
    [asked] = [each for each in cross_check(by_hand, facts, none) if each.code == "manual_share"]
    assert "100%" in asked.text
    assert "未授权学员手动打卡" in asked.text, "they are counted apart"
    without = [replace(tap, method="manual" if tap.trainee not in {"t00", "t01"} else "face") for tap in record.taps]
    assert "manual_share" not in codes(replace(record, taps=without), facts), "nobody must consent"


def test_late_edited_and_untrusted_facts_are_asked_for(record: ClassRecord, facts: list[Fact]) -> None:
    late = changed(
        facts,
        "attendance.signed_in",
        lambda fact: fact._replace(stamp=replace(fact.stamp, wall=fact.stamp.wall + timedelta(hours=1))),
        most=2,
    )
    [asked] = [each for each in cross_check(record, late, none) if each.code == "late"]
    assert asked.text.startswith("2 条")
    judged = [
        late[0]._replace(kind="attendance.judged", data={"visit": fact.data["visit"]})
        for fact in late
        if fact.kind == "attendance.signed_in"
    ]
    assert "late" not in codes(record, [*late, *judged]), "an anchor said what the time had been"
    assert "edited" in codes(record, [*late, *judged])
    doubtful = changed(
        facts, "consent.given", lambda fact: fact._replace(stamp=replace(fact.stamp, trust=Trust.UNTRUSTED))
    )
    assert "untrusted_clock" in codes(record, doubtful)


class Frames:
    """Frames of a real class, as snapshots: with a caption strip below that tells the time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with Image.open(classroom()) as gif:
            self.frames = [frame.convert("RGB").resize((1280, 720)) for frame in ImageSequence.Iterator(gif)]

    def save(self, name: str, frame: Image.Image, *, quality: int = 90) -> Path:
        whole = Image.new("RGB", (frame.width, frame.height + 92), (32, 32, 32))
        whole.paste(frame)
        whole.paste((200, 200, 200), (10 * len(name), 740, 10 * len(name) + 60, 790))
        whole.save(self.folder / name, "JPEG", quality=quality)
        return self.folder / name


@pytest.fixture
def frames(tmp_path: Path) -> Frames:
    return Frames(tmp_path)


def test_a_still_class_is_no_fraud_and_a_frozen_frame_is(frames: Frames) -> None:
    first = frames.frames[0]
    saved = {
        "a": frames.save("a", first),
        "frozen-later": frames.save("frozen-later", first),
        "frozen-again-packed": frames.save("frozen-again-packed", first, quality=75),
        "half-a-minute-later": frames.save("half-a-minute-later", frames.frames[len(frames.frames) // 2]),
    }
    small = {name: shrink(path) for name, path in saved.items()}
    assert is_same_frame(small["a"], small["frozen-later"])
    assert is_same_frame(small["a"], small["frozen-again-packed"])
    assert not is_same_frame(small["a"], small["half-a-minute-later"])
    hashes = [difference_hash(np.asarray(frame)[:, :, ::-1].copy()) for frame in frames.frames]
    alike = [
        (one, other)
        for one in range(len(hashes))
        for other in range(one + 3, len(hashes))
        if (int(hashes[one], 16) ^ int(hashes[other], 16)).bit_count() <= crosschecks.ALIKE
    ]
    assert alike, "the hash alone would cry wolf over this class"
    for one, other in alike[:: max(1, len(alike) // 20)]:
        pair = [shrink(frames.save(f"f{number}", frames.frames[number])) for number in (one, other)]
        assert not is_same_frame(*pair), (one, other)


def test_the_finding_names_both_slots(record: ClassRecord, facts: list[Fact], frames: Frames) -> None:
    taken = [fact for fact in facts if fact.kind == "snapshot.taken"][:3]
    marked = [
        with_data(fact, phash=mark)
        for fact, mark in zip(taken, ("f0f0f0f0f0f0f0f0", "f0f0f0f0f0f0f0f1", "0123456789abcdef"), strict=True)
    ]
    files = {fact.data["media"]: frames.save(f"s{number}", frames.frames[0]) for number, fact in enumerate(marked)}
    [asked] = [each for each in cross_check(record, marked, opener(files.get)) if each.code == "same_pictures"]
    assert "设备“前方”" in asked.text
    assert "03-02 08:00 第1课时课前10分钟 与 03-02 08:00 第1课时课中" in asked.text
    assert "same_pictures" not in codes(record, marked, opener(lambda _: None)), (
        "of a file that is gone nothing is said"
    )
    torn = io.BytesIO(files[marked[0].data["media"]].read_bytes()[:100])
    files[marked[0].data["media"]].write_bytes(torn.getvalue())
    assert "same_pictures" not in codes(record, marked, opener(files.get))
