"""登记工位 in Chromium, with the real engine and a clip before the camera; and what no page sends."""

from __future__ import annotations

import json
import tempfile
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from edge_agent.faces.answer import LivenessPolicy
from edge_agent.faces.kiosk import KioskFaces
from edge_agent.simulator.visitor import Person, film, read_person
from edge_agent.store import database
from edge_agent.store.accounts import Account, Role
from edge_agent.store.consents import of_trainee
from edge_agent.store.facts import read_facts
from edge_agent.web.guard import COOKIE
from edge_agent.web.line import BAD_MESSAGES
from tests.data import living_clips
from tests.faces.conftest import fetched
from tests.servers import chromium
from tests.venue import RunningClock, at, reading
from tests.web.conftest import House
from tests.web.test_real_faces import PATIENCE, as_camera

NAMES = ("王小明", "李秀英", "张伟", "刘洋", "陈静")


@pytest.fixture(scope="module")
def person() -> Person:
    clips = living_clips()
    if "person_d" not in clips:
        pytest.skip("clips of people are not here: set EDGE_AGENT_TEST_DATA")
    return read_person(clips["person_d"][-1])


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    fetched("opencv")
    with tempfile.TemporaryDirectory() as folder:
        house = House(Path(folder), RunningClock(at("07:50")))
        house.stop()
        venue = house.venue
        venue.add_class()
        for number, name in enumerate(NAMES):
            venue.add_trainee(f"t{number}", name=name, document=f"37010219900101{number}02X")
        venue.add_trainee("t9", name="临时证", document_type="temporary")
        venue.add_lesson("A", "08:00")
        faces = KioskFaces(
            models=Path("models"),
            gallery=Path(folder) / "faces",
            engine="opencv",
            policy=LivenessPolicy.RISK_BASED,
            clock=venue.clock,
            writer=venue.writer,
            connect=lambda: database.connect(venue.database, readonly=True),
            locate=house.site.files.locate,
        )
        faces.engine.wait_ready()
        house.engine = faces
        house.start()
        yield house
        house.stop()
        faces.close()
        venue.close()


@pytest.fixture(scope="module")
def operator(house: House) -> Account:
    return house.add_account(Role.ADMINISTRATOR, name="张主任")


@pytest.fixture(scope="module")
def station(
    house: House, operator: Account, person: Person, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Page]:
    camera = as_camera(film(person.near), tmp_path_factory.mktemp("camera"))
    flags = ("--use-fake-ui-for-media-stream", f"--use-file-for-fake-video-capture={camera}")
    with (
        chromium("--use-fake-device-for-media-stream", *flags) as browser,
        browser.new_context(locale="zh-CN", viewport={"width": 1280, "height": 800}) as context,
    ):
        context.add_cookies(house.cookies(operator))
        page = context.new_page()
        page.goto(f"{house.url}/station/c1")
        yield page


def facts(house: House, trainee: str) -> list[str]:
    with reading(house.venue.database) as connection:
        return [fact.kind for fact in read_facts(connection) if fact.data.get("trainee") == trainee]


def choose(station: Page, name: str) -> None:
    station.get_by_role("button", name=name).first.click()
    expect(station.locator("#who")).to_have_text(name)


def test_from_consent_to_the_first_sign_in(station: Page, house: House) -> None:
    choose(station, "王小明")
    station.get_by_role("button", name="同意并继续").click()
    expect(station.locator("#problem")).to_contain_text("请先勾选")
    expect(station.get_by_role("checkbox", name="同意上传我的打卡照片")).not_to_be_checked()
    station.get_by_role("checkbox", name="同意在本机识别我的人脸").check()
    station.get_by_role("button", name="同意并继续").click()
    station.get_by_role("button", name="已核对，是本人").first.click()
    expect(station.locator("[data-panel=done]")).to_contain_text("签到成功", timeout=PATIENCE)
    expect(station.locator("#done-count")).to_have_text("1")
    assert facts(house, "t0") == [
        *("consent.given", "identity.checked", "template.enrolled", "attendance.signed_in", "template.enrolled"),
    ]
    with reading(house.venue.database) as connection:
        assert set(of_trainee(connection, "t0")) == {"recognise"}
    station.get_by_role("button", name="下一位").first.click()
    expect(station.get_by_role("heading", name="请在左侧选择学员")).to_be_visible()


def test_the_same_face_under_another_name_is_not_signed_in(station: Page, house: House) -> None:
    choose(station, "李秀英")
    station.get_by_role("checkbox", name="同意在本机识别我的人脸").check()
    station.get_by_role("button", name="同意并继续").click()
    station.get_by_role("button", name="已核对，是本人").first.click()
    expect(station.locator("#resembles")).to_contain_text("王小明", timeout=PATIENCE)
    expect(station.locator("[data-panel=by_hand]")).to_be_visible(timeout=PATIENCE)
    assert "attendance.signed_in" not in facts(house, "t1")


def test_without_consent_one_tap_signs_in_by_hand(station: Page, house: House) -> None:
    choose(station, "张伟")
    station.get_by_role("button", name="不同意", exact=True).click()
    expect(station.locator("#hand-text")).to_contain_text("学员不同意人脸识别")
    station.locator("#by-hand-now").click()
    expect(station.locator("#hand-text")).to_have_text("已手动签到")
    assert facts(house, "t2") == ["attendance.signed_in"]


def test_a_temporary_card_is_refused(station: Page) -> None:
    station.get_by_role("button", name="临时证").click()
    expect(station.locator("#problem")).to_contain_text("不接受临时身份证")


