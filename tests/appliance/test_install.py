"""Install, upgrade, go back, uninstall: with real files, real environments and real processes in a root folder."""

from __future__ import annotations

import fcntl
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace as replace_fields
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from edge_agent.appliance.host import SERVICES
from edge_agent.appliance.install import install, uninstall
from edge_agent.appliance.layout import Layout
from edge_agent.appliance.release import current
from edge_agent.appliance.source import Source
from edge_agent.appliance.talk import RefusalError
from tests.appliance.conftest import replace
from tests.appliance.manager import ServiceManager
from tests.venue import ZONE, Venue

MakeSource = Callable[..., Source]
UPKEEP = "edge-agent-upkeep.service"


def breaks(folder: Path) -> None:
    replace(folder / "edge_agent/serve/tick.py", "        self._notifier.ready()", '        raise SystemExit("broken")')


def migrates(folder: Path) -> None:
    with (folder / "edge_agent/store/schema.py").open("a") as schema:
        schema.write('MIGRATIONS = (*MIGRATIONS, lambda tables: _run(tables, "CREATE TABLE later(x)"))\n')
        schema.write("VERSION = len(MIGRATIONS)\n")


def ask(database: Path, sql: str) -> int:
    with closing(sqlite3.connect(database)) as connection:
        return int(connection.execute(sql).fetchone()[0])


@contextmanager
def _working(layout: Layout) -> Iterator[None]:
    """Hold the lock that another installation holds while it works."""
    with layout.lock.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def test_installs_once_refuses_without_a_trace_and_leaves_the_evidence(
    make_source: MakeSource, layout: Layout, manager: ServiceManager
) -> None:
    source = make_source("1.0.0")
    torn = layout.versions / source.release / "bin" / "edge-agent"
    torn.parent.mkdir(parents=True)
    torn.write_text("what an installation left that lost its power")
    first = install(source, layout, manager)
    assert current(layout) == first
    assert manager.fault() == ""
    pids, before = manager.pids(), layout.config.read_text()
    assert set(pids) == set(SERVICES)

    assert install(source, layout, manager) == first
    assert manager.pids() == pids
    assert ask(layout.database, "SELECT count(*) FROM facts WHERE kind = 'epoch.started'") == 1

    wrong = layout.root / "wrong.toml"
    wrong.write_text("[store]\ndata_dri = '/x'\n")
    with pytest.raises(RefusalError, match="did you mean data_dir"):
        install(source, layout, manager, wrong)
    with _working(layout), pytest.raises(RefusalError, match="Another installation"):
        uninstall(layout, manager)
    assert (manager.pids(), layout.config.read_text()) == (pids, before)
    assert not layout.config.with_suffix(".new").exists()

    facts = ask(layout.database, "SELECT count(*) FROM facts")
    uninstall(layout, manager)
    assert not layout.home.exists()
    assert not manager.units
    assert [path for path in layout.root.rglob("edge-*") if path.suffix in {".service", ".target", ".conf", ""}] == []
    assert layout.config.exists()
    assert ask(layout.database, "SELECT count(*) FROM facts") >= facts
    with pytest.raises(RefusalError, match="not installed"):
        uninstall(layout, manager)


def test_an_upgrade_waits_for_the_end_of_the_lesson(
    make_source: MakeSource, layout: Layout, manager: ServiceManager, capsys: pytest.CaptureFixture[str]
) -> None:
    manager.services = (UPKEEP,)  # one is enough here
    old = install(make_source("1.0.0"), layout, manager)
    start = datetime.now(ZONE).replace(microsecond=0) - timedelta(minutes=5)
    venue = Venue(layout.database.parent, start)
    venue.add_class(opens=start.date())
    lesson = venue.add_lesson(start=start.time().isoformat(), date=start.date())
    pauses: list[float] = []

    def pause(seconds: float) -> None:
        assert current(layout) == old
        assert manager.fault() == ""
        pauses.append(seconds)
        venue.save_lesson(replace_fields(lesson, cancelled=True, cancel_reason="停电"))

    new = install(make_source("1.1.0"), layout, manager, pause=pause)
    assert pauses == [30]
    assert "waiting for the end of the lesson" in capsys.readouterr().out
    assert current(layout) == new
    assert manager.fault() == ""
    assert {path.name for path in layout.versions.iterdir()} == {old.folder.name, new.folder.name}


def test_a_release_that_is_not_healthy_gives_way_to_the_one_before(
    make_source: MakeSource, layout: Layout, manager: ServiceManager
) -> None:
    manager.services = (UPKEEP,)  # one is enough here
    old = install(make_source("1.0.0"), layout, manager)
    schema = ask(layout.database, "PRAGMA user_version")
    facts = ask(layout.database, "SELECT count(*) FROM facts")
    with pytest.raises(RefusalError, match=r"1\.0\.0.* runs again"):
        install(make_source("1.2.0", breaks, migrates), layout, manager)
    assert current(layout) == old
    assert manager.fault() == ""
    assert ask(layout.database, "PRAGMA user_version") == schema
    assert ask(layout.database, "SELECT count(*) FROM facts") >= facts
    refused = layout.database.with_name("edge_agent.db.refused")
    assert ask(refused, "PRAGMA user_version") == schema + 1
    assert not layout.database.with_name("edge_agent.db.before-upgrade").exists()


def test_without_network_nothing_is_left_and_the_bundle_is_named(
    make_source: MakeSource, layout: Layout, manager: ServiceManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = make_source("1.0.0")
    fetching = Source(layout.root / "checkout")
    shutil.copytree(source.folder, fetching.folder, ignore=shutil.ignore_patterns("wheels"))
    with monkeypatch.context() as offline:
        offline.delenv("PYTHONPATH")  # what the tests have installed would do
        for name, value in {"INDEX_URL": "http://127.0.0.1:9/simple", "RETRIES": "0", "NO_CACHE_DIR": "1"}.items():
            offline.setenv(f"PIP_{name}", value)
        with pytest.raises(RefusalError, match="--offline"):
            install(fetching, layout, manager)
    assert list(layout.versions.iterdir()) == []
    assert not layout.current.exists()
    assert install(source, layout, manager) == current(layout), "with a bundle it goes"


def test_a_clock_in_1970_is_said_before_any_certificate_is_refused(
    layout: Layout, manager: ServiceManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetching = Source(layout.root / "checkout")
    monkeypatch.setattr("edge_agent.appliance.install.time.time", lambda: 3600.0)
    with pytest.raises(RefusalError, match="系统时间不对"):
        install(fetching, layout, manager)
    assert not layout.home.exists()


def test_a_disk_that_takes_nothing_is_named(make_source: MakeSource, layout: Layout, manager: ServiceManager) -> None:
    layout.home.parent.mkdir(parents=True, exist_ok=True)
    layout.home.write_text("a file where the folder should be: what a read-only disk is to whoever runs as root here")
    with pytest.raises(RefusalError, match="can't be written"):
        install(make_source("1.0.0"), layout, manager)
    assert manager.units == {}


def test_no_room_is_said_before_anything_is_done(
    make_source: MakeSource, layout: Layout, manager: ServiceManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge_agent.appliance.release.SPACE", 1 << 60)
    with pytest.raises(RefusalError, match="Not enough disk space"):
        install(make_source("1.0.0"), layout, manager)
    assert current(layout) is None
    assert not manager.units
