"""Makes the pictures of the documentation: `python -m tests.web.pictures [NAME...]` writes docs/pictures/*.png.

One made-up morning, told once: what pages show is judged from the same record, so that no two pictures disagree. At
08:43 both cameras of the room lose their power for twelve minutes; of fifteen trainees one comes to the door too late
to sign out. The kiosk's camera shows Chromium's test picture, since no real face may stand there; classrooms are drawn.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from itertools import product
from pathlib import Path

import cv2
import numpy as np
from playwright._impl._api_structures import SetCookieParam
from playwright.sync_api import Browser, Page

from edge_agent.cameras.sources import RtspSource
from edge_agent.capture.live_feeds import LiveFeeds
from edge_agent.capture.live_socket import LiveSocket
from edge_agent.checkin.visit import Visit
from edge_agent.clock import SystemClock
from edge_agent.evidence.verdicts import VerdictKeeper
from edge_agent.faces.answer import Guide, Hint
from edge_agent.furniture.visit import LANGUAGE_COOKIE
from edge_agent.model.camera import Camera, CameraKind, CameraState
from edge_agent.model.kinds.people import ConsentGiven
from edge_agent.model.people import ClassState, Teacher
from edge_agent.simulator import StreamSpec, VirtualCamera
from edge_agent.simulator.picture import Image, animate, background
from edge_agent.simulator.visitor import jpeg
from edge_agent.store import cameras, consents, law, training
from edge_agent.store.accounts import Role
from tests.data import ROOT
from tests.playback.theatre import segment
from tests.servers import chromium, free_port
from tests.venue import DAY, at, policies, reading
from tests.web.conftest import House
from tests.web.evidence import lose, miss, record, take

PICTURES = ROOT / "docs" / "pictures"
NAMES = [
    "王小明",
    "李秀英",
    "张伟",
    "刘洋",
    "陈静",
    "阿依古丽·买买提",
    "周杰",
    "吴磊",
    "徐丽",
    "孙强",
    "胡敏",
    "朱军",
    "高霞",
    "林涛",
    "何芳",
    "郭亮",
    "马超",
    "罗兰",
    "梁红",
    "宋佳",
]
DOOR = {"zh_CN": "t13", "en": "t14"}
"""Who stands before the kiosk at 09:43, in whose picture."""

Cookies = dict[Role, list[SetCookieParam]]
LANGUAGES = ("zh_CN", "en")
SHOTS = (
    ("overview", Role.ADMINISTRATOR, "/console"),
    ("timetable", Role.ADMINISTRATOR, "/console/lessons"),
    ("tasks", Role.ADMINISTRATOR, "/console/tasks"),
    ("class", Role.ADMINISTRATOR, "/console/classes/c1"),
    ("lesson", Role.ADMINISTRATOR, "/console/lessons/A"),
    ("cameras", Role.ADMINISTRATOR, "/console/cameras"),
    ("bind", Role.ADMINISTRATOR, "/console/cameras/bind"),
    ("live", Role.ADMINISTRATOR, "/console/live"),
    ("system", Role.ADMINISTRATOR, "/console/system"),
    ("exports", Role.ADMINISTRATOR, "/console/exports?lesson=A"),
    ("trainee", Role.ADMINISTRATOR, "/console/trainees/t05"),
    ("import", Role.ADMINISTRATOR, "/console/import?kind=timetable"),
    ("teach", Role.INSTRUCTOR, "/teach/lessons/B"),
    ("station", Role.INSTRUCTOR, "/station/c1"),
    ("inspect", Role.INSPECTOR, "/inspect/c1"),
    ("me", Role.TRAINEE, "/me"),
)
OTHERS = ("kiosk-idle", "kiosk-guide", "kiosk-both", "kiosk-offline", "setup", "setup-steps")


def furnish(house: House, door: Callable[[], None] | None = None) -> None:
    """A venue in the middle of its second lesson's sign-in; `door` is what happens at 09:43, at the kiosk's."""
    venue, run = house.venue, house.venue.writer.run
    for room, name in (("r1", "201 教室"), ("r2", "实训室")):
        run(partial(training.save_room, room=room, name=name, by="a"))
    venue.add_class("c1", name="育婴员初级 2024-3 期", required_periods=6)
    venue.add_class("c2", name="中式烹调师中级 2024-1 期", category="中式烹调师")
    soon = DAY + timedelta(5)
    venue.add_class("c3", name="养老护理员初级 2024-5 期", category="养老护理员", state=ClassState.DRAFT, opens=soon)
    for number, name in enumerate(NAMES):
        identifier, document = f"t{number:02}", f"3701021990{number:02}15{number:02}2X"
        venue.add_trainee(identifier, name=name, document=document, verified=number % 4 > 0)
        if number % 5:
            given = ConsentGiven(trainee=identifier, purpose="recognise", text="2025-06", at=at("07:00"))
            run(partial(consents.give, consent=given, by="a"))
    venue.add_trainee("u1", "c2", "赵师傅")
    teachers = [Teacher("l1", "李老师", full_time=True, classes=("c1",)), Teacher("l2", "赵老师", full_time=False)]
    run(partial(training.save_teachers, teachers=teachers))
    venue.add_lesson("A", "08:00", room="r1", subject="婴幼儿辅食制作", teacher="l1")
    venue.add_lesson("B", "09:40", room="r1", subject="抚触与体操", teacher="l1")
    venue.add_lesson("C", "14:00", room="r1", subject="早期教育", teacher="l1")
    venue.add_lesson("D", "10:00", class_id="c2", room="r2", subject="刀工", teacher="l2")
    run(partial(law.register, number="PIA-2024-017", by="a"))
    devices = {"cam1": ("201 后方", "r1"), "cam2": ("201 前方", "r1"), "cam3": ("实训室", "r2")}
    for identifier, (name, room) in devices.items():
        camera = Camera(identifier, name, CameraKind.ONVIF, room, "rtsp://10.0.0.9/1", host=f"10.0.0.{identifier[-1]}")
        run(partial(cameras.save_camera, camera=camera))
    for number in range(15):
        tap(house, f"t{number:02}", at("07:50") + timedelta(seconds=7 * number))
    prove(house)
    for number in range(12):
        tap(house, f"t{number:02}", at("09:36") + timedelta(seconds=6 * number))
    house.venue.clock.set(at("09:43"))
    (door or partial(at_the_door, house))()
    tap(house, "t12", at("09:46"))  # the first lesson's sign-out closed a minute ago
    house.venue.clock.set(at("09:47:30"))
    for identifier in devices:
        state = CameraState.OFFLINE if identifier == "cam3" else CameraState.ONLINE
        run(partial(cameras.set_state, camera=identifier, state=state))
    judge(house)


def at_the_door(house: House) -> None:
    for trainee in DOOR.values():
        tap(house, trainee, house.venue.clock.wall + timedelta(seconds=5))


def prove(house: House) -> None:
    """What the recorder filed: pictures with one missing, recordings with a hole, and the running lesson's so far."""
    rear, front = (classroom(name) for name in ("201 后方", "201 前方"))
    for slot, moment in (
        ("A/p1/opening", "08:03"),
        ("A/p1/middle", "08:22:30"),
        ("A/p1/closing", "08:42"),
        ("A/p2/middle", "09:07:30"),
        ("A/p2/closing", "09:27"),
        ("B/p1/opening", "09:43"),
    ):
        take(house, slot, at(moment), heads=15, content=jpeg(rear))
    miss(house, "A/p2/opening", "unreachable")
    with tempfile.TemporaryDirectory() as folder:
        for camera, image in (("cam1", rear), ("cam2", front)):
            film = segment(Path(folder), picture=jpeg(image))
            for minute in (*range(43), *range(55, 90)):
                record(house, film, at("08:00") + timedelta(minutes=minute), camera=camera)
            for minute in range(7):
                record(house, film, at("09:40") + timedelta(minutes=minute), lesson="B", camera=camera)
            lose(house, at("08:43"), at("08:55"), "unreachable", camera=camera)


