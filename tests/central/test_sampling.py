"""抽查: reproducible, signed, never drawn again, and tampering is seen."""

from __future__ import annotations

import json
from datetime import date, timedelta

import pytest

from edge_agent.central.database import Tx
from edge_agent.central.staff.accounts import Role, Scope
from edge_agent.central.work import inspections, sampling
from edge_agent.central.work.quarter import Quarter, parse_quarter, quarter_of
from edge_agent.central.work.sampling import Sample, draw
from edge_agent.errors import ConflictError, InputError
from tests.central.browsing import Person
from tests.central.city import City
from tests.central.place import DAY, NOW

Q1 = Quarter(2026, 1)


def make(city: City, *, rate: float = 0.1, scope: Scope | None = None, subject: sampling.Subject = "class") -> Sample:
    where = scope or Scope()
    with city.centre.database.write() as tx:
        made = sampling.make_sample(
            tx,
            city.centre.signer,
            scope=where,
            quarter=Q1,
            subject=subject,
            rate=rate,
            by="li",
            now=NOW,
        )
        return sampling.get_sample(tx, where, made)


def wrong(city: City, sample: Sample) -> str:
    with city.centre.database.read() as tx:
        return inspections.check(tx, city.centre.verifier, sampling.get_sample(tx, Scope(), sample.id))


def many(city: City, count: int) -> None:
    place = city.add("大教室")
    for number in range(count):
        place.training(f"k{number:03}", f"班级 {number}")
    place.send()
    city.digest()


@pytest.mark.parametrize(
    ("size", "rate", "count"), [(1, 0.1, 1), (10, 0.1, 1), (11, 0.1, 2), (30, 0.1, 3), (7, 1.0, 7)]
)
def test_never_less_than_the_share_is_drawn(size: int, rate: float, count: int) -> None:
    assert len(draw("seed", (f"k{number}" for number in range(size)), rate)) == count


def test_a_seed_draws_the_same_whatever_the_order_and_another_seed_another() -> None:
    keys = [f"qihang/ea-1/c{number}" for number in range(100)]
    assert draw("a", keys, 0.1) == draw("a", reversed(keys), 0.1)
    assert draw("a", keys, 0.1) != draw("b", keys, 0.1)
    # Golden: whoever draws with another program gets this.
    assert draw("00" * 16, keys, 0.03) == GOLDEN


GOLDEN = ["qihang/ea-1/c10", "qihang/ea-1/c12", "qihang/ea-1/c89"]
"""By `printf "SEED\\nKEY" | sha256sum`, sorted."""


def test_every_item_has_the_same_chance() -> None:
    keys = [f"c{number}" for number in range(20)]
    drawn = [key for seed in range(2000) for key in draw(str(seed), keys, 0.1)]
    assert all(130 < drawn.count(key) < 270 for key in keys)


def test_the_list_is_signed_and_kept_with_its_seed(empty: City) -> None:
    many(empty, 25)
    sample = make(empty)
    assert (sample.population, sample.chosen, sample.done) == (25, 3, 0)
    drawn = sampling.read(sample)
    assert drawn.chosen == draw(drawn.seed, drawn.population, 0.1)
    assert wrong(empty, sample) == ""
    with empty.centre.database.read() as tx:
        items = sampling.list_items(tx, sample)
    assert [f"qihang/ea-1/{item.item}" for item in items] == drawn.chosen
    assert all(item.title.startswith("班级 ") for item in items)


def test_what_was_drawn_is_never_drawn_again_but_new_classes_are(empty: City) -> None:
    many(empty, 25)
    first = sampling.read(make(empty))
    with pytest.raises(ConflictError, match="没有可抽查的新对象"):
        make(empty)
    empty.places[0].training("new", "新班")
    empty.places[0].send()
    empty.digest()
    second = sampling.read(make(empty))
    assert (second.round, second.population, second.chosen) == (2, ["qihang/ea-1/new"], ["qihang/ea-1/new"])
    assert second.seed != first.seed


def test_a_quarter_has_the_classes_that_ran_in_it(empty: City) -> None:
    place = empty.add("教室")
    spans = {"before": (-90, -70), "over": (-90, 100), "in": (0, 5), "after": (40, 50), "draft": (0, 5), "sent": (0, 5)}
    states = {"draft": "draft", "sent": "submitted"}
    for name, (opens, closes) in spans.items():
        days = {"opens": DAY + timedelta(opens), "closes": DAY + timedelta(closes)}
        place.training(name, name, state=states.get(name, "approved"), **days)
    place.send()
    empty.digest()
    assert sampling.read(make(empty, rate=1)).population == ["qihang/ea-1/in", "qihang/ea-1/over"]


def test_lessons_can_be_sampled_too(city: City) -> None:
    assert sampling.read(make(city, subject="lesson", rate=1)).population == ["qihang/ea-1/A", "qihang/ea-2/A"]


@pytest.mark.parametrize("rate", [0.0, 0.09, 1.1, -1.0])
def test_less_than_ten_percent_is_refused(city: City, rate: float) -> None:
    with pytest.raises(InputError, match="rate"):
        make(city, rate=rate)


def _edit(document: str, **changes: object) -> str:
    signed = json.loads(document)
    signed["payload"] = json.dumps(json.loads(signed["payload"]) | changes)
    return json.dumps(signed)


