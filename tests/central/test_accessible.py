"""Accessibility: axe-core finds nothing on any page of the centre, in either language, on a desk or on a phone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from edge_agent.central.pages.guard import COOKIE
from edge_agent.central.staff.login import log_in
from edge_agent.furniture.visit import LANGUAGE_COOKIE
from tests.central.city import PASSWORD, City, build
from tests.central.pictures import SHOTS, furnish
from tests.servers import chromium, peers
from tests.web.pictures import LANGUAGES
from tests.web.test_accessible import findings


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    root = tmp_path_factory.mktemp("city")
    made = build(root, str(root / "central.db"))
    yield made
    made.close()


@pytest.fixture(scope="module")
def paths(city: City) -> list[str]:
    sample = furnish(city)
    return [path.format(sample=sample) for path in SHOTS.values()]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("size", [(1280, 800), (390, 844)])
def test_axe_finds_nothing_and_nothing_is_wider_than_the_window(
    city: City, paths: list[str], browser: Browser, language: str, size: tuple[int, int]
) -> None:
    axe = (Path(peers()) / "axe-core" / "axe.min.js").read_text()
    session = log_in(city.centre.database, "admin", PASSWORD, address="", now=city.now)
    wrong = []
    with browser.new_context(viewport={"width": size[0], "height": size[1]}, locale="zh-CN") as context:
        context.add_cookies([{"name": LANGUAGE_COOKIE, "value": language, "url": city.url}])
        page = context.new_page()
        page.goto(f"{city.url}/login")
        wrong += [f"/login: {each}" for each in findings(page, axe)]
        context.add_cookies([{"name": COOKIE, "value": session, "url": city.url}])
        for path in (*paths, "/password", "/nowhere"):
            page.goto(city.url + path)
            wrong += [f"{path}: {each}" for each in findings(page, axe)]
            if (width := page.evaluate("document.documentElement.scrollWidth")) > size[0]:
                wrong.append(f"{path}: {width} pixels wide")
    assert "\n".join(wrong) == ""
