"""登记工位 end to end, with the real engine: consent, card, photos, the first sign-in, and every way out of it."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from edge_agent.checkin.desk import Desk
from edge_agent.checkin.station import Stations, StationVisit, Told
from edge_agent.checkin.visit import Said
from edge_agent.errors import ConflictError, ForbiddenError, InputError, NotFoundError
from edge_agent.faces.answer import Hint
from edge_agent.faces.face import Observation, Picture
from edge_agent.faces.kiosk import KioskFaces
from edge_agent.faces.station import VISIT_SECONDS, Step, Why
from edge_agent.model.kinds.people import ConsentWithdrawn
from edge_agent.store.consents import take_paper_consents, withdraw
from edge_agent.store.database import connect
from edge_agent.store.training import get_trainee
from tests.faces.conftest import astronaut_portrait, id_card, jpeg, near, on_wall, seen, unit
from tests.faces.handle import open_faces
from tests.venue import Venue, at, policies, reading

NUMBER = "11010519491231002X"


@pytest.fixture
def faces(venue: Venue, tmp_path: Path) -> Iterator[KioskFaces]:
    with open_faces(venue, tmp_path) as opened:
        yield opened


@pytest.fixture
def stations(venue: Venue, desk: Desk, faces: KioskFaces) -> Stations:
    venue.add_class()
    venue.add_trainee("t1", document=NUMBER)
    venue.add_trainee("t2")
    venue.add_trainee("t3", document_type="temporary")
    venue.add_lesson("A", "08:00")
    venue.clock.set(at("07:50"))
    return Stations(
        faces, desk, venue.writer, lambda: connect(venue.database, readonly=True), clock=venue.clock, policies=policies
    )


@pytest.fixture(scope="module")
def portrait() -> Picture:
    return astronaut_portrait()


@pytest.fixture
def look(faces: KioskFaces, portrait: Picture) -> Observation:
    """The person before the station's camera."""
    return faces.engine.ask(jpeg(on_wall(portrait, side=400, left=100)))


def begin(stations: Stations, trainee: str = "t1", station: str = "s1") -> StationVisit:
    return stations.open(trainee, room="", station=station, by="op")


def watch(visit: StationVisit, venue: Venue, observation: Observation, seconds: float = 4.0) -> Told:
    """Let the camera see the same for a while, five times a second."""
    told = visit.told()
    for _ in range(round(seconds * 5)):
        venue.clock.advance(0.2)
        told = visit.see(Observation("s", venue.clock.boottime(), 640, 480, observation.subject))
    return told


def test_from_consent_to_the_first_sign_in_in_one_visit(
    stations: Stations, venue: Venue, faces: KioskFaces, portrait: Picture, look: Observation
) -> None:
    began = venue.clock.boottime()
    visit = begin(stations)
    assert watch(visit, venue, look, 1.0).step is Step.CONSENT, "no picture is kept before the consent"
    assert visit.told().photos == 0
    assert visit.consent(given=True, text="2025-06").step is Step.CARD
    assert visit.card(*id_card(portrait), number=NUMBER.lower()).step is Step.PHOTOS
    told = watch(visit, venue, look)
    assert (told.step, told.photos, told.identity, told.cause) == (Step.DONE, 2, "card", None)
    assert [reply.said for reply in told.replies] == [Said.SIGNED_IN]
    assert venue.clock.boottime() - began < VISIT_SECONDS
    assert faces.gallery.sources("t1") == ["camera", "camera", "live"]
    with reading(venue.database) as connection:
        assert get_trainee(connection, "t1").verified
    (signed,) = venue.facts("attendance.signed_in")
    assert (signed["method"], signed["kiosk"]) == ("face", "s1")
    assert [venue.facts(kind)[0]["trainee"] for kind in ("consent.given", "identity.checked")] == ["t1", "t1"]
    visit.close()


def test_without_consent_nothing_of_the_face_is_kept(
    stations: Stations, venue: Venue, faces: KioskFaces, look: Observation
) -> None:
    visit = begin(stations)
    told = visit.consent(given=False, text="2025-06")
    assert (told.step, told.cause) == (Step.BY_HAND, Why.NO_CONSENT)
    assert watch(visit, venue, look, 2.0).photos == 0
    assert faces.gallery.count() == 0
    assert venue.facts("consent.given") == []
    with pytest.raises(ForbiddenError):
        visit.card(b"", b"", number=NUMBER)


