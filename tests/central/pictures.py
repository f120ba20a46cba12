"""Makes the pictures of docs/central.md: `python -m tests.central.pictures [NAME...]` writes central-*.png."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser

from edge_agent.central.pages.guard import COOKIE
from edge_agent.central.staff.accounts import Scope
from edge_agent.central.staff.login import log_in
from edge_agent.central.work import inspections, sampling
from edge_agent.central.work.notices import Folder, Messenger
from edge_agent.central.work.quarter import quarter_of
from edge_agent.furniture.visit import LANGUAGE_COOKIE
from tests.central.city import PASSWORD, City, build
from tests.central.place import DAY
from tests.servers import chromium
from tests.web.pictures import LANGUAGES, save

SHOTS = {
    "overview": "/",
    "venues": "/venues",
    "venue": "/venues/2",
    "lessons": "/lessons",
    "lesson": "/venues/2/lessons/A",
    "snapshots": "/snapshots",
    "classes": "/classes",
    "class": "/venues/1/classes/c1",
    "approval": "/venues/2/classes/c2",
    "duplicates": "/duplicates",
    "import": "/venues/1/import",
    "samples": "/samples",
    "sample": "/samples/{sample}",
    "commands": "/commands",
    "media": "/media",
    "messages": "/messages",
    "authority": "/authority",
    "tenants": "/tenants",
    "users": "/users",
    "record": "/record",
}


def furnish(city: City) -> str:
    """People, messages, a sample; give the sample's id."""
    for login, name in (("admin", "市中心 张主任"), ("lixia", "历下区 王检查员")):
        city.person(login, name=name, scope=None if login == "admin" else Scope("district", "历下区"))
    Messenger(city.centre.database, city.clock, Folder(city.root / "messages")).step()
    with city.centre.database.write() as tx:
        made = sampling.make_sample(
            tx,
            city.centre.signer,
            scope=Scope(),
            quarter=quarter_of(DAY),
            subject="class",
            rate=0.3,
            by="admin",
            now=city.now,
        )
        found = sampling.get_sample(tx, Scope(), made)
        note = "到场 12 人，与签到一致。"
        inspections.tick(tx, city.centre.signer, found, 1, outcome="good", note=note, by="lixia", now=city.now)
    return made


def main(names: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        city = build(Path(folder), str(Path(folder) / "central.db"))
        sample = furnish(city)
        wanted = names or list(SHOTS)
        paths = {name: SHOTS[name].format(sample=sample) for name in wanted}
        for language in LANGUAGES:
            shoot(browser, city, city.url, language, paths)
        city.close()


def shoot(browser: Browser, city: City, url: str, language: str, paths: dict[str, str]) -> None:
    token = log_in(city.centre.database, "admin", PASSWORD, address="", now=city.now)
    with browser.new_context(viewport={"width": 1280, "height": 800}, locale="zh-CN") as context:
        context.add_cookies([{"name": COOKIE, "value": token, "url": url}])
        context.add_cookies([{"name": LANGUAGE_COOKIE, "value": language, "url": url}])
        page = context.new_page()
        for name, path in paths.items():
            page.goto(url + path)
            page.wait_for_timeout(200)
            save(page, f"central-{name}", language)


if __name__ == "__main__":
    main(sys.argv[1:])
