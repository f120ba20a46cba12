"""设备管理: the list, one camera's name and room in two windows, the wizard's ways, unbinding."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Dialog, Page, expect

from edge_agent.model.camera import CameraState
from edge_agent.store import cameras
from tests.venue import reading
from tests.web.conftest import House, bind


@pytest.fixture
def bound(venue: House) -> House:
    bind(venue, "cam1", "201 后方", "r1")
    bind(venue, "cam2", "<b>201</b>", "r2", CameraState.REFUSED)
    return venue


def test_the_list_says_how_each_one_is(office: Page, bound: House) -> None:
    office.goto("/console/cameras")
    rows = office.locator("#cameras tbody tr")
    expect(rows.filter(has_text="201 后方")).to_contain_text("在线")
    expect(rows.filter(has_text="<b>201</b>")).to_contain_text("密码错误")
    bound.venue.clock.advance(11)
    bound.venue.writer.run(lambda tx: cameras.set_state(tx, "cam2", CameraState.LOCKED))
    expect(rows.filter(has_text="<b>201</b>")).to_contain_text("被锁定")
    expect(rows.filter(has_text="201 后方")).to_contain_text("离线")


@pytest.mark.usefixtures("bound")
def test_two_windows_on_one_camera(office: Page) -> None:
    other = office.context.new_page()
    for page in (office, other):
        page.goto("/console/cameras/cam1")
    office.get_by_label("设备名称").fill("201 前方")
    office.get_by_role("button", name="保存").click()
    expect(office.get_by_role("heading", name="201 前方")).to_be_visible()
    other.get_by_label("设备名称").fill("201 左侧")
    other.get_by_role("button", name="保存").click()
    expect(other.locator(".wrong").first).to_have_text("设备已被他人修改，请刷新页面后重试")
    other.reload()
    expect(other.get_by_label("设备名称")).to_have_value("201 前方")


@pytest.mark.parametrize(
    ("way", "fields", "sent"),
    [
        ("标签上的序列号和验证码", {"serial": "DS-1", "code": "ABCDEF"}, {"serial": "DS-1", "code": "ABCDEF"}),
        ("RTSP 地址", {"rtsp": "rtsp://127.0.0.1:9/a"}, {"rtsp": "rtsp://127.0.0.1:9/a"}),
        ("CSI 摄像头", {"csi": "1"}, {"csi": 1}),
    ],
)
def test_the_wizard_sends_the_way_that_was_chosen_alone(
    office: Page, way: str, fields: dict[str, str], sent: dict[str, object]
) -> None:
    """A number of a CSI camera that went along with a label's serial made the device look for a CSI camera."""
    office.goto("/console/cameras/bind")
    office.locator("#way").select_option(label=way)
    for name, value in fields.items():
        office.locator(f"#bind [name={name}]").fill(value)
    office.route("**/api/v1/cameras", lambda route: route.abort())
    with office.expect_request("**/api/v1/cameras") as asked:
        office.get_by_role("button", name="绑定并取一张画面").click()
    assert asked.value.post_data_json == {"room": "r1", "name": "", "audio": False} | sent
    expect(office.locator("#bind .wrong")).to_contain_text("设备没有响应")


def test_an_address_where_nothing_answers_is_told(office: Page, venue: House) -> None:
    office.goto("/console/cameras/bind")
    office.locator("#way").select_option(label="RTSP 地址")
    office.locator("#bind [name=rtsp]").fill("rtsp://127.0.0.1:9/a")
    office.get_by_role("button", name="绑定并取一张画面").click()
    expect(office.locator("#bind .wrong")).to_have_text(re.compile("[一-鿿]"), timeout=30_000)
    with reading(venue.venue.database) as connection:
        assert cameras.list_cameras(connection) == []


def test_a_camera_is_unbound_after_a_question(office: Page, bound: House) -> None:
    office.goto("/console/cameras/cam1")
    asked: list[str] = []

    def agree(dialog: Dialog) -> None:
        asked.append(dialog.message)
        dialog.accept()

    office.on("dialog", agree)
    office.get_by_role("button", name="解绑").click()
    expect(office.locator("#cameras")).not_to_contain_text("201 后方")
    assert asked == ["解绑这台设备？已有录像保留。"]
    with reading(bound.venue.database) as connection:
        assert not cameras.get_camera(connection, "cam1").active


@pytest.mark.usefixtures("bound")
def test_an_inspector_looks_and_changes_nothing(inspector: Page) -> None:
    inspector.goto("/console/cameras/cam1")
    expect(inspector.get_by_role("heading", name="201 后方")).to_be_visible()
    expect(inspector.locator("main form")).to_have_count(0)
    assert inspector.goto("/console/cameras/bind").status == 403  # type: ignore[union-attr]  # it answered