def test_another_number_or_bad_pictures_leave_the_step_as_it_is(
    stations: Stations, venue: Venue, portrait: Picture
) -> None:
    front, back = id_card(portrait)
    visit = begin(stations)
    visit.consent(given=True, text="2025-06")
    for pictures, number, reason in [
        ((front, back), "110105194912310011", "number: not the roster's"),
        ((back, back), NUMBER, "portrait.*: No face"),
        ((front, front), NUMBER, "back of the card shows a face"),
        ((front, b"text"), NUMBER, "not a picture"),
    ]:
        with pytest.raises(InputError, match=reason):
            visit.card(*pictures, number=number)
    assert visit.told().step is Step.CARD
    assert venue.facts("identity.checked") == []


def test_a_portrait_that_is_not_alike_is_compared_by_a_person(
    stations: Stations, venue: Venue, faces: KioskFaces, portrait: Picture, look: Observation
) -> None:
    """Manual review, both ways: the template is made only after somebody has looked."""
    other = seen(unit(7), face=look.subject.face if look.subject else None)
    visit = begin(stations)
    visit.consent(given=True, text="2025-06")
    visit.card(*id_card(portrait), number=NUMBER)
    told = watch(visit, venue, other, 2.0)
    assert (told.step, told.identity) == (Step.REVIEW, "")
    assert faces.gallery.count() == 0
    venue.clock.advance(VISIT_SECONDS)
    assert visit.told().step is Step.REVIEW, "the operator's time"
    with pytest.raises(InputError, match=r"reason: .*empty"):
        visit.review(accepted=False, reason=" ")
    told = visit.review(accepted=False, reason="不是同一人")
    assert (told.step, told.identity, told.cause) == (Step.BY_HAND, "refused", Why.OTHER_PERSON)
    assert faces.gallery.count() == 0

    again = begin(stations)
    assert again.told().step is Step.CARD, "the consent is on the record"
    again.card(*id_card(portrait), number=NUMBER)
    assert watch(again, venue, other, 2.0).step is Step.REVIEW
    assert again.review(accepted=True, reason="本人，发型改变").identity == "manual"
    assert faces.gallery.sources("t1") == ["camera", "camera"]
    assert [(each["method"], each["accepted"]) for each in venue.facts("identity.checked")] == [
        ("card", False),
        ("manual", False),
        ("card", False),
        ("manual", True),
    ]


def test_the_operator_may_compare_the_card_at_once(stations: Stations, venue: Venue, look: Observation) -> None:
    visit = begin(stations)
    visit.consent(given=True, text="2025-06")
    assert visit.review(accepted=True, reason="证件与本人相符").step is Step.PHOTOS
    assert watch(visit, venue, look).step is Step.DONE
    assert begin(stations).told().step is Step.PHOTOS, "consent and card are on the record"


def test_whoever_is_late_is_signed_in_by_hand(stations: Stations, venue: Venue, look: Observation) -> None:
    visit = begin(stations)
    visit.consent(given=True, text="2025-06")
    venue.clock.advance(VISIT_SECONDS + 0.1)
    assert (visit.told().step, visit.told().cause) == (Step.BY_HAND, Why.LATE)
    assert watch(visit, venue, look, 1.0).photos == 0
    other = begin(stations, "t2")
    assert other.by_hand().cause is Why.ASKED


def test_somebody_else_before_the_camera_is_not_signed_in(
    stations: Stations, venue: Venue, faces: KioskFaces, look: Observation
) -> None:
    """The photos are taken of one person, and another one steps up for the sign-in."""
    visit = begin(stations)
    visit.consent(given=True, text="2025-06")
    visit.review(accepted=True, reason="本人")
    face = look.subject.face if look.subject else None
    for number in range(2):
        venue.clock.advance(1.1)
        visit.see(seen(near(unit(3), number, 0.2), at=venue.clock.boottime(), face=face))
    assert visit.told().step is Step.SIGN_IN
    told = watch(visit, venue, look)
    assert (told.step, told.cause) == (Step.BY_HAND, Why.UNSURE)
    assert venue.facts("attendance.signed_in") == []
    assert faces.gallery.sources("t1") == ["camera", "camera"]


def test_a_double_is_told_and_two_people_on_the_photos_are_refused(
    stations: Stations, venue: Venue, faces: KioskFaces, look: Observation
) -> None:
    first = begin(stations)
    first.consent(given=True, text="2025-06")
    first.review(accepted=True, reason="本人")
    assert watch(first, venue, look).step is Step.DONE
    twin = begin(stations, "t2")
    twin.consent(given=True, text="2025-06")
    twin.review(accepted=True, reason="本人")
    told = watch(twin, venue, look)
    assert (told.step, told.cause, told.resembles) == (Step.BY_HAND, Why.RESEMBLES, "t1")

    faces.gallery.delete(["t1", "t2"], "left")
    again = begin(stations)
    face = look.subject.face if look.subject else None
    for number in range(2):
        venue.clock.advance(1.1)
        told = again.see(seen(unit(number + 20), at=venue.clock.boottime(), face=face))
    assert (told.step, told.cause) == (Step.BY_HAND, Why.PHOTOS)
    assert faces.gallery.count() == 0


