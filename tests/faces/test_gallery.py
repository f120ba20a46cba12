"""Templates at rest: sealed, bound to owner and engine, and gone without a byte when they must go."""

from __future__ import annotations

import base64
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge_agent.errors import InputError, StorageError
from edge_agent.faces.backend import OPENCV
from edge_agent.faces.enrolment import Enroller
from edge_agent.faces.face import Floats, Picture
from edge_agent.faces.frames import encode_frame
from edge_agent.faces.gallery import LIVE_VIEWS, Gallery, reset
from edge_agent.faces.process import FaceEngine
from edge_agent.faces.retire import KEPT_AFTER_CLASS, announce, retire
from edge_agent.model.kinds.people import ConsentGiven, ConsentWithdrawn
from edge_agent.model.people import ClassState
from edge_agent.store import consents
from edge_agent.store.backup import make_backup
from edge_agent.store.database import connect
from edge_agent.store.facts import read_facts
from edge_agent.store.training import set_class_state
from tests.faces.conftest import near, unit
from tests.venue import DAY, Venue, at, reading

AT = at("08:30")
LATER = replace(OPENCV, version="yunet-2030")
CLOSES = date(2024, 10, 31)


@pytest.fixture
def gallery(tmp_path: Path) -> Iterator[Gallery]:
    opened = Gallery(tmp_path / "faces")
    yield opened
    opened.close()


@pytest.fixture
def venue(tmp_path: Path) -> Iterator[Venue]:
    opened = Venue(tmp_path)
    opened.add_class()
    for name in ("t1", "t2"):
        opened.add_trainee(name)
        consent(opened, name)
    yield opened
    opened.close()


def consent(venue: Venue, trainee: str) -> None:
    given = ConsentGiven(trainee=trainee, purpose="recognise", text="v1", at=AT)
    venue.writer.run(lambda tx: consents.give(tx, given, by="desk"))


def withdraw(venue: Venue, trainee: str) -> None:
    taken = ConsentWithdrawn(trainee=trainee, purpose="recognise", at=AT)
    venue.writer.run(lambda tx: consents.withdraw(tx, taken, by="desk"))


def enrol(gallery: Gallery, trainee: str, *views: Floats) -> None:
    gallery.add(trainee, views, source="photo", engine=OPENCV, at=AT)


def tick(gallery: Gallery, venue: Venue, today: date = DAY) -> int:
    with reading(venue.database) as connection:
        return retire(gallery, connection, venue.writer, today)


def deletions(venue: Venue) -> list[tuple[str, str]]:
    with reading(venue.database) as connection:
        return [(f.data["trainee"], f.data["cause"]) for f in read_facts(connection, kinds=("template.deleted",))]


