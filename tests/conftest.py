"""Fixtures that start the real servers of `tests/servers.py`, and one that closes what a test opened to look."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Error, Page

from tests.looking import close_looks
from tests.servers import Mosquitto, Postgres, chromium, postgres_cluster


@pytest.fixture(autouse=True)
def _looks() -> Iterator[None]:
    yield
    close_looks()


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Mosquitto]:
    """An MQTT broker that takes anybody."""
    folder = tmp_path / "mosquitto"
    folder.mkdir()
    with Mosquitto(folder) as server:
        yield server


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """One PostgreSQL cluster for the run; tests take `database_url`."""
    with postgres_cluster() as server:
        yield server


@pytest.fixture
def database_url(postgres: Postgres) -> str:
    """A new empty PostgreSQL database."""
    return postgres.create_database()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium. Playwright's loop runs while it is open, so asyncio tests go into another module."""
    with chromium() as browser:
        yield browser


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page of a Chinese browser with storage of its own; an uncaught script error fails the test."""
    errors: list[Error] = []
    with browser.new_context(locale="zh-CN", timezone_id="Asia/Shanghai") as context:
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(error))  # noqa: PLW0108 - playwright marks handlers; builtins refuse
        yield page
    assert not errors