def test_of_two_names_for_one_face_the_nearer_is_not_signed_in(
    stations: Stations, venue: Venue, look: Observation
) -> None:
    """Its own photos, taken a moment ago, are always a little nearer."""
    assert look.subject is not None
    face, person = look.subject.face, unit(5)
    for trainee, spread in (("t1", 0.9), ("t2", 0.3)):
        visit = begin(stations, trainee)
        visit.consent(given=True, text="2025-06")
        visit.review(accepted=True, reason="本人")
        told = watch(visit, venue, seen(near(person, 7 if trainee == "t1" else 8, spread), face=face))
    assert (told.step, told.cause, told.resembles) == (Step.BY_HAND, Why.RESEMBLES, "t1")
    assert [fact["trainee"] for fact in venue.facts("attendance.signed_in")] == ["t1"]


def test_a_consent_withdrawn_meanwhile_stops_the_template(
    stations: Stations, venue: Venue, faces: KioskFaces, look: Observation
) -> None:
    visit = begin(stations)
    visit.consent(given=True, text="2025-06")
    visit.review(accepted=True, reason="本人")
    gone = ConsentWithdrawn(trainee="t1", purpose="recognise", at=venue.clock.stamp().wall)
    venue.writer.run(lambda tx: withdraw(tx, gone, by="t1"))
    assert watch(visit, venue, look).cause is Why.PHOTOS
    assert faces.gallery.count() == 0


def test_who_may_not_begin(stations: Stations, venue: Venue) -> None:
    with pytest.raises(InputError, match="temporary"):
        begin(stations, "t3")
    with pytest.raises(NotFoundError):
        begin(stations, "nobody")
    first = begin(stations)
    with pytest.raises(ConflictError, match="station s1"):
        begin(stations, station="s2")
    first.close()
    second = begin(stations, station="s2")
    venue.clock.advance(VISIT_SECONDS + 1)
    assert begin(stations, station="s3").told().step is Step.CONSENT, "a page that went away blocks nobody"
    assert second.told().step is Step.BY_HAND


def test_outside_the_windows_the_desk_says_so(stations: Stations, venue: Venue, look: Observation) -> None:
    venue.clock.set(at("06:00"))
    visit = begin(stations)
    visit.consent(given=True, text="2025-06")
    visit.review(accepted=True, reason="本人")
    told = watch(visit, venue, look)
    assert told.step is Step.DONE
    assert [reply.said for reply in told.replies] == [Said.OUTSIDE]


def test_several_stations_at_once_after_a_batch_of_sheets(
    stations: Stations, venue: Venue, faces: KioskFaces, portrait: Picture
) -> None:
    """Four people at four stations, consents on paper; each with a face of their own and the engine shared."""
    people = [venue.add_trainee(f"p{number}") for number in range(4)]
    venue.writer.run(
        lambda tx: take_paper_consents(tx, people, text="2025-06", paper="档案盒 1", at=tx.stamp.wall, by="op")
    )
    face = faces.engine.ask(jpeg(on_wall(portrait, side=400, left=100))).subject
    assert face is not None

    def enrol(number: int) -> Told:
        visit = begin(stations, people[number], f"s{number}")
        assert visit.told().step is Step.CARD
        visit.review(accepted=True, reason="本人")
        told = visit.told()
        for shot in range(12):
            looks = near(unit(100 + number), shot, 0.2)
            start = venue.clock.boottime()
            while venue.clock.boottime() < start + 0.2:
                venue.clock.advance(0.05)
            told = visit.see(seen(looks, at=venue.clock.boottime(), face=face.face))
        visit.close()
        return told

    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(enrol, range(4)))
    assert [told.step for told in done] == [Step.DONE] * 4
    assert len(venue.facts("attendance.signed_in")) == 4
    assert faces.gallery.count() == 4


def test_a_frame_of_a_wall_gets_guidance(stations: Stations, faces: KioskFaces) -> None:
    visit = begin(stations)
    visit.consent(given=True, text="2025-06")
    visit.review(accepted=True, reason="本人")
    assert visit.see(faces.engine.ask(jpeg(np.full((480, 640, 3), 120, np.uint8)))).hint is Hint.NOBODY
