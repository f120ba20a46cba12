"""添加课次 and 修改: one lesson by a form, judged as a row of a timetable is."""

from __future__ import annotations

from datetime import date, time

import pytest
from playwright.sync_api import Page, expect

from edge_agent.model.kinds.plan import LessonSaved
from edge_agent.model.lesson import Lesson
from edge_agent.model.people import Owner, Teacher
from edge_agent.store import attendance, lessons, training
from edge_agent.store.accounts import Role
from edge_agent.store.facts import read_facts
from tests.venue import at, reading
from tests.web.conftest import House


def lessons_of(house: House, class_id: str = "c1") -> list[Lesson]:
    with reading(house.venue.database) as connection:
        return lessons.list_lessons(connection, class_id=class_id)


def fill(page: Page, **values: str) -> None:
    form = page.locator("dialog[open]")
    for name, value in values.items():
        field = form.locator(f"[name={name}]")
        if field.evaluate("(field) => field.tagName") == "SELECT":
            field.select_option(label=value)
        else:
            field.fill(value)


def save(page: Page) -> None:
    page.locator("dialog[open]").get_by_role("button", name="保存").click()


def test_a_lesson_is_added_to_a_class(office: Page, venue: House) -> None:
    office.goto("/console/classes/c1")
    office.get_by_role("button", name="添加课次").click()
    form = office.locator("dialog[open]")
    expect(form.locator("[name=room]")).to_have_value("r1")
    fill(office, date="2024-10-08", start="14:00", periods="2", subject="<i>急救</i>", teacher="李老师", room="实训室")
    save(office)
    expect(office.locator("tbody tr", has_text="<i>急救</i>")).to_contain_text("实训室")
    [_, made] = lessons_of(venue)
    assert (made.date, made.start, made.periods) == (date(2024, 10, 8), time(14), 2)
    assert (made.room, made.teacher, made.revision) == ("r2", "l1", 1)
    with reading(venue.venue.database) as connection:
        *_, fact = read_facts(connection, kinds=(LessonSaved.KIND,))
    assert (fact.data["change"], fact.data["subject"]) == ("added", "<i>急救</i>")
    assert fact.by
    assert fact.by != "test"


def test_two_lessons_of_a_class_at_once_are_an_error(office: Page, venue: House) -> None:
    venue.venue.add_lesson("B", "14:00", room="r2")
    office.goto("/console/classes/c1")
    office.get_by_role("button", name="添加课次").click()
    fill(office, date="2024-10-08", start="14:00", periods="2")
    save(office)
    told = office.locator("dialog[open] .bad", has_text="时间重叠")
    expect(told).to_be_visible()
    assert len(lessons_of(venue)) == 2
    fill(office, start="16:00")
    expect(told).to_have_count(0)
    save(office)
    expect(office.locator("tbody tr", has_text="16:00")).to_be_visible()


def test_another_class_in_the_room_is_ticked_and_sent_again(office: Page, venue: House) -> None:
    venue.venue.add_class("c2", name="焊工")
    venue.venue.add_lesson("B", "14:00", class_id="c2", room="r2", subject="平焊")
    office.goto("/console/lessons")
    office.get_by_role("button", name="添加课次").click()
    form = office.locator("dialog[open]")
    form.locator("[data-into]").select_option(label="育婴员")
    fill(office, date="2024-10-08", start="14:00", periods="2", subject="急救", room="实训室")
    save(office)
    warning = form.locator("label.note.warn", has_text="同一教室")
    expect(warning).to_contain_text("焊工")
    assert len(lessons_of(venue)) == 1
    warning.locator("input").check()
    save(office)
    expect(office.locator(".slot", has_text="急救")).to_be_visible()
    assert [each.room for each in lessons_of(venue)] == ["r1", "r2"]