def test_paper_consents_in_a_batch(station: Page, house: House) -> None:
    page = station.context.new_page()
    page.goto(f"{house.url}/station/c1/paper")
    page.get_by_role("checkbox", name="刘洋").check()
    page.get_by_role("textbox", name="同意书存放处").fill("档案盒 3")
    page.get_by_role("button", name="登记", exact=True).click()
    page.wait_for_url("**/station/c1")
    with reading(house.venue.database) as connection:
        (consent,) = of_trainee(connection, "t3").values()
    assert (consent.purpose, consent.paper, consent.holds) == ("recognise", "档案盒 3", True)
    page.close()


COVER = """(video) => new Promise((covered) => {
  const canvas = document.createElement('canvas');
  const brush = canvas.getContext('2d');
  video.camera = video.srcObject;
  video.srcObject = canvas.captureStream();
  video.painting = setInterval(() => brush.fillRect(0, 0, canvas.width, canvas.height), 50);
  video.requestVideoFrameCallback(() => covered());
})"""
UNCOVER = "(video) => { clearInterval(video.painting); video.srcObject = video.camera; }"


@contextmanager
def covered(view: Locator) -> Iterator[None]:
    """Put something without a face before the camera."""
    view.evaluate(COVER)
    yield
    view.evaluate(UNCOVER)


def test_the_card_is_compared_with_the_person(station: Page, house: House) -> None:
    """The clip stands for the portrait and for the person; a grey picture, for the side without a face."""
    assert isinstance(house.engine, KioskFaces)
    house.engine.gallery.delete(house.engine.enrolled(), "withdrawn")  # the face is another trainee's in other tests
    choose(station, "陈静")
    station.get_by_role("checkbox", name="同意在本机识别我的人脸").check()
    station.get_by_role("button", name="同意并继续").click()
    station.get_by_text("拍摄证件").click()
    submit, problem = station.get_by_role("button", name="提交比对"), station.locator("#problem")
    station.get_by_label("证件号码").fill("370102199001011118")
    submit.click()
    expect(problem).to_contain_text("请拍下证件的两面")
    station.locator(".shoot[data-side=front]").click()
    station.locator(".shoot[data-side=back]").click()
    submit.click()
    expect(problem).to_contain_text("证件号码与名册不符")
    station.get_by_label("证件号码").fill("37010219900101402x")
    submit.click()
    expect(problem).to_contain_text("背面照片不符")
    with covered(station.locator("#view")):
        station.locator(".shoot[data-side=back]").click()
    submit.click()
    expect(station.locator("[data-panel=done]")).to_be_visible(timeout=PATIENCE)
    with reading(house.venue.database) as connection:
        told = [fact for fact in read_facts(connection) if fact.data.get("trainee") == "t4"]
    (checked,) = (fact.data for fact in told if fact.kind == "identity.checked")
    assert (checked["method"], checked["accepted"]) == ("card", True)
    station.get_by_role("button", name="下一位").first.click()


def line_of(house: House, account: Account | None) -> ClientConnection:
    cookie = {"Cookie": f"{COOKIE}={house.token(account)}"} if account else {}
    return connect(f"{house.url.replace('http', 'ws')}/station/talk", additional_headers=cookie)


class TestTheLine:
    def test_two_stations_and_one_trainee(self, house: House, operator: Account) -> None:
        with line_of(house, operator) as one, line_of(house, operator) as other:
            one.send(json.dumps({"do": "open", "trainee": "t2"}))
            assert json.loads(one.recv(timeout=5))["step"] == "consent"
            other.send(json.dumps({"do": "open", "trainee": "t2"}))
            assert "正在工位" in json.loads(other.recv(timeout=5))["detail"]

    @pytest.mark.parametrize(
        "sent",
        [
            "{}",
            "hello",
            '{"do": "fly"}',
            '{"do": "open"}',
            '{"do": "open", "trainee": "../x y"}',
            '{"do": "card", "front": "%%%", "back": "%%%", "number": "1"}',
            '{"do": "consent", "recognise": true}',
        ],
    )
    def test_nonsense_is_answered(self, house: House, operator: Account, sent: str) -> None:
        with line_of(house, operator) as line:
            line.send(sent)
            assert json.loads(line.recv(timeout=5))["type"] == "problem"

    def test_much_nonsense_closes_it(self, house: House, operator: Account) -> None:
        with line_of(house, operator) as line:
            for _ in range(BAD_MESSAGES):
                line.send("nonsense")
            with pytest.raises(ConnectionClosed):
                deque(line, maxlen=0)

    @pytest.mark.parametrize("role", [Role.TRAINEE, Role.INSPECTOR, None])
    def test_others_get_no_line(self, house: House, role: Role | None) -> None:
        account = house.add_account(role) if role else None
        with line_of(house, account) as line, pytest.raises(ConnectionClosed) as gone:
            line.recv(timeout=5)
        assert gone.value.rcvd is not None
        assert gone.value.rcvd.code == 4403

    def test_where_recognition_ends_the_page_is_told(self, house: House, operator: Account) -> None:
        faces = house.site.faces
        with line_of(house, operator) as line:
            line.send(json.dumps({"do": "open", "trainee": "t2"}))
            line.recv(timeout=5)
            house.site.recognise(None)
            with pytest.raises(ConnectionClosed):
                deque(line, maxlen=0)
        with line_of(house, operator) as line, pytest.raises(ConnectionClosed) as gone:
            line.recv(timeout=5)
        assert gone.value.rcvd is not None
        assert gone.value.rcvd.code == 4404
        house.site.recognise(faces)
