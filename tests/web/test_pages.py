"""Every page, by every role: what may be seen is seen, whole; what may not is not."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from edge_agent.model.camera import Camera, CameraKind
from edge_agent.model.people import Teacher
from edge_agent.store import cameras, training
from edge_agent.store.accounts import Role
from edge_agent.store.alarms import OpenAlarm, keep_open
from edge_agent.web.tls import Authority, find_names
from tests.venue import DAY, at
from tests.web.conftest import House

NASTY = "<script>alert('名')</script>"
OFFICE = [
    "/console",
    "/console/lessons",
    "/console/lessons/A",
    "/console/tasks",
    "/console/live",
    "/console/live?task=A&state=offline",
    "/console/classes",
    "/console/classes?state=deleted",
    "/console/classes/c1",
    "/console/classes/c1/records",
    "/console/trainees/t1",
    "/console/cameras",
    "/console/cameras/cam1",
    "/console/sync",
    "/console/poster",
    "/console/outage-sheet/A",
    "/inspect",
    "/inspect/c1",
]
OFFICE_ALONE = ["/console/exports", "/console/members", "/console/system", "/console/cameras/bind", "/setup/steps"]
OFFICE_ALONE += ["/console/consent-sheet/c1", "/console/import?kind=timetable"]
STAFF = ["/account", "/teach/lessons/A", "/teach/classes/c1"]
MAY = {
    Role.ADMINISTRATOR: [*OFFICE, *OFFICE_ALONE, *STAFF, "/teach"],
    Role.INSPECTOR: [*OFFICE, *STAFF],
    Role.INSTRUCTOR: [*STAFF, "/teach"],
    Role.TRAINEE: ["/me"],
}
EVERY = sorted({page for pages in MAY.values() for page in pages})


@pytest.fixture
def venue(house: House) -> House:
    """A venue whose names would do harm if they were taken for markup."""
    house.venue.writer.run(lambda tx: training.save_room(tx, "r1", NASTY, by="test"))
    house.venue.add_class(name=NASTY)
    house.venue.add_trainee("t1", name=NASTY, document="370102199001011234")
    house.venue.add_lesson("A", "08:00", room="r1", subject=NASTY, teacher="l1")
    house.venue.writer.run(lambda tx: training.save_teachers(tx, [Teacher("l1", NASTY, full_time=True)]))
    camera = Camera("cam1", NASTY, CameraKind.RTSP, "r1", "rtsp://127.0.0.1/main")
    house.venue.writer.run(lambda tx: cameras.save_camera(tx, camera))
    house.venue.clock.set(at("08:02"))
    return house


@pytest.mark.parametrize("role", MAY)
def test_pages_of_a_role(venue: House, role: Role) -> None:
    account = venue.add_account(role, "370102199001011234", person="370102199001011234", name=NASTY)
    with venue.client(account) as client:
        for page in EVERY:
            answer = client.get(page)
            assert answer.status_code == (200 if page in MAY[role] else 403), page
            assert NASTY not in answer.text, page
            if page in MAY[role]:
                assert "</html>" in answer.text
                assert not re.search(r"(src|href|action)=\"(?:https?:)?//", answer.text), page
                assert not re.search(r"<script(?![^>]*(src=|application/json))|\son\w+=|style=", answer.text), page


def test_nobody_sees_anything_without_logging_in(venue: House) -> None:
    venue.add_account(Role.ADMINISTRATOR)
    with venue.client() as client:
        for page in EVERY:
            answer = client.get(page)
            assert (answer.status_code, answer.headers["location"].split("?")[0]) == (303, "/login"), page


def test_whole_resident_ids_are_on_no_page(venue: House) -> None:
    admin = venue.add_account(Role.ADMINISTRATOR)
    with venue.client(admin) as client:
        for page in MAY[Role.ADMINISTRATOR]:
            assert "370102199001011234" not in client.get(page).text, page


@pytest.mark.parametrize("page", ["/console/lessons/none", "/console/classes/none", "/inspect/none", "/nowhere"])
def test_what_is_not_there(venue: House, page: str) -> None:
    admin = venue.add_account(Role.ADMINISTRATOR)
    with venue.client(admin) as client:
        answer = client.get(page)
    assert (answer.status_code, "找不到" in answer.text) == (404, True)


def test_english_is_the_second_language(venue: House) -> None:
    admin = venue.add_account(Role.ADMINISTRATOR, name="Zhang")
    with venue.client(admin) as client:
        assert client.put("/api/v1/me/language", json={"language": "en"}).status_code == 200
        assert '<html lang="en">' in client.get("/console").text


def test_raised_alarms_are_said_with_what_to_do_in_the_reader_s_language(venue: House) -> None:
    heat = OpenAlarm(
        "heat", "critical", f"处理器温度 83 °C {NASTY}", "The processor is at 83 °C.", "改善通风", "Give it air."
    )
    offline = OpenAlarm("camera:cam1", "warning", "摄像机离线", "offline", "检查", "look")
    admin = venue.add_account(Role.ADMINISTRATOR, name="Zhang")
    with venue.client(admin) as client:
        venue.venue.writer.run(lambda tx: keep_open(tx, [heat, offline]))
        page = client.get("/console").text
        assert "83 °C" in page
        assert "改善通风" in page
        assert NASTY not in page
        assert "摄像机离线" not in page, "today's tasks name the lesson that it concerns"
        client.put("/api/v1/me/language", json={"language": "en"})
        assert "Give it air." in client.get("/console").text
        venue.venue.writer.run(lambda tx: keep_open(tx, []))
        assert "Give it air." not in client.get("/console").text


def test_trust_names_the_fingerprint(venue: House, tmp_path: Path) -> None:
    with venue.client() as client:
        assert client.get("/trust").status_code == 404
        authority = Authority(tmp_path / "tls")
        authority.context(find_names(""), at("08:00", DAY))
        assert authority.fingerprint() in client.get("/trust").text
        assert client.get("/trust/ca.crt").content == authority.certificate_file.read_bytes()


@pytest.mark.parametrize(
    ("wanted", "found"),
    [("王小", True), ("5678", True), ("0000", True), ("370102", False), ("%", False), ("_", False), ("", False)],
)
def test_a_trainee_is_found_by_name_or_the_end_of_a_number(venue: House, wanted: str, *, found: bool) -> None:
    venue.venue.add_trainee("t2", name="王小明", document="370102199001015678", phone="13800000000")
    with venue.client(venue.add_account(Role.ADMINISTRATOR)) as client:
        page = client.get("/console/classes", params={"q": wanted})
        assert page.status_code == 200
        assert ("/console/trainees/t2" in page.text) is found


def test_the_poster_leads_to_the_trainees_page(venue: House) -> None:
    with venue.client(venue.add_account(Role.ADMINISTRATOR)) as client:
        assert "学员端二维码" in client.get("/console/poster").text


def test_the_system_page_names_models_certificates_and_alarms(venue: House, tmp_path: Path) -> None:
    Authority(tmp_path / "tls").context(find_names(""), at("08:00", DAY))
    alarm = OpenAlarm("heat", "warning", "设备过热", "Too hot", "移到通风处", "Move it")
    venue.venue.writer.run(lambda tx: keep_open(tx, [alarm]))
    with venue.client(venue.add_account(Role.ADMINISTRATOR)) as client:
        told = client.get("/console/system").text
    for words in ("设备过热", "本机证书", "有效至", "face_recognition_sface_2021dec.onnx", "签到"):
        assert words in told, words
