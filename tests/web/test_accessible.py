"""Accessibility: axe-core finds nothing on any page in either language, and Lighthouse gives 95 or more."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright._impl._api_structures import SetCookieParam
from playwright.sync_api import Browser, Page, expect

from edge_agent.faces.answer import Answer, Cause, Guide, Hint, Match, Refused
from edge_agent.store.accounts import Role
from tests.servers import chromium, peers, program
from tests.web.conftest import House
from tests.web.dummy_faces import EVIDENCE
from tests.web.pictures import LANGUAGES, Cookies, appoint, furnish, page_of

CONSOLE = [
    *("/console", "/console/classes", "/console/classes/c1", "/console/trainees/t00", "/console/lessons"),
    *("/console/lessons/A", "/console/tasks", "/console/live", "/console/cameras", "/console/cameras/bind"),
    *("/console/sync", "/console/exports", "/console/members", "/console/system", "/console/import", "/account"),
    *("/teach", "/teach/lessons/B", "/teach/classes/c1", "/station/c1", "/station/c1/paper", "/setup/steps"),
    *("/console/poster", "/console/classes?q=a", "/console/exports?lesson=A", "/console/outage-sheet/A"),
]
PLACES = [
    *((Role.ADMINISTRATOR, path) for path in CONSOLE),
    *((Role.INSPECTOR, path) for path in ("/inspect", "/inspect/c1")),
    *((Role.KIOSK, path) for path in ("/kiosk", "/kiosk/staff", "/login")),
    (Role.TRAINEE, "/me"),
]
STATES: list[tuple[str, Answer]] = [
    ("calm", Guide(visit=101, hint=Hint.CLOSER)),
    ("good", Match(visit=102, trainee="t16", evidence=EVIDENCE)),
    ("bad", Refused(visit=103, cause=Cause.FLAT, evidence=EVIDENCE)),
]
LEAST = 0.95


@pytest.fixture(scope="module")
def house() -> Iterator[tuple[House, Cookies]]:
    with tempfile.TemporaryDirectory() as folder:
        house = House(Path(folder))
        furnish(house)
        house.add_account(Role.INSTRUCTOR, "13900000000", name="赵老师", pin="set")
        yield house, appoint(house)
        house.stop()
        house.venue.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream") as browser:
        yield browser


@pytest.fixture(scope="module")
def axe() -> str:
    return (peers() / "axe-core" / "axe.min.js").read_text()


def findings(page: Page, axe: str) -> list[str]:
    """What axe-core finds wrong, a line each: the rule, the elements, and why."""
    page.evaluate(axe)
    found: list[dict[str, Any]] = page.evaluate("axe.run().then((result) => result.violations)")
    return [f"{each['id']}: {node['html'][:120]} {node['failureSummary']}" for each in found for node in each["nodes"]]


@pytest.mark.parametrize("language", LANGUAGES)
def test_axe_finds_nothing(house: tuple[House, Cookies], browser: Browser, axe: str, language: str) -> None:
    place, cookies = house
    wrong = {}
    for role, path in PLACES:
        with page_of(browser, cookies[role], language, (1280, 800)) as page:
            page.goto(place.url + path)
            if found := findings(page, axe):
                wrong[path] = found
    assert "\n".join(f"{path}: {each}" for path, found in wrong.items() for each in found) == ""


@pytest.mark.parametrize("language", LANGUAGES)
def test_forms_with_errors_and_ticks_are_accessible(
    house: tuple[House, Cookies], browser: Browser, axe: str, language: str
) -> None:
    place, cookies = house
    with page_of(browser, cookies[Role.ADMINISTRATOR], language, (390, 800)) as page:
        page.goto(f"{place.url}/console/classes/c1")
        page.locator("[data-open=new-lesson]").click()
        form = page.locator("dialog[open] form")
        for name, value in {"date": "2024-12-31", "start": "03:00", "teacher": "12"}.items():
            form.locator(f"[name={name}]").fill(value)
        form.locator("button.primary").click()
        expect(form.locator("[name=teacher]")).to_have_attribute("aria-invalid", "true")
        expect(form.locator("label.note.warn")).not_to_have_count(0)
        assert findings(page, axe) == []
        page.keyboard.press("Escape")
        page.locator("[data-open=new-trainee]").click()
        form = page.locator("dialog[open] form")
        form.locator("[name=name]").fill("12")
        form.locator("[name=document]").fill("12")
        form.locator("button.primary").click()
        expect(form.locator("small.bad")).to_have_count(2)
        assert findings(page, axe) == []


@pytest.mark.parametrize("look", [look for look, _ in STATES])
def test_axe_finds_nothing_in_a_state_of_the_kiosk(
    house: tuple[House, Cookies], browser: Browser, axe: str, look: str
) -> None:
    place, cookies = house
    with page_of(browser, cookies[Role.KIOSK], "zh_CN", (1024, 600)) as page:
        page.goto(f"{place.url}/kiosk")
        page.locator(".line").first.wait_for()
        place.faces.say(dict(STATES)[look])
        page.locator(f"[data-look={look}]").wait_for()
        assert findings(page, axe) == []


@pytest.mark.parametrize(
    ("role", "path"),
    [(Role.KIOSK, "/kiosk"), (Role.ADMINISTRATOR, "/console"), (Role.ADMINISTRATOR, "/teach/lessons/B")],
)
def test_lighthouse(house: tuple[House, Cookies], tmp_path: Path, role: Role, path: str) -> None:
    place, cookies = house
    assert score(place.url + path, cookies[role], tmp_path) >= LEAST


def score(url: str, cookies: list[SetCookieParam], folder: Path) -> float:
    """Lighthouse's score for accessibility, of 1."""
    headers = {"Cookie": "; ".join(f"{cookie.get('name')}={cookie.get('value')}" for cookie in cookies)}
    report = folder / "report.json"
    sandbox = " --no-sandbox" if os.geteuid() == 0 else ""
    command = [program("node", package="nodejs"), peers() / "lighthouse" / "cli" / "index.js", url, "--quiet"]
    command += ["--only-categories=accessibility", "--output=json", f"--output-path={report}"]
    command += [f"--extra-headers={json.dumps(headers)}", f"--chrome-flags=--headless=new{sandbox}"]
    chrome = shutil.which("chromium") or program("chromium-browser", package="chromium")
    environment = {**os.environ, "CHROME_PATH": chrome, "LH_ERROR_REPORTING": "0"}
    subprocess.run(
        [*map(str, command), "--disable-storage-reset"],
        cwd=folder,
        env=environment,
        check=True,
        capture_output=True,
        timeout=120,
        stdin=subprocess.DEVNULL,
    )
    told = json.loads(report.read_text())
    assert "runtimeError" not in told, told.get("runtimeError")
    return float(told["categories"]["accessibility"]["score"])