def classroom(label: str) -> Image:
    """Fifteen drawn trainees and an instructor; no classroom may be shown where nobody consented."""
    image = background(640, 360, label)
    animate(image, 0, 60, "")
    return image


def judge(house: House) -> None:
    """Verdicts of what is over, as `upkeep` gives them: a lesson a tick."""
    keeper = VerdictKeeper(house.venue.writer, policies)
    with reading(house.venue.database) as connection:
        for _ in range(4):
            keeper.tick(connection, house.venue.clock.stamp())


def tap(house: House, trainee: str, moment: datetime) -> None:
    house.venue.clock.set(moment)
    house.site.desk.tap(trainee, Visit(id=f"{trainee} {moment}", stamp=house.venue.clock.stamp(), method="face"))


def appoint(house: House) -> Cookies:
    """One person of each role; the kiosk is a device."""
    people = {
        Role.ADMINISTRATOR: ("张主任", "13805310001", ""),
        Role.INSTRUCTOR: ("李老师", "13805310002", "l1"),
        Role.INSPECTOR: ("王检查员", "13805310003", ""),
        Role.TRAINEE: ("李秀英", "37010219900115012X", "37010219900115012X"),
    }
    found = {
        role: house.cookies(house.add_account(role, login, name=name, person=person))
        for role, (name, login, person) in people.items()
    }
    return found | {Role.KIOSK: house.kiosk_cookies("r1")}


@contextmanager
def page_of(browser: Browser, cookies: list[SetCookieParam], language: str, size: tuple[int, int]) -> Iterator[Page]:
    with browser.new_context(viewport={"width": size[0], "height": size[1]}, locale="zh-CN") as context:
        context.add_cookies(cookies)
        context.add_cookies([{"name": LANGUAGE_COOKIE, "value": language, "url": str(cookies[0].get("url"))}])
        yield context.new_page()


