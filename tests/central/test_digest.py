"""What pages show is made from facts: once each, whatever dies, in whatever order things come."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta

import pytest

from edge_agent.central.digest import digester
from edge_agent.central.digest.batch import HANDLERS
from edge_agent.central.staff.accounts import Scope
from edge_agent.central.views import classes, duplicates, lessons, venues
from edge_agent.model.kinds.attendance import Corrected, SignedIn, SignedOut
from edge_agent.model.kinds.plan import EditConfirmed, LessonCancelled, VerdictGiven
from edge_agent.model.kinds.system import AlarmCleared, MediaDeleted
from tests.central.city import NAMES, City
from tests.central.place import NOW, Place, at
from tests.sync.world import eventually

ALL = Scope()
TABLES = ("classes", "lessons", "attendance", "snapshots", "people", "alarms", "cameras", "rooms", "notices")


def tables(city: City) -> dict[str, list[tuple[object, ...]]]:
    with city.centre.database.read() as tx:
        return {name: sorted(tx.rows(f"SELECT * FROM {name}"), key=repr) for name in TABLES}  # noqa: S608 - tables of ours


def test_a_morning_is_shown_as_it_was(city: City) -> None:
    with city.centre.database.read() as tx:
        lesson = lessons.get_lesson(tx, 1, "A")
        taps = lessons.list_taps(tx, 1, "A")
        segments, gaps = lessons.read_recordings(tx, lesson)
        shots = lessons.list_shots(tx, 1, "A")
    assert (lesson.verdict, lesson.signed_in, lesson.signed_out, lesson.expected) == ("complete", 12, 12, 12)
    assert (lesson.segments, lesson.seconds, lesson.gaps, lesson.taken, lesson.missed) == (90, 5400, 0, 6, 0)
    assert lesson.room == "201 教室"
    assert {tap.name for tap in taps} == set(NAMES)
    assert [tap.in_how for tap in taps].count("manual") == 1
    assert taps[0].unit == "1"
    assert (len(segments), gaps, {each.state for each in segments}) == (90, [], {"there"})
    assert [(shot.period, shot.kind, shot.here) for shot in shots][:3] == [
        (1, "opening", True),
        (1, "middle", True),
        (1, "closing", True),
    ]


def test_what_is_missing_is_shown_too(city: City) -> None:
    with city.centre.database.read() as tx:
        lesson = lessons.get_lesson(tx, 2, "A")
        _, gaps = lessons.read_recordings(tx, lesson)
        shots = lessons.list_shots(tx, 2, "A")
    assert lesson.reasons == ("gap", "snapshot_missed", "not_signed_out")
    assert (lesson.missed, lesson.gaps, lesson.signed_out) == (1, 1, 4)
    assert [gap.cause for gap in gaps] == ["offline"]
    assert [shot.cause for shot in shots if shot.state == "missed"] == ["offline"]


def test_venues_tell_how_they_stand(city: City) -> None:
    with city.centre.database.read() as tx:
        found = {each.number: each for each in venues.list_venues(tx, ALL, NOW).items}
        later = {each.number: each.state for each in venues.list_venues(tx, ALL, NOW + timedelta(minutes=4)).items}
    assert [found[number].state for number in range(1, 6)] == ["online", "online", "online", "offline", "never"]
    assert (found[3].facts, found[3].age(NOW)) == (1840, timedelta(hours=9))
    assert found[2].alarms == 1
    assert found[1].lag == timedelta(seconds=40)
    assert later[1] == "silent", "unheard is not what it said last"
    assert (found[4].facts, found[4].state) == (12, "offline"), "a Last Will knows of no queue: the last figures stay"


def test_a_second_round_changes_nothing(city: City) -> None:
    before = tables(city)
    city.digest()
    assert tables(city) == before


def test_what_died_in_the_middle_goes_on_from_where_it_was(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same facts, one transaction each and every third one broken off before its commit."""
    whole = tables(city)
    with city.centre.database.write() as tx:
        for name in (*TABLES, "digested"):
            tx.run(f"DELETE FROM {name}")  # noqa: S608 - tables of ours
        rows = tx.rows("SELECT agent, sha256 FROM documents")
        assert len(rows) == 2
    monkeypatch.setattr(digester, "_TOGETHER", 7)
    move, calls = digester._move, [0]

    def fails(*arguments: object) -> None:
        move(*arguments)  # type: ignore[arg-type]  # passed on as they came
        calls[0] += 1
        if calls[0] % 3 == 0:
            raise KeyboardInterrupt

    monkeypatch.setattr(digester, "_move", fails)
    for _ in range(400):
        try:
            city.digest()
            break
        except KeyboardInterrupt:
            continue
    assert calls[0] > 30
    again = tables(city)
    for name in set(TABLES) - {"notices"}:
        assert again[name] == whole[name], name