def everything_in(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


def test_two_views_make_one_template(gallery: Gallery) -> None:
    enrol(gallery, "t1", near(unit(1), 2), near(unit(1), 3))
    (template,) = gallery.templates(["t1", "t9"], OPENCV).values()
    assert (template.trainee, template.pictures, template.live) == ("t1", 2, 0)
    assert np.linalg.norm(template.vector) == pytest.approx(1, abs=1e-5)
    assert OPENCV.metric.scores(template.vector[None], unit(1))[0] > 0.9
    assert not template.wants_more
    assert "vector" not in repr(template)


def test_it_is_kept_over_a_restart_for_its_own_engine_alone(gallery: Gallery) -> None:
    enrol(gallery, "t1", unit(1))
    gallery.close()
    again = Gallery(gallery.path.parent)
    assert again.templates(["t1"], OPENCV)["t1"].wants_more
    assert again.templates(["t1"], LATER) == {}
    assert again.count() == 1
    again.close()


def test_files_are_for_the_kiosks_user_alone_and_hold_nothing_readable(gallery: Gallery) -> None:
    enrol(gallery, "t1", unit(1))
    for path in gallery.path.parent.iterdir():
        assert path.stat().st_mode & 0o777 == 0o600, path
    held = everything_in(gallery.path.parent)
    raw = unit(1).tobytes()
    assert raw[:16] not in held
    assert base64.b64encode(raw)[:20] not in held
    with closing(sqlite3.connect(gallery.path)) as database:
        assert database.execute("PRAGMA journal_mode").fetchone() == ("delete",)


def test_a_gallery_that_others_can_read_is_refused(gallery: Gallery) -> None:
    gallery.path.chmod(0o644)
    with pytest.raises(StorageError, match="chmod 600"):
        Gallery(gallery.path.parent)


def test_live_views_take_turns(gallery: Gallery) -> None:
    enrol(gallery, "t1", unit(1), near(unit(1), 2))
    for seed in range(5):
        gallery.add("t1", [near(unit(1), seed)], source="live", engine=OPENCV, at=AT)
    template = gallery.templates(["t1"], OPENCV)["t1"]
    assert (template.pictures, template.live) == (2 + LIVE_VIEWS, LIVE_VIEWS)


def test_a_face_that_resembles_anothers_is_reported(gallery: Gallery) -> None:
    enrol(gallery, "t1", unit(1))
    assert gallery.resembling(near(unit(1), 5), OPENCV, but=["t2"]) == "t1"
    assert gallery.resembling(unit(7), OPENCV, but=["t2"]) == ""
    assert gallery.resembling(unit(1), OPENCV, but=["t1", "t2"]) == "", "nobody resembles oneself"


def test_another_key_is_an_error_that_says_what_to_do(gallery: Gallery, tmp_path: Path) -> None:
    enrol(gallery, "t1", unit(1))
    gallery.close()
    Gallery(tmp_path / "other").close()
    shutil.copy(tmp_path / "other" / "faces.key", gallery.path.parent / "faces.key")
    wrong = Gallery(gallery.path.parent)
    with pytest.raises(StorageError, match=r"another key.*faces reset"):
        wrong.templates(["t1"], OPENCV)
    wrong.close()
    reset(gallery.path.parent)
    empty = Gallery(gallery.path.parent)
    assert empty.count() == 0
    empty.close()


def test_a_row_moved_to_another_trainee_is_found_out(gallery: Gallery) -> None:
    enrol(gallery, "t1", unit(1))
    with closing(sqlite3.connect(gallery.path)) as database, database:
        database.execute("UPDATE views SET trainee = 't2'")
    with pytest.raises(StorageError, match="can't be opened"):
        gallery.templates(["t2"], OPENCV)


def test_a_damaged_database_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    Gallery(tmp_path).close()
    (tmp_path / "faces.db").write_bytes(b"no database at all" * 100)
    with pytest.raises(StorageError, match=r"damaged.*faces reset"):
        Gallery(tmp_path)


def test_after_a_withdrawal_no_byte_of_it_is_left(gallery: Gallery, venue: Venue) -> None:
    enrol(gallery, "t1", unit(1), unit(11))
    enrol(gallery, "t2", unit(2))
    gallery.templates(["t1", "t2"], OPENCV)
    with closing(sqlite3.connect(gallery.path)) as database:
        sealed = [row[0] for row in database.execute("SELECT sealed FROM views WHERE trainee = 't1'")]
    folder = gallery.path.parent
    assert all(box[:24] in everything_in(folder) for box in sealed)

    withdraw(venue, "t1")
    assert tick(gallery, venue) == 1, "the next tick does it: 20 s at most"

    held = everything_in(folder) + everything_in(venue.database.parent)
    for box in sealed:
        assert not [start for start in range(0, len(box) - 12, 12) if box[start : start + 12] in held]
    assert gallery.templates(["t1", "t2"], OPENCV).keys() == {"t2"}
    assert deletions(venue) == [("t1", "withdrawn")]
    assert tick(gallery, venue) == 0
    assert deletions(venue) == [("t1", "withdrawn")], "once"


def test_nothing_of_a_template_is_in_facts_backups_or_logs(
    engine: FaceEngine,
    gallery: Gallery,
    venue: Venue,
    portrait: Picture,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A real enrolment, its sign-ins' views, a refusal and a withdrawal, with every message of the log kept."""
    caplog.set_level("DEBUG")
    enroller = Enroller(engine, gallery, venue.writer, lambda: connect(venue.database, readonly=True))
    photo = encode_frame(np.asarray(cv2.resize(portrait, (600, 600)), np.uint8))
    enroller.from_photos("t1", [("one.jpg", photo)], at=AT, by="desk")
    subject = engine.ask(photo).subject
    assert subject is not None
    enroller.add_live("t1", [subject.embedding] * 3, at=AT)
    with pytest.raises(InputError):
        enroller.from_photos("t2", [("wall.jpg", encode_frame(np.zeros((300, 300, 3), np.uint8)))], at=AT, by="desk")
    with closing(sqlite3.connect(gallery.path)) as database:
        held = [row[0] for row in database.execute("SELECT sealed FROM views")]
    held += [subject.embedding.tobytes(), gallery.templates(["t1"], OPENCV)["t1"].vector.tobytes()]
    copies = gallery.path.parents[1] / "copies"
    copies.mkdir()
    make_backup(venue.database, copies / "b.db")
    withdraw(venue, "t1")
    tick(gallery, venue)
    outside = everything_in(copies) + venue.database.read_bytes() + caplog.text.encode()
    outside += venue.database.with_name(venue.database.name + "-wal").read_bytes()
    assert b"template.enrolled" in outside
    for secret in held:
        shown = [secret, base64.b64encode(secret), secret.hex().encode()]
        assert not [each for each in shown if each[16:40] in outside]
    numbers = [f"{value:.4f}"[:6] for value in subject.embedding[:4]]
    assert not all(number.encode() in outside for number in numbers)


def test_it_goes_thirty_days_after_the_class_and_not_before(gallery: Gallery, venue: Venue) -> None:
    enrol(gallery, "t1", unit(1))
    assert tick(gallery, venue, CLOSES + KEPT_AFTER_CLASS) == 0
    assert tick(gallery, venue, CLOSES + KEPT_AFTER_CLASS + timedelta(days=1)) == 1
    assert deletions(venue) == [("t1", "class_over")]


def test_it_goes_with_whoever_left_and_with_a_deleted_class(gallery: Gallery, venue: Venue) -> None:
    for name in ("t1", "t2", "t9"):
        enrol(gallery, name, unit(1))
    consent(venue, "t9")  # not on any roster
    venue.add_trainee("t1", active=False)
    assert tick(gallery, venue) == 2
    assert sorted(deletions(venue)) == [("t1", "left"), ("t9", "left")]
    venue.writer.run(lambda tx: set_class_state(tx, "c1", ClassState.DELETED, by="test"))
    assert tick(gallery, venue) == 1
    assert gallery.count() == 0


def test_a_crash_between_deletion_and_its_fact_loses_neither(gallery: Gallery, venue: Venue) -> None:
    enrol(gallery, "t1", unit(1))
    gallery.delete(["t1"], "withdrawn")
    gallery.close()  # before the fact
    again = Gallery(gallery.path.parent)
    assert again.count() == 0
    announce(again, venue.writer)
    announce(again, venue.writer)
    assert deletions(venue) == [("t1", "withdrawn")]
    again.close()
