"""Rosters, timetables and teachers of the centre: whole or not at all, never over what is newer."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from edge_agent.model.kinds.plan import LessonSaved
from edge_agent.model.people import ClassState, Owner, Trainee, TrainingClass
from edge_agent.store import lessons, training
from edge_agent.store.facts import read_facts
from edge_agent.store.outbox import next_document
from edge_agent.sync.contract.codes import Code
from tests.sync.office import Office, lesson, roster, trainee_id


def test_a_roster_makes_the_class_and_its_trainees(office: Office) -> None:
    result = office.send("roster", **roster())
    assert (result.result, result.data["trainees"]) == ("done", 2)
    stored = training.get_class(office.reader, "c1")
    assert (stored.owner, stored.state, stored.revision) == (Owner.CENTRE, ClassState.APPROVED, 1)
    assert {trainee.name for trainee in training.list_trainees(office.reader, "c1")} == {"王伟", "李娜"}
    assert next_document(office.reader) is None  # the centre made it: it need not go back
    assert office.send("roster", **roster(2, "王伟", "赵敏")).data["left"] == 1
    assert {trainee.name for trainee in training.list_trainees(office.reader, "c1")} == {"王伟", "赵敏"}


def test_what_is_as_new_or_newer_is_not_overwritten(office: Office) -> None:
    office.send("roster", **roster(3))
    assert office.send("roster", **roster(3, "别人")).data == {"known": True}
    stale = office.send("roster", **roster(2, "别人"))
    assert (stale.code, "revision 3" in stale.reason) == (Code.STALE, True)
    assert {trainee.name for trainee in training.list_trainees(office.reader, "c1")} == {"王伟", "李娜"}


def test_a_class_of_the_venue_is_not_the_centres_to_rewrite(office: Office) -> None:
    ours = TrainingClass("c1", "JN-2026-001", "焊工", "technical", date(2026, 3, 2), date(2026, 3, 20), 40, revision=5)
    office.agent.writer.run(lambda tx: training.save_class(tx, ours, by="a"))
    assert office.send("roster", **roster(4)).code is Code.NOT_OWNER
    assert office.send("roster", **roster(9)).code is Code.NOT_OWNER
    assert office.send("roster", **roster(9, class_id="c2")).code is Code.INVALID
    assert training.get_class(office.reader, "c1") == ours


def test_two_rows_of_one_person_and_a_trainee_of_another_class_are_refused(office: Office) -> None:
    twice = roster()
    twice["trainees"][1]["document"] = twice["trainees"][0]["document"]
    assert "trainees[].document" in office.send("roster", **twice).reason
    office.send("roster", **roster())
    assert office.send("roster", **roster(class_id="c2", code="JN-2")).code is Code.INVALID


def test_a_timetable_is_stored_whole_or_not_at_all(office: Office) -> None:
    office.send("roster", **roster())
    first = office.send("timetable", class_id="c1", lessons=[lesson("L1", room="r1"), lesson("L2", 3)])
    assert first.data["saved"] == ["L1", "L2"]
    assert training.list_rooms(office.reader) == {"r1": "r1"}
    mixed = [lesson("L1", 2, start="10:00:00"), lesson("L2", 2, start="14:00:00")]
    refused = office.send("timetable", class_id="c1", lessons=mixed)
    assert (refused.code, "lesson L2 stands at revision 3" in refused.reason) == (Code.STALE, True)
    assert lessons.get_lesson(office.reader, "L1").start.hour == 8
    moved = office.send("timetable", class_id="c1", lessons=[mixed[0], lesson("L2", 3)])
    assert moved.data == {"saved": ["L1"], "known": 1}
    stored = lessons.get_lesson(office.reader, "L1")
    assert (stored.start.hour, stored.revision) == (10, 2)
    *_, fact = read_facts(office.reader, kinds=(LessonSaved.KIND,))
    assert (fact.data["change"], fact.data["owner"], fact.data["confirmed"], fact.by) == (
        "moved",
        "centre",
        True,
        "centre:li",
    )


def test_an_edit_at_the_venue_counts_until_the_centre_speaks(office: Office) -> None:
    office.send("roster", **roster())
    office.send("timetable", class_id="c1", lessons=[lesson("L1", 4)])
    stored = lessons.get_lesson(office.reader, "L1")
    edited = replace(stored, subject="安全")
    office.agent.writer.run(lambda tx: lessons.save_lesson(tx, edited, change="edited", by="a"))
    owned = lessons.find_owned(office.reader, "L1")
    assert owned is not None
    assert (owned.owner, owned.revision, owned.confirmed) == (Owner.CENTRE, 5, False)
    office.send("confirm", document="lesson", id="L1", revision=5, accepted=True)
    owned = lessons.find_owned(office.reader, "L1")
    assert owned is not None
    assert owned.confirmed
    office.agent.writer.run(
        lambda tx: lessons.save_lesson(tx, replace(edited, revision=5, subject="电焊"), change="edited", by="a")
    )
    overruled = office.send("timetable", class_id="c1", lessons=[lesson("L1", 6, subject="气焊")])
    assert overruled.data["saved"] == ["L1"]
    assert lessons.get_lesson(office.reader, "L1").subject == "气焊"


def test_the_districts_teachers_come_by_revision(office: Office) -> None:
    teachers = [{"id": "p1", "name": "张老师", "full_time": True}]
    assert office.send("teachers", revision=7, teachers=teachers).data == {"teachers": 1}
    assert office.send("teachers", revision=7, teachers=[]).data == {"known": True}
    assert office.send("teachers", revision=6, teachers=[]).code is Code.STALE
    assert [teacher.name for teacher in training.list_teachers(office.reader)] == ["张老师"]


def test_no_name_and_no_document_of_a_trainee_stands_in_a_fact(office: Office) -> None:
    office.send("roster", **roster())
    bodies = b"".join(fact.body for fact in read_facts(office.reader))
    assert "王伟".encode() not in bodies
    assert b"37010219900307" not in bodies
    assert isinstance(training.get_trainee(office.reader, trainee_id("王伟")), Trainee)
