"""A furnished venue and an administrator's Chromium: what every test of a console page begins with."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Error, Page

from edge_agent.model.people import Teacher
from edge_agent.store import training
from edge_agent.store.accounts import Role
from tests.venue import at
from tests.web.conftest import House


@pytest.fixture
def venue(house: House) -> House:
    """One class of two trainees with a lesson at eight in room 201; nothing is bound yet. It is ten."""
    run = house.venue.writer.run
    run(lambda tx: training.save_room(tx, "r1", "201", by="test"))
    run(lambda tx: training.save_room(tx, "r2", "实训室", by="test"))
    house.venue.add_class("c1", name="育婴员")
    house.venue.add_trainee("t1", name="王小明", document="370102199001011234")
    house.venue.add_trainee("t2", name="李秀英", document="370102199002022345")
    run(lambda tx: training.save_teachers(tx, [Teacher("l1", "李老师", full_time=True, classes=("c1",))]))
    house.venue.add_lesson("A", "08:00", room="r1", teacher="l1", subject="抚触")
    house.venue.clock.set(at("10:00"))
    return house


def open_page(browser: Browser, house: House, role: Role, name: str = "张主任") -> Iterator[Page]:
    """A page of somebody of this role; a script's error or a refusal by the content policy fails the test."""
    wrong: list[str] = []
    with browser.new_context(
        locale="zh-CN", timezone_id="Asia/Shanghai", base_url=house.url, accept_downloads=True
    ) as context:
        context.add_cookies(house.cookies(house.add_account(role, name=name)))
        page = context.new_page()

        def note(error: Error) -> None:
            wrong.append(str(error))

        def hear(said: ConsoleMessage) -> None:
            if "Content Security Policy" in said.text:
                wrong.append(said.text)

        page.on("pageerror", note)
        page.on("console", hear)
        yield page
    assert wrong == []


@pytest.fixture
def office(browser: Browser, venue: House) -> Iterator[Page]:
    """The administrator's page."""
    yield from open_page(browser, venue, Role.ADMINISTRATOR)


@pytest.fixture
def inspector(browser: Browser, venue: House) -> Iterator[Page]:
    yield from open_page(browser, venue, Role.INSPECTOR, name="王检查员")