def test_a_lesson_is_moved_and_stays_itself(office: Page, venue: House) -> None:
    venue.venue.add_lesson("B", "14:00", room="r2", subject="急救", teacher="l1", cameras=("cam1",))
    office.goto("/console/classes/c1")
    office.locator("tbody tr", has_text="急救").get_by_role("link", name="修改").click()
    form = office.locator("dialog[open]")
    expect(form.locator("[name=start]")).to_have_value("14:00")
    expect(form.locator("[name=teacher]")).to_have_value("李老师")
    fill(office, date="2024-10-09", start="09:00", teacher="")
    save(office)
    expect(office.locator("main .head").first).to_contain_text("2024-10-09")
    expect(form).to_be_hidden()
    moved = next(each for each in lessons_of(venue) if each.id == "B")
    assert (moved.date, moved.start, moved.revision) == (date(2024, 10, 9), time(9), 2)
    assert (moved.room, moved.teacher, moved.cameras) == ("r2", "", ("cam1",))
    with reading(venue.venue.database) as connection:
        *_, fact = read_facts(connection, kinds=(LessonSaved.KIND,))
    assert (fact.data["lesson"], fact.data["change"]) == ("B", "moved")


def test_what_two_windows_save_is_not_overwritten(office: Page, venue: House) -> None:
    venue.venue.add_lesson("B", "14:00", room="r2", subject="急救")
    office.goto("/console/lessons/B")
    office.get_by_role("button", name="修改", exact=True).click()
    change = {"date": "2024-10-08", "start": "15:00", "periods": 2, "room": "r2", "subject": "包扎", "revision": 1}
    with venue.client(venue.add_account(Role.ADMINISTRATOR, "13900000001")) as other:
        assert other.put("/api/v1/lessons/B", json=change).json()["written"]["changed"] == 1
    fill(office, subject="急救二")
    save(office)
    expect(office.locator("dialog[open] .wrong")).to_contain_text("已被他人修改")
    assert {each.subject for each in lessons_of(venue)} == {"抚触", "包扎"}


def test_one_that_has_begun_has_no_form_and_is_refused(office: Page, venue: House) -> None:
    office.goto("/console/lessons/A")
    expect(office.get_by_role("button", name="修改", exact=True)).to_have_count(0)
    change = {"date": "2024-10-09", "start": "08:00", "periods": 2, "revision": 1}
    with venue.client(venue.add_account(Role.ADMINISTRATOR, "13900000001")) as other:
        answer = other.put("/api/v1/lessons/A", json=change).json()
    assert (answer["ok"], answer["written"]) == (False, None)
    assert [each["code"] for each in answer["problems"] if each["severity"] == "error"] == ["lesson_running"]
    assert lessons_of(venue)[0].date == date(2024, 10, 8)


def test_an_error_names_its_field_in_both_languages(venue: House) -> None:
    wrong = {"date": "2024-10-09", "start": "08:00", "periods": 2, "teacher": "12<b>"}
    with venue.client(venue.add_account(Role.ADMINISTRATOR)) as client:
        answer = client.post("/api/v1/classes/c1/lessons", json=wrong).json()
        missing = client.post("/api/v1/classes/none/lessons", json=wrong)
        unknown = client.put("/api/v1/lessons/none", json=wrong | {"revision": 1})
    [problem] = [each for each in answer["problems"] if each["severity"] == "error"]
    assert problem["field"] == "teacher"
    assert "12<b>" in problem["zh"]
    assert "12<b>" in problem["en"]
    assert (missing.status_code, unknown.status_code) == (404, 404)
    assert len(lessons_of(venue)) == 1


def test_more_than_one_sign_in_covers_is_split(venue: House) -> None:
    long = {"date": "2024-10-09", "start": "08:00", "periods": 4, "break_minutes": 10, "room": "201", "teacher": "l1"}
    with venue.client(venue.add_account(Role.ADMINISTRATOR)) as client:
        answer = client.post("/api/v1/classes/c1/lessons", json=long).json()
    assert answer["written"]["added"] == 2
    first, second = lessons_of(venue)[1:]
    assert (first.id, first.start, second.start) == (answer["id"], time(8), time(9, 50))
    assert {(each.room, each.teacher, each.periods) for each in (first, second)} == {("r1", "l1", 2)}


