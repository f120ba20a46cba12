"""Enrolling: consent first, good pictures only, one person, and a fact that has everything but the face."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge_agent.errors import ConflictError, ForbiddenError, InputError, NotFoundError
from edge_agent.faces.answer import Hint, Match, Unknown
from edge_agent.faces.enrolment import Enroller
from edge_agent.faces.face import Observation, Picture
from edge_agent.faces.gallery import Gallery
from edge_agent.faces.process import FaceEngine
from edge_agent.faces.quality import Flaw
from edge_agent.faces.station import VISIT_SECONDS, Station, Step
from edge_agent.store.consents import take_paper_consents, who_consents
from edge_agent.store.database import connect
from edge_agent.store.training import get_trainee, same_person
from tests import data
from tests.faces.conftest import GOOD, face_at, id_card, jpeg, near, nobody, on_wall, seen, unit
from tests.faces.handle import open_faces
from tests.venue import Venue, at, reading

AT = at("08:00")


@pytest.fixture
def venue(tmp_path: Path) -> Iterator[Venue]:
    opened = Venue(tmp_path)
    opened.add_class()
    opened.add_trainee("t1", verified=True)
    opened.add_trainee("t2")
    opened.add_trainee("t3", document_type="temporary")
    yield opened
    opened.close()


@pytest.fixture
def gallery(tmp_path: Path) -> Iterator[Gallery]:
    opened = Gallery(tmp_path / "faces")
    yield opened
    opened.close()


@pytest.fixture
def enroller(engine: FaceEngine, gallery: Gallery, venue: Venue) -> Enroller:
    return Enroller(engine, gallery, venue.writer, lambda: connect(venue.database, readonly=True))


@pytest.fixture
def photos(portrait: Picture) -> list[tuple[str, bytes]]:
    """Two photos of one person in different light and size."""
    darker = (portrait * 0.8).astype(np.uint8)
    return [("one.jpg", jpeg(on_wall(portrait, side=400, left=100))), ("two.jpg", jpeg(on_wall(darker, side=320)))]


def test_without_consent_there_is_no_template(enroller: Enroller, photos: list[tuple[str, bytes]]) -> None:
    with pytest.raises(ForbiddenError, match="not consented"):
        enroller.from_photos("t1", photos, at=AT, by="desk")


def test_two_photos_make_a_template_and_a_fact_without_it(
    enroller: Enroller, venue: Venue, gallery: Gallery, engine: FaceEngine, photos: list[tuple[str, bytes]]
) -> None:
    venue.consent("t1")
    enrolled = enroller.from_photos("t1", photos, at=AT, by="desk")
    assert (enrolled.views, enrolled.wants_more, enrolled.resembles) == (2, False, "")
    assert gallery.templates(["t1"], engine.identity)["t1"].pictures == 2
    (fact,) = venue.facts("template.enrolled")
    assert fact == {
        "trainee": "t1",
        "pictures": 2,
        "sources": ["photo", "photo"],
        "engine": str(engine.identity),
        "resembles": "",
    }
    assert len(json.dumps(fact)) < 300


def test_one_photo_is_taken_and_a_second_one_wanted(
    enroller: Enroller, venue: Venue, photos: list[tuple[str, bytes]]
) -> None:
    venue.consent("t1")
    assert enroller.from_photos("t1", photos[:1], at=AT, by="desk").wants_more


def test_bad_photos_are_left_out_with_their_reasons(
    enroller: Enroller, venue: Venue, photos: list[tuple[str, bytes]], portrait: Picture
) -> None:
    venue.consent("t1")
    wall = jpeg(np.full((480, 640, 3), 120, np.uint8))
    blurred = jpeg(cv2.GaussianBlur(on_wall(portrait, side=400, left=100), (0, 0), 8).astype(np.uint8))
    enrolled = enroller.from_photos("t1", [*photos, ("wall.jpg", wall), ("b.jpg", blurred)], at=AT, by="desk")
    assert enrolled.views == 2
    assert enrolled.pictures[2].flaws == (Flaw.NOBODY,)
    assert Flaw.BLURRED in enrolled.pictures[3].flaws
    assert "blurred" in enrolled.pictures[3].reasons
    with pytest.raises(InputError, match=r"wall\.jpg: No face was found"):
        enroller.from_photos("t1", [("wall.jpg", wall)], at=AT, by="desk")
    with pytest.raises(InputError, match=r"text\.jpg is not a picture"):
        enroller.from_photos("t1", [("text.jpg", b"no picture")], at=AT, by="desk")


def test_two_faces_on_a_photo_are_refused(enroller: Enroller, venue: Venue, portrait: Picture) -> None:
    venue.consent("t1")
    both = np.hstack([cv2.resize(portrait, (400, 400)), cv2.resize(portrait, (380, 400))]).astype(np.uint8)
    with pytest.raises(InputError, match="several faces"):
        enroller.from_photos("t1", [("both.jpg", jpeg(both))], at=AT, by="desk")


def test_photos_of_two_people_are_refused_and_a_double_is_reported(
    enroller: Enroller, venue: Venue, gallery: Gallery, photos: list[tuple[str, bytes]]
) -> None:
    if data.folder() is None:
        pytest.skip("needs photos of a second person: set EDGE_AGENT_TEST_DATA")
    venue.consent("t1", "t2")
    others = data.people("east_asian")["Junichiro_Koizumi"][:4]
    with pytest.raises(InputError, match="different people"):
        enroller.from_photos("t1", [photos[0], *((path.name, path) for path in others)], at=AT, by="desk")
    assert gallery.count() == 0
    enroller.from_photos("t1", photos, at=AT, by="desk")
    again = enroller.from_photos("t2", photos[:1], at=AT, by="desk")
    assert again.resembles == "t1"
    assert venue.facts("template.enrolled")[-1]["resembles"] == "t1"


def test_the_card_is_compared_with_who_stands_there(
    enroller: Enroller, venue: Venue, engine: FaceEngine, portrait: Picture
) -> None:
    front, back = id_card(portrait)
    subject = engine.ask(jpeg(on_wall(portrait, side=320))).subject
    assert subject is not None
    portrait_seen = enroller.read_card("t1", front, back)
    assert enroller.compare("t1", portrait_seen, [subject.embedding], by="desk").accepted
    with reading(venue.database) as connection:
        assert get_trainee(connection, "t1").verified
    assert not enroller.compare("t1", portrait_seen, [unit(5)], by="desk").accepted
    with reading(venue.database) as connection:
        assert not get_trainee(connection, "t1").verified
    assert enroller.review("t1", accepted=True, reason="card and face compared", by="desk").method == "manual"
    assert [(f["method"], f["accepted"]) for f in venue.facts("identity.checked")] == [
        ("card", True),
        ("card", False),
        ("manual", True),
    ]
    for wrong, reason in [((back, back), "portrait.*: No face"), ((front, front), "back of the card shows a face")]:
        with pytest.raises(InputError, match=reason):
            enroller.read_card("t1", *wrong)
    with pytest.raises(InputError, match="temporary"):
        enroller.read_card("t3", front, back)
    with pytest.raises(InputError, match="temporary"):
        enroller.review("t3", accepted=True, reason="", by="desk")
    assert len(venue.facts("identity.checked")) == 3


def test_whoever_is_in_two_classes_is_no_double(
    enroller: Enroller, venue: Venue, photos: list[tuple[str, bytes]]
) -> None:
    venue.add_class("c2")
    for trainee, training in (("own", "c1"), ("again", "c2")):
        venue.add_trainee(trainee, training, document="11010519491231002X")
    venue.consent("own", "again")
    enroller.from_photos("own", photos, at=AT, by="desk")
    assert enroller.from_photos("again", photos, at=AT, by="desk").resembles == ""


def test_a_template_from_the_cards_portrait_is_one_picture(
    enroller: Enroller, venue: Venue, gallery: Gallery, portrait: Picture
) -> None:
    venue.consent("t1")
    front, _ = id_card(portrait)
    enrolled = enroller.from_photos("t1", [("card", front)], at=AT, by="desk", source="card")
    assert enrolled.wants_more
    assert gallery.sources("t1") == ["card"]


def test_paper_consents_come_in_a_batch_or_not_at_all(venue: Venue) -> None:
    def take(*trainees: str, paper: str = "binder 3") -> None:
        venue.writer.run(lambda tx: take_paper_consents(tx, trainees, text="v1", paper=paper, at=AT, by="desk"))

    take("t1", "t2")
    with pytest.raises(NotFoundError):
        take("t3", "nobody")
    with pytest.raises(InputError, match="where the signed sheets"):
        take("t3", paper="")
    with reading(venue.database) as connection:
        assert who_consents(connection, "recognise") == {"t1", "t2"}
    assert [fact["paper"] for fact in venue.facts("consent.given")] == ["binder 3", "binder 3"]


def good(at_: float, seed: int = 1) -> Observation:
    return seen(near(unit(1), seed), at=at_, look=GOOD, face=face_at(width=140))


def test_a_station_takes_consent_card_two_photos_in_one_visit() -> None:
    station = Station("t1", began=100.0, card=True)
    assert station.see(good(100.1), 100.1).step is Step.CONSENT
    station.consent(given=True)
    assert station.step is Step.CARD
    with pytest.raises(ForbiddenError):
        station.consent(given=True)
    with pytest.raises(ConflictError, match="not taken yet"):
        station.shots()
    station.card_taken()
    assert station.see(good(110.0), 110.0).photos == 1
    assert station.see(good(110.2), 110.2).photos == 1, "not of the same instant"
    told = station.see(nobody(110.8), 110.8)
    assert (told.photos, told.hint) == (1, Hint.NOBODY)
    done = station.see(good(111.2, 2), 111.2)
    assert (done.step, done.photos) == (Step.SIGN_IN, 2)
    assert len(station.views()) == len(station.shots()) == 2
    assert done.seconds > VISIT_SECONDS - 12


def test_whoever_does_not_consent_or_is_not_ready_is_signed_in_by_hand() -> None:
    refused = Station("t1", began=0.0, card=False)
    refused.consent(given=False)
    assert refused.see(good(1.0), 1.0).step is Step.BY_HAND
    late = Station("t2", began=0.0, card=False, consented=True)
    assert late.see(nobody(10.0), 10.0).step is Step.PHOTOS
    assert late.see(nobody(VISIT_SECONDS + 1), VISIT_SECONDS + 1).step is Step.BY_HAND
    assert late.see(good(VISIT_SECONDS + 2), VISIT_SECONDS + 2).photos == 0


def test_from_the_station_to_the_first_sign_in_and_its_live_view(
    tmp_path: Path, venue: Venue, photos: list[tuple[str, bytes]]
) -> None:
    """The kiosk's handle: enrolled at the station, recognised at once, the template grows, and nobody else is known."""
    venue.consent("t1")
    with open_faces(venue, tmp_path) as faces:
        station = Station("t1", began=0.0, card=False, consented=True)
        views = [faces.engine.ask(photo) for _, photo in photos]
        for number, view in enumerate(views):
            station.see(Observation("s", 2.0 * number, view.width, view.height, view.subject), 2.0 * number)
        faces.enroller.from_observations("t1", station.shots(), at=AT, by="desk", source="camera")

        with reading(venue.database) as connection:
            people = [same_person(connection, "t1"), same_person(connection, "t2")]
        meeting = faces.meet(people)
        answers = [meeting.see(Observation("k", t, 640, 480, views[1].subject), t) for t in (0.0, 0.1, 0.2)]
        assert isinstance(answers[-1], Match)
        assert answers[-1].trainee == "t1"
        for _ in range(5):
            faces.confirmed(meeting, "t1")
        assert faces.gallery.sources("t1") == ["camera", "camera", "live", "live", "live"], "the first few alone"
        faces.expect(meeting, [])
        assert faces.meet([]).see(views[0], 0.0) is not None
        unverified = faces.meet([[replace(row, verified=False) for row in people[0]]])
        seen_by_it = [
            unverified.see(Observation("k", t, 640, 480, views[1].subject), t) for t in (0.0, 0.5, 1.0, 1.5, 2.0, 2.5)
        ]
        assert isinstance(seen_by_it[-1], Unknown), "whose card was not compared is signed in by hand"
        with reading(venue.database) as connection:
            faces.retire(connection, AT.date())
        assert faces.gallery.count() == 1
