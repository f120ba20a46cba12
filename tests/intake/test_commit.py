"""All of a file is written in one transaction, or nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from edge_agent.intake import commit
from edge_agent.intake.classes import parse_classes
from edge_agent.intake.commit import Counts, Importer
from edge_agent.intake.online import parse_online
from edge_agent.intake.roster import RosterDraft, parse_roster
from edge_agent.intake.stored import load_world
from edge_agent.intake.teachers import parse_teachers
from edge_agent.intake.timetable import TimetableDraft, parse_timetable
from edge_agent.intake.world import World
from edge_agent.model.fact import Fact
from edge_agent.model.people import ClassState, Owner
from edge_agent.model.roster import read_roster
from edge_agent.store.database import Connection
from edge_agent.store.documents import get_document, latest_document
from edge_agent.store.facts import read_facts
from edge_agent.store.lessons import list_lessons
from edge_agent.store.training import list_classes, list_rooms, list_teachers, list_trainees, save_class
from edge_agent.store.writer import Transaction
from tests.intake.workbooks import Cells, resident_id, workbook
from tests.venue import Venue, at, reading


@pytest.fixture
def venue(tmp_path: Path) -> Iterator[Venue]:
    with closing(Venue(tmp_path, at("07:00", date(2024, 9, 20)))) as venue:
        yield venue


def load(venue: Venue) -> World:
    with reading(venue.database) as connection:
        return world_of(venue, connection)


def world_of(venue: Venue, connection: Connection) -> World:
    return load_world(connection, now=venue.clock.stamp().wall, policy="jinan-2024")


def importer(venue: Venue) -> Importer:
    return Importer(venue.writer, lambda connection: world_of(venue, connection), "a-office")


def facts(venue: Venue, *kinds: str) -> list[Fact]:
    with reading(venue.database) as connection:
        return [fact for fact in read_facts(connection) if not kinds or fact.kind in kinds]


HEAD: list[Cells] = [
    ["培训期次ID", "PX1"],
    ["班级名称", "育婴员一期"],
    ["开班时间", "2024-10-08"],
    ["结班时间", "2024-10-18"],
    ["核定课时", 40],
]


def roster(*people: Cells, complete: bool = False) -> Any:
    data = workbook([*HEAD, ["姓名", "身份证号", "手机号"], *people])

    def parse(world: World) -> RosterDraft:
        return parse_roster(data, "名册.xlsx", world, complete=complete)

    return parse


def timetable(*rows: Cells, complete: bool = False) -> Any:
    data = workbook([HEAD[0], ["日期", "时间", "课时", "课程", "讲师", "教室"], *rows])

    def parse(world: World) -> TimetableDraft:
        return parse_timetable(data, "课表.xlsx", world, complete=complete)

    return parse


WANG: Cells = ["王小明", resident_id(1), "13800000001"]
LI: Cells = ["李四", resident_id(2), None]
TUESDAY: Cells = ["2024-10-08", "08:00", 4, "护理", "李老师、王老师", "101"]
WEDNESDAY: Cells = ["2024-10-09", "08:00", 2, "护理", "李老师", "102"]


def import_roster(venue: Venue, parse: Any, *ticked: str) -> commit.Outcome[RosterDraft]:
    return importer(venue).run(load(venue), parse, commit.write_roster, ticked=ticked)


def import_timetable(venue: Venue, parse: Any, *ticked: str) -> commit.Outcome[TimetableDraft]:
    return importer(venue).run(load(venue), parse, commit.write_timetable, ticked=ticked)


def test_a_roster_makes_class_trainees_document_and_facts(venue: Venue) -> None:
    outcome = import_roster(venue, roster(WANG, LI))
    assert outcome.written is not None
    assert (outcome.written.added, outcome.blocking) == (2, ())
    with reading(venue.database) as connection:
        (training,) = list_classes(connection)
        trainees = list_trainees(connection, training.id)
        document = latest_document(connection, "roster", training.id)
    assert (training.code, training.state, training.required_periods) == ("PX1", ClassState.DRAFT, 40)
    assert {trainee.name for trainee in trainees} == {"王小明", "李四"}
    assert document is not None
    roster_document = read_roster(document.body)
    saved, fact = facts(venue, "class.saved", "roster.saved")
    assert (saved.by, fact.by) == ("a-office", "a-office")
    assert (fact.data["document"], fact.data["sha256"]) == (document.id, document.sha256)
    assert (fact.data["commitments"], fact.data["revision"]) == (roster_document.root, 1)
    assert set(fact.data["trainees"]) == {trainee.id for trainee in trainees}


def test_facts_hold_no_name_and_no_resident_id(venue: Venue) -> None:
    import_roster(venue, roster(WANG, LI))
    journal = b"".join(fact.body for fact in facts(venue)).decode()
    assert not any(secret in journal for secret in ("王小明", "李四", resident_id(1), "13800000001"))


def test_an_error_changes_nothing(venue: Venue) -> None:
    before = len(facts(venue))
    outcome = import_roster(venue, roster(WANG, ["李四", "110105194912310021", None]))
    assert (outcome.written, [problem.key for problem in outcome.blocking]) == (None, ["id_checksum@8"])
    assert len(facts(venue)) == before
    with reading(venue.database) as connection:
        assert list_classes(connection) == []


def test_a_warning_stops_until_it_is_ticked_and_stands_in_the_fact(venue: Venue) -> None:
    import_roster(venue, roster(WANG))
    renamed = roster(["王晓明", *WANG[1:]])
    assert import_roster(venue, renamed).written is None
    outcome = import_roster(venue, renamed, "name_differs@7")
    assert outcome.written == Counts(changed=1, classes=outcome.written.classes if outcome.written else ())
    assert facts(venue, "roster.saved")[-1].data["warnings"] == ["name_differs@7"]


def test_the_same_roster_again_writes_nothing(venue: Venue) -> None:
    import_roster(venue, roster(WANG, LI))
    before = len(facts(venue))
    outcome = import_roster(venue, roster(WANG, LI))
    assert outcome.written is not None
    assert outcome.written.unchanged == 2
    assert len(facts(venue)) == before


def test_a_complete_roster_lets_the_others_leave_and_come_back_as_themselves(venue: Venue) -> None:
    import_roster(venue, roster(WANG, LI))
    with reading(venue.database) as connection:
        ids = {trainee.name: trainee.id for trainee in load(venue).trainees}
    assert import_roster(venue, roster(WANG, complete=True)).written is None
    outcome = import_roster(venue, roster(WANG, complete=True), "trainees_leave@0")
    assert outcome.written is not None
    assert outcome.written.left == 1
    assert facts(venue, "roster.saved")[-1].data["trainees"] == [ids["王小明"]]
    import_roster(venue, roster(LI))
    with reading(venue.database) as connection:
        (training,) = list_classes(connection)
        again = {trainee.name: trainee.id for trainee in list_trainees(connection, training.id)}
    assert again == ids


def test_a_timetable_makes_lessons_rooms_and_teachers(venue: Venue) -> None:
    import_roster(venue, roster(WANG))
    outcome = import_timetable(venue, timetable(TUESDAY, WEDNESDAY))
    assert outcome.written is not None
    assert outcome.written.added == 3
    with reading(venue.database) as connection:
        lessons = list_lessons(connection)
        rooms = list_rooms(connection)
        teachers = {teacher.name: teacher for teacher in list_teachers(connection)}
    assert [rooms[lesson.room] for lesson in lessons] == ["101", "101", "102"]
    assert {lesson.teacher for lesson in lessons} == {teachers["李老师"].id}
    assert not teachers["王老师"].confirmed
    assert teachers["王老师"].classes == teachers["李老师"].classes == (lessons[0].class_id,)
    (fact,) = facts(venue, "timetable.imported")
    assert set(fact.data["lessons"]) == {lesson.id for lesson in lessons}
    assert [fact.data["change"] for fact in facts(venue, "lesson.saved")] == ["added"] * 3
    assert len(facts(venue, "room.saved")) == 2
    assert len(facts(venue, "teachers.saved")) == 1


def test_a_timetable_again_edits_its_lessons_and_cancels_the_rest(venue: Venue) -> None:
    import_roster(venue, roster(WANG))
    import_timetable(venue, timetable(TUESDAY, WEDNESDAY))
    with reading(venue.database) as connection:
        first, second, third = list_lessons(connection)
    outcome = import_timetable(
        venue, timetable([*TUESDAY[:2], 2, "喂养", *TUESDAY[4:]], complete=True), "lessons_leave@0"
    )
    assert outcome.written is not None
    assert (outcome.written.changed, outcome.written.left) == (1, 2)
    with reading(venue.database) as connection:
        after = {lesson.id: lesson for lesson in list_lessons(connection)}
    assert (after[first.id].subject, after[first.id].revision) == ("喂养", 2)
    assert after[second.id].cancelled
    assert after[third.id].cancelled
    assert len(facts(venue, "lesson.cancelled")) == 2
    assert facts(venue, "timetable.imported")[-1].data["revision"] == 2


def test_a_class_without_a_code_gets_a_stand_in(venue: Venue) -> None:
    for title, person in (("焊工一期", WANG), ("焊工二期", LI)):
        data = workbook([[f"{title}名单"], ["姓名", "身份证号"], person[:2]])
        outcome = import_roster(venue, partial(parse_roster, data, "a.xlsx"))
        assert outcome.written is not None
    with reading(venue.database) as connection:
        codes = [training.code for training in list_classes(connection)]
    assert len(set(codes)) == 2
    assert all(code.startswith("待定-") for code in codes)


def test_classes_teachers_and_online_hours(venue: Venue) -> None:
    here = importer(venue)
    headings = ["培训期次ID", "班级名称", "开班时间", "结班时间", "核定课时", "线上课时"]
    classes = workbook([headings, ["PX1", "育婴员一期", "2024-10-08", "2024-10-18", 40, 12]])
    for expected in (Counts(added=1), Counts(unchanged=1)):
        outcome = here.run(load(venue), lambda world: parse_classes(classes, "a.xlsx", world), commit.write_classes)
        assert outcome.written is not None
        assert replace(outcome.written, classes=()) == expected
    teachers = workbook([["姓名", "专兼职", "班级"], ["李老师", "专职", "PX1"]])
    here.run(load(venue), lambda world: parse_teachers(teachers, "a.xlsx", world), commit.write_teachers)
    import_roster(venue, roster(WANG))
    online = workbook([["姓名", "身份证号", "线上课时", "证书编号"], ["王小明", resident_id(1), 10, "Z1"]])
    outcome_online = here.run(load(venue), lambda world: parse_online(online, "a.xlsx", world), commit.write_online)
    assert outcome_online.written is not None
    world = load(venue)
    assert [(teacher.name, teacher.classes) for teacher in world.teachers] == [("李老师", (world.classes[0].id,))]
    assert [(trainee.online_periods, trainee.certificate) for trainee in world.trainees] == [(10, "Z1")]
    (fact,) = facts(venue, "online.imported")
    assert (fact.data["trainees"], fact.data["sha256"]) == (1, outcome_online.draft.source.sha256)
    assert [fact.data["revision"] for fact in facts(venue, "roster.saved")] == [1, 2]


def test_what_changed_meanwhile_is_read_again(venue: Venue) -> None:
    """Somebody closes the class between the preview and the commit: the file is judged anew, and refused."""
    import_roster(venue, roster(WANG))
    stale = load(venue)
    closed = replace(stale.classes[0], state=ClassState.CLOSED, revision=2)
    venue.writer.run(lambda tx: save_class(tx, closed, by="other"))
    outcome = importer(venue).run(stale, roster(WANG, LI), commit.write_roster)
    assert outcome.written is None
    assert [problem.code for problem in outcome.blocking] == ["class_closed"]


def test_a_fault_in_mid_import_takes_all_back(venue: Venue) -> None:
    before = len(facts(venue))

    def write_and_fail(tx: Transaction, draft: RosterDraft, warned: tuple[str, ...], by: str) -> Counts:
        commit.write_roster(tx, draft, warned, by)
        raise RuntimeError("power")

    with pytest.raises(RuntimeError, match="power"):
        importer(venue).run(load(venue), roster(WANG), write_and_fail)
    assert len(facts(venue)) == before
    assert load(venue).classes == ()


def test_a_centres_class_stays_the_centres(venue: Venue) -> None:
    venue.add_class("c9", code="PX1", name="育婴员一期", owner=Owner.CENTRE)
    import_roster(venue, roster(WANG))
    (fact,) = facts(venue, "roster.saved")
    assert (fact.data["owner"], fact.data["confirmed"]) == ("centre", False)
    with reading(venue.database) as connection:
        body = json.loads(get_document(connection, fact.data["document"]).body)
    assert (body["class_id"], body["owner"]) == ("c9", "centre")