def test_of_two_namesakes_the_one_that_is_meant_stays(venue: House) -> None:
    twin = Teacher("l2", "李老师", full_time=True, classes=("c1",))
    venue.venue.writer.run(lambda tx: training.save_teachers(tx, [twin]))
    venue.venue.add_lesson("B", "14:00", room="r2", teacher="l2")
    change = {"date": "2024-10-08", "start": "15:00", "periods": 2, "room": "r2", "teacher": "李老师", "revision": 1}
    with venue.client(venue.add_account(Role.ADMINISTRATOR)) as client:
        first = client.put("/api/v1/lessons/B", json=change).json()
        assert first["blocking"] == ["teacher_ambiguous@1"]
        assert client.put("/api/v1/lessons/B", json=change | {"accept": first["blocking"]}).json()["ok"]
    assert lessons_of(venue)[1].teacher == "l2"


@pytest.mark.parametrize("cancelled", [False, True])
def test_a_lesson_of_the_centre_stays_the_centre_s(venue: House, *, cancelled: bool) -> None:
    """An edit at the venue counts at once, as 待中心确认; a cancelled lesson takes none."""
    theirs = Lesson("B", "c1", date(2024, 10, 8), time(14), 2, room="r2", cancelled=cancelled)
    venue.venue.writer.run(
        lambda tx: lessons.save_lesson(
            tx, theirs, change="added", by="centre", owner=Owner.CENTRE, confirmed=True, revision=7
        )
    )
    change = {"date": "2024-10-08", "start": "15:00", "periods": 2, "room": "r2", "revision": 7}
    with venue.client(venue.add_account(Role.ADMINISTRATOR)) as client:
        answer = client.put("/api/v1/lessons/B", json=change)
    assert answer.status_code == (409 if cancelled else 200)
    with reading(venue.venue.database) as connection:
        owned = lessons.find_owned(connection, "B")
    assert owned == lessons.Owned(Owner.CENTRE, 7 if cancelled else 8, confirmed=cancelled)


def test_it_is_the_afternoon_of_the_office(venue: House) -> None:
    """A lesson that begins this minute is not edited: the clock that judges is the device's."""
    venue.venue.add_lesson("B", "14:00", room="r2")
    venue.venue.clock.set(at("14:00"))
    change = {"date": "2024-10-08", "start": "15:00", "periods": 2, "room": "r2", "revision": 1}
    with venue.client(venue.add_account(Role.ADMINISTRATOR)) as client:
        assert client.put("/api/v1/lessons/B", json=change).json()["written"] is None


def test_taps_stay_with_a_lesson_that_is_moved(venue: House) -> None:
    """Signed in ten minutes ahead, and then the lesson is put off: nobody signs in twice."""
    venue.venue.add_lesson("B", "14:00", room="r2")
    form = {"unit": "B/1", "direction": "in", "trainees": ["t1"], "reason": "摄像头故障", "visit": "v1"}
    venue.venue.clock.set(at("13:50"))
    change = {"date": "2024-10-08", "start": "15:00", "periods": 2, "room": "r2", "revision": 1}
    with venue.client(venue.add_account(Role.ADMINISTRATOR)) as client:
        assert client.post("/api/v1/lessons/B/attendance", json=form).status_code == 200
        assert client.put("/api/v1/lessons/B", json=change).json()["ok"]
    with reading(venue.venue.database) as connection:
        taps = attendance.of_trainee(connection, "t1")
    assert [(tap.direction, tap.at.astimezone(at("13:50").tzinfo)) for tap in taps] == [("in", at("13:50"))]