def test_a_fact_that_cannot_be_digested_is_passed_over(
    city: City, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setitem(HANDLERS, AlarmCleared.KIND, broken)
    place = city.places[0]
    place.say(AlarmCleared(alarm="x"), LessonCancelled(lesson="B", class_id="c1", reason="停水", revision=2))
    place.send()
    city.digest()
    with city.centre.database.read() as tx:
        lesson = lessons.get_lesson(tx, 1, "B")
    assert (lesson.cancelled, lesson.reason, lesson.verdict) == (True, "停水", "cancelled")
    assert "passed over" in caplog.text


def test_a_correction_takes_back_the_fact_that_it_names(city: City) -> None:
    place = city.places[0]
    trainee = "ea-1-c1-t0"
    with city.centre.database.read() as tx:
        row = tx.row("SELECT out_fact FROM attendance WHERE agent = 1 AND trainee = %s", (trainee,))
    assert row is not None
    wrong = Corrected(
        names=f"1/{row[0] & ((1 << 40) - 1)}",
        unit="A/1",
        class_id="c1",
        trainee=trainee,
        direction="out",
        reason="代签",
    )
    place.say(wrong)
    place.send()
    city.digest()
    with city.centre.database.read() as tx:
        tap = next(each for each in lessons.list_taps(tx, 1, "A") if each.trainee == trainee)
    assert (tap.out_at, tap.corrected) == (None, "代签")
    assert tap.in_at is not None


def test_a_roster_that_comes_after_its_fact_is_read_when_it_comes(empty: City) -> None:
    place = empty.add("一号教室")
    place.training("c1", "育婴员")
    place.roster("c1", ["王小明"])
    with empty.centre.database.write() as tx:
        (late,) = tx.rows("SELECT * FROM documents")
        tx.run("DELETE FROM documents")
    place.send()
    empty.digest()
    assert _names(empty) == [""]
    with empty.centre.database.write() as tx:
        tx.run("INSERT INTO documents VALUES (%s, %s, %s, %s, %s, %s, %s, %s)", late)
    empty.digest()
    assert _names(empty) == ["王小明"]


def _names(city: City) -> list[str]:
    with city.centre.database.read() as tx:
        return [each.name for each in classes.list_trainees(tx, classes.get_class(tx, 1, "c1"))]


def test_a_document_that_is_none_goes_into_quarantine(empty: City) -> None:
    place = empty.add("一号教室")
    place.training("c1", "育婴员")
    place.roster("c1", ["王小明"])
    with empty.centre.database.write() as tx:
        tx.run("UPDATE documents SET body = %s", (b'{"v":1,"kind":"roster"}',))
    place.send()
    empty.digest()
    with empty.centre.database.read() as tx:
        (told,) = venues.list_quarantine(tx, 1)
    assert "not a roster document" in told.detail
    assert _names(empty) == [""]


def test_one_person_in_two_places_is_found_and_told_once(city: City) -> None:
    day = timedelta(days=1)
    with city.centre.database.read() as tx:
        found = duplicates.find_duplicates(tx, ALL, NOW - day, NOW)
        elsewhere = duplicates.find_duplicates(tx, Scope("tenant", "quancheng"), NOW - day, NOW)
        before = duplicates.find_duplicates(tx, ALL, NOW - 3 * day, NOW - day)
    assert sorted(each.name for each in found) == sorted(NAMES[:6])
    assert {each.first.venue for each in found} | {each.second.venue for each in found} == {
        "启航 一号教室",
        "启航 护理实训室",
    }
    assert elsewhere == []
    assert before == []


def test_one_after_the_other_is_no_duplicate(empty: City) -> None:
    first, second = empty.add("甲"), empty.add("乙")
    for place, start in ((first, "08:00:00"), (second, "10:00:00")):
        place.training("c1", "育婴员")
        (trainee,) = place.roster("c1", ["王小明"], documents=["37010219900101001X"])
        place.lesson("A", "c1", start[:5])
        _visit(place, trainee, start)
        place.send()
    empty.digest()
    with empty.centre.database.read() as tx:
        assert duplicates.find_duplicates(tx, ALL, NOW - timedelta(days=1), NOW) == []


def _visit(place: Place, trainee: str, start: str) -> None:
    base = {"unit": "A/1", "class_id": "c1", "lesson": "A", "trainee": trainee}
    came = at(start)
    place.say(
        SignedIn(**base, at=came, method="face", visit="v"),  # type: ignore[arg-type]  # plain values
        SignedOut(**base, at=came + timedelta(hours=1), method="face", visit="w"),  # type: ignore[arg-type]  # the same
    )


def test_hashes_of_documents_do_not_come_from_the_documents_alone(city: City) -> None:
    """Who has the database can't try all resident ids."""
    with city.centre.database.read() as tx:
        people = tx.rows("SELECT person, content FROM people")
    assert len({person for person, _ in people}) == 12
    for person, content in people:
        number = json.loads(content)["document"]
        assert person not in hashlib.sha256(number.encode()).hexdigest()
        assert person == city.centre.digester.person(number.lower())


def test_edits_wait_until_the_centre_has_said_its_word(city: City) -> None:
    place = city.places[2]
    with city.centre.database.read() as tx:
        assert [each.id for each in lessons.list_lessons(tx, ALL, unconfirmed=True).items] == ["A"]
    place.say(EditConfirmed(document="lesson", id="A", revision=2, accepted=True))
    place.say(MediaDeleted(media="A-v1", media_kind="recording", sha256="0" * 64, size=1, start=NOW, rule="keep"))
    place.say(VerdictGiven(lesson="A", class_id="c1", verdict="missing", reasons=("no_camera",), at=NOW))
    place.send()
    city.digest()
    with city.centre.database.read() as tx:
        assert lessons.list_lessons(tx, ALL, unconfirmed=True).items == []
        assert lessons.count_verdicts(tx, ALL, "2026-03-02") == {"complete": 1, "partial": 1, "missing": 1, "open": 1}


def test_pages_give_way_to_a_backlog_but_not_for_ever(empty: City, monkeypatch: pytest.MonkeyPatch) -> None:
    """Receiving comes first; and whoever never pauses is shown all the same."""
    place, asked = empty.add("忙"), list[int]()
    monkeypatch.setattr(digester, "_GIVE_WAY_SECONDS", 0.5)
    place.training("c1", "班级")
    place.send()

    def busy() -> bool:
        asked.append(1)
        return True

    empty.centre.digester.start(busy)
    assert eventually(lambda: bool(_classes(empty)))
    empty.centre.digester.stop()
    assert len(asked) >= 5


def _classes(city: City) -> list[str]:
    with city.centre.database.read() as tx:
        return [each.id for each in classes.of_venue(tx, 1)]