def save(page: Page, name: str, language: str) -> None:
    """A picture at 60 % and in few colours: a page of documentation is read, not zoomed."""
    encoded = np.frombuffer(page.screenshot(full_page=True), np.uint8)
    shot = np.asarray(cv2.imdecode(encoded, cv2.IMREAD_COLOR), np.uint8)
    small = np.asarray(cv2.resize(shot, None, fx=0.6, fy=0.6, interpolation=cv2.INTER_AREA), np.uint8)
    PICTURES.mkdir(parents=True, exist_ok=True)
    file = PICTURES / f"{name}-{language.split('_', maxsplit=1)[0]}.png"
    cv2.imwrite(str(file), np.bitwise_and(small, np.uint8(0xF8)), [cv2.IMWRITE_PNG_COMPRESSION, 9])


def kiosk(browser: Browser, house: House, cookies: list[SetCookieParam], language: str) -> None:
    with page_of(browser, cookies, language, (1280, 800)) as page:
        page.goto(f"{house.url}/kiosk")
        page.locator(".line").first.wait_for()
        save(page, "kiosk-idle", language)
        house.faces.say(Guide(visit=house.faces.visit(), hint=Hint.CLOSER))
        page.locator("[data-look=calm]").wait_for()
        save(page, "kiosk-guide", language)
        house.faces.match(DOOR[language])
        page.locator("[data-look=good]").wait_for()
        save(page, "kiosk-both", language)
        house.stop()
        page.locator("[data-state=offline]").wait_for()
        save(page, "kiosk-offline", language)
        house.start()


def main(names: list[str]) -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        chromium("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream") as browser,
    ):
        if not names or "setup" in names:
            first_run(browser)
        house = House(Path(folder))

        def kiosks() -> None:
            cookies = house.kiosk_cookies("r1")
            for language in LANGUAGES:
                kiosk(browser, house, cookies, language)

        furnish(house, kiosks if not names or "kiosk" in names else None)
        cookies = appoint(house)
        with on_air(house):
            for (name, role, path), language in product(SHOTS, LANGUAGES):
                if not names or name in names:
                    size = (420, 900) if name == "me" else (1280, 800)
                    with page_of(browser, cookies[role], language, size) as page:
                        page.goto(house.url + path)
                        settle(page)
                        save(page, name, language)
        house.stop()
        house.venue.close()


def settle(page: Page) -> None:
    """Wait until every picture and film shows something, but those of cameras that are offline."""
    page.wait_for_function(
        """() => [...document.querySelectorAll('video')].every((each) => each.hidden || each.readyState >= 2
          || each.closest('figure')?.querySelector('.tag.bad'))"""
    )
    page.wait_for_timeout(800)


@contextmanager
def on_air(house: House) -> Iterator[None]:
    """Both cameras of room 201 on the socket of live pictures, as `capture` has them."""
    spec = StreamSpec(width=640, height=360, fps=10, kbps=400, seconds=10)
    with ExitStack() as ending:
        shown = {}
        for identifier, name in (("cam1", "201 后方"), ("cam2", "201 前方")):
            camera = ending.enter_context(VirtualCamera(main=replace(spec, label=name), sub=replace(spec, label=name)))
            shown[identifier] = Camera(identifier, name, CameraKind.RTSP, "r1", camera.url("main"), camera.url("sub"))
        shown["cam3"] = Camera("cam3", "实训室", CameraKind.RTSP, "r2", f"rtsp://127.0.0.1:{free_port()}/none")
        feeds = LiveFeeds(
            lambda: shown,
            lambda camera, stream: RtspSource(camera.main if stream == "main" else camera.sub or camera.main),
            lambda _camera, _stream: None,
            SystemClock().boottime,
        )
        ending.callback(feeds.close)
        socket = LiveSocket(house.site.live_socket, feeds)
        socket.start()
        ending.callback(socket.close)
        yield


def first_run(browser: Browser) -> None:
    """The wizard: the first administrator, and halfway through what is left."""
    with tempfile.TemporaryDirectory() as folder:
        house = House(Path(folder))
        for language in LANGUAGES:
            nobody: list[SetCookieParam] = [{"name": "unused", "value": "", "url": house.url}]
            with page_of(browser, nobody, language, (1280, 800)) as page:
                page.goto(f"{house.url}/setup")
                save(page, "setup", language)
        cookies = house.cookies(house.add_account(Role.ADMINISTRATOR, "13805310001", name="张主任"))
        house.venue.writer.run(partial(training.save_room, room="r1", name="201 教室", by="a"))
        for language in LANGUAGES:
            with page_of(browser, cookies, language, (1280, 800)) as page:
                page.goto(f"{house.url}/setup/steps")
                save(page, "setup-steps", language)
        house.stop()
        house.venue.close()


if __name__ == "__main__":
    main(sys.argv[1:])
