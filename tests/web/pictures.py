"""Makes the pictures of the documentation: `python -m tests.web.pictures` writes docs/pictures/*.png.

A made-up venue on a made-up day; the kiosk's camera shows Chromium's test picture, since no real face may stand there.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from playwright._impl._api_structures import SetCookieParam
from playwright.sync_api import Browser, Page

from edge_agent.checkin.visit import Visit
from edge_agent.faces.answer import Guide, Hint
from edge_agent.furniture.visit import LANGUAGE_COOKIE
from edge_agent.model.camera import Camera, CameraKind, CameraState
from edge_agent.model.kinds.people import ConsentGiven
from edge_agent.model.kinds.plan import VerdictGiven
from edge_agent.model.people import ClassState, Teacher
from edge_agent.store import cameras, consents, training, verdicts
from edge_agent.store.accounts import Role
from tests.data import ROOT
from tests.playback.theatre import segment
from tests.servers import chromium
from tests.venue import DAY, at
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
    ("system", Role.ADMINISTRATOR, "/console/system"),
    ("exports", Role.ADMINISTRATOR, "/console/exports?lesson=A"),
    ("trainee", Role.ADMINISTRATOR, "/console/trainees/t05"),
    ("import", Role.ADMINISTRATOR, "/console/import?kind=timetable"),
    ("teach", Role.INSTRUCTOR, "/teach/lessons/B"),
    ("station", Role.INSTRUCTOR, "/station/c1"),
    ("inspect", Role.INSPECTOR, "/inspect/c1"),
    ("me", Role.TRAINEE, "/me"),
)


def furnish(house: House) -> None:
    """A venue in the middle of its second lesson's sign-in."""
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
    taps(house)
    for identifier, room, name, state in (
        ("cam1", "r1", "201 后方", CameraState.ONLINE),
        ("cam2", "r1", "201 前方", CameraState.ONLINE),
        ("cam3", "r2", "实训室", CameraState.OFFLINE),
    ):
        camera = Camera(identifier, name, CameraKind.ONVIF, room, "rtsp://10.0.0.9/1", host=f"10.0.0.{identifier[-1]}")
        run(partial(cameras.save_camera, camera=camera))
        run(partial(cameras.set_state, camera=identifier, state=state))
    prove(house)


def prove(house: House) -> None:
    """The first lesson's evidence: pictures with one missing, a recording with a hole, and so the verdict."""
    for slot, moment in (
        ("p1/opening", "08:03"),
        ("p1/middle", "08:22:30"),
        ("p1/closing", "08:42"),
        ("p2/middle", "09:07:30"),
    ):
        take(house, f"A/{slot}", at(moment), heads=18)
    take(house, "A/p2/closing", at("09:27"), heads=17)
    miss(house, "A/p2/opening", "offline")
    with tempfile.TemporaryDirectory() as folder:
        film = segment(Path(folder))
        for minute in (*range(48), *range(50, 90)):
            record(house, film, at("08:00") + timedelta(minutes=minute))
    lose(house, at("08:48"), at("08:50"), "offline")
    given = VerdictGiven(lesson="A", class_id="c1", verdict="partial", reasons=(), at=at("09:46"))
    house.venue.writer.run(partial(verdicts.give, given=given, policy=""))


def taps(house: House) -> None:
    for number in range(18):
        tap(house, f"t{number:02}", at("07:50") + timedelta(seconds=7 * number))
    for number in range(14):
        tap(house, f"t{number:02}", at("09:36") + timedelta(seconds=6 * number))
    house.venue.clock.set(at("09:47:30"))


def tap(house: House, trainee: str, moment: datetime) -> None:
    house.venue.clock.set(moment)
    house.site.desk.tap(trainee, Visit(id=f"{trainee} {moment}", stamp=house.venue.clock.stamp(), method="face"))


def appoint(house: House) -> Cookies:
    """One person of each role; the kiosk is a device."""
    people = {
        Role.ADMINISTRATOR: ("张主任", ""),
        Role.INSTRUCTOR: ("李老师", "l1"),
        Role.INSPECTOR: ("王检查员", ""),
        Role.TRAINEE: ("李秀英", "37010219900115012X"),
    }
    found = {
        role: house.cookies(house.add_account(role, name=name, person=person))
        for role, (name, person) in people.items()
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
        house.faces.match("t15" if language == "en" else "t16")
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
        house = House(Path(folder))
        furnish(house)
        cookies = appoint(house)
        for language in LANGUAGES:
            for name, role, path in SHOTS:
                if not names or name in names:
                    size = (420, 900) if name == "me" else (1280, 800)
                    with page_of(browser, cookies[role], language, size) as page:
                        page.goto(house.url + path)
                        page.wait_for_timeout(300)
                        save(page, name, language)
            if not names or "kiosk" in names:
                kiosk(browser, house, cookies[Role.KIOSK], language)
        house.stop()
        house.venue.close()


if __name__ == "__main__":
    main(sys.argv[1:])