@pytest.mark.parametrize(
    "how", ["item replaced", "item gone", "item added", "document edited", "document of another sample", "garbage"]
)
def test_tampering_is_seen_and_nothing_can_be_ticked(empty: City, how: str) -> None:
    many(empty, 25)
    sample, other = make(empty), make(empty, scope=Scope("tenant", "qihang"))
    with empty.centre.database.write() as tx:
        match how:
            case "item replaced":
                tx.run("UPDATE sample_items SET item = 'k001x' WHERE sample = %s AND number = 1", (sample.id,))
            case "item gone":
                tx.run("DELETE FROM sample_items WHERE sample = %s AND number = 2", (sample.id,))
            case "item added":
                tx.run("INSERT INTO sample_items(sample, number, agent, item) VALUES (%s, 9, 1, 'k002')", (sample.id,))
            case "document edited":
                edited = _edit(sample.document, seed="00" * 16)
                tx.run("UPDATE samples SET document = %s WHERE id = %s", (edited, sample.id))
            case "document of another sample":
                tx.run("UPDATE samples SET document = %s WHERE id = %s", (other.document, sample.id))
            case _:
                garbage = _edit(sample.document)[:-1] + ', "more": 1}'
                tx.run("UPDATE samples SET document = %s WHERE id = %s", (garbage, sample.id))
    assert wrong(empty, sample)
    inspector = Person(empty, Role.INSPECTOR)
    answer = inspector.send("PUT", f"/api/v1/samples/{sample.id}/items/1", {"outcome": "good", "note": "好"})
    assert answer.status_code == 403
    assert "校验不通过" in inspector.get(f"/samples/{sample.id}").text


def test_an_inspector_ticks_what_was_drawn_with_a_note(empty: City) -> None:
    many(empty, 25)
    person = Person(empty, Role.INSPECTOR)
    made = person.send("POST", "/api/v1/samples", {"quarter": "2026Q1", "percent": 10}).json()["id"]
    tick = f"/api/v1/samples/{made}/items/"
    assert person.send("PUT", tick + "1", {"outcome": "good", "note": ""}).status_code == 422
    assert person.send("PUT", tick + "1", {"outcome": "fine", "note": "x"}).status_code == 422
    assert person.send("PUT", tick + "99", {"outcome": "good", "note": "x"}).status_code == 404
    assert person.send("PUT", tick + "1", {"outcome": "flawed", "note": "签到 12 人，在场 9 人"}).is_success
    text = person.get(f"/samples/{made}").text
    assert "签到 12 人，在场 9 人" in text
    assert "签名与复算一致" in text
    assert "1/3" in person.get("/samples").text
    document = person.get(f"/samples/{made}/list.json")
    assert json.loads(json.loads(document.text)["payload"])["quarter"] == "2026Q1"


@pytest.mark.parametrize(
    "how", ["row edited", "row emptied", "word gone", "words swapped", "word edited", "of another item", "made up"]
)
def test_what_an_inspector_found_can_not_be_changed(empty: City, how: str) -> None:
    many(empty, 25)
    sample, person = make(empty), Person(empty, Role.INSPECTOR)
    tick = f"/api/v1/samples/{sample.id}/items/"
    for number, outcome in ((1, "flawed"), (2, "good"), (1, "good")):
        assert person.send("PUT", f"{tick}{number}", {"outcome": outcome, "note": f"第 {number} 项"}).is_success
    assert wrong(empty, sample) == ""
    words = person.get(f"/samples/{sample.id}/inspections.json").json()
    told = [json.loads(word["payload"]) for word in words]
    assert [(word["number"], word["outcome"]) for word in told] == [(1, "flawed"), (2, "good"), (1, "good")]
    with empty.centre.database.write() as tx:
        ids = [row[0] for row in tx.rows("SELECT id FROM inspections ORDER BY id")]
        match how:
            case "row edited":
                tx.run("UPDATE sample_items SET note = 'x' WHERE sample = %s AND number = 2", (sample.id,))
            case "row emptied":
                tx.run("UPDATE sample_items SET outcome = '' WHERE sample = %s AND number = 2", (sample.id,))
            case "word gone":
                tx.run("DELETE FROM inspections WHERE id = %s", (ids[0],))
            case "words swapped":
                tx.run("UPDATE inspections SET id = 99 WHERE id = %s", (ids[0],))
            case "word edited":
                document = word_of(tx, sample, 1)
                tx.run("UPDATE inspections SET document = %s WHERE id = %s", (_edit(document, note="x"), ids[1]))
            case "of another item":
                tx.run("UPDATE inspections SET document = %s WHERE id = %s", (word_of(tx, sample, 0), ids[1]))
            case _:
                tx.run("UPDATE sample_items SET outcome = 'good' WHERE sample = %s AND number = 3", (sample.id,))
    assert wrong(empty, sample)
    assert person.send("PUT", f"{tick}3", {"outcome": "good", "note": "好"}).status_code == 403


def word_of(tx: Tx, sample: Sample, index: int) -> str:
    return inspections.list_words(tx, sample)[index]


@pytest.mark.parametrize("text", ["2026", "2026Q5", "2026q1", "26Q1", "２０２６Q1", "2026Q1 "])
def test_a_strange_quarter_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="quarter"):
        parse_quarter(text)


@pytest.mark.parametrize(
    ("day", "quarter", "last"),
    [
        ("2026-01-01", "2026Q1", "2026-03-31"),
        ("2026-06-30", "2026Q2", "2026-06-30"),
        ("2026-12-31", "2026Q4", "2026-12-31"),
    ],
)
def test_quarters(day: str, quarter: str, last: str) -> None:
    found = quarter_of(date.fromisoformat(day))
    assert (str(found), found.last.isoformat(), parse_quarter(quarter)) == (quarter, last, found)
