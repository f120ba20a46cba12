"""A time without power is on the record after the next boot, and nothing else is taken for one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from edge_agent.clock import SettableClock
from edge_agent.model.kinds.system import ServiceStarted, ServiceStopped
from edge_agent.model.stamp import Trust
from edge_agent.store.database import connect
from edge_agent.store.facts import read_facts
from edge_agent.store.setup import prepare
from edge_agent.store.writer import Writer
from edge_agent.upkeep.power import PowerLog

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


class Device:
    """One device through its boots; `outages` are those on its record."""

    def __init__(self, path: Path) -> None:
        self.path, self.clock = path, SettableClock(NOW)
        prepare(path, self.clock)

    @contextmanager
    def service(self, alive: datetime | None = None) -> Iterator[PowerLog]:
        with closing(Writer(self.path, self.clock)) as writer, closing(connect(self.path)) as reader:
            writer.append(ServiceStarted(service="upkeep", version="1"))
            log = PowerLog(writer, reader, alive)
            log.observe(self.clock.stamp())
            yield log

    def outages(self) -> list[tuple[str, datetime, datetime]]:
        with closing(connect(self.path)) as reader:
            facts = list(read_facts(reader, kinds=("outage.closed",)))
            assert len(list(read_facts(reader, kinds=("outage.opened",)))) == len(facts)
        at = [[datetime.fromisoformat(fact.data[name]) for name in ("start", "end")] for fact in facts]
        return [(fact.data["what"], start, end) for fact, (start, end) in zip(facts, at, strict=True)]


@pytest.fixture
def device(tmp_path: Path) -> Device:
    """A device whose power goes at NOW."""
    device = Device(tmp_path / "edge_agent.db")
    with device.service():
        pass
    return device


def test_a_cut_lasts_from_the_last_fact_to_the_boot(device: Device) -> None:
    device.clock.reboot(off=3600, trust=Trust.SYNCED)
    booted = device.clock.wall - timedelta(seconds=device.clock.boottime())
    with device.service():
        pass
    with device.service():  # a service that is started again in one boot adds nothing
        pass
    assert device.outages() == [("power", NOW, booted)]


def test_what_was_written_in_a_quiet_night_counts_as_life(device: Device) -> None:
    device.clock.reboot(off=36_000, trust=Trust.SYNCED)
    with device.service(alive=NOW + timedelta(hours=9)):
        pass
    [(_, start, _)] = device.outages()
    assert start == NOW + timedelta(hours=9)


def test_an_orderly_stop_is_no_outage(device: Device) -> None:
    with closing(Writer(device.path, device.clock)) as writer:
        writer.append(ServiceStopped(service="upkeep"))
        writer.append(ServiceStopped(service="sync"))
    device.clock.reboot(off=3600, trust=Trust.SYNCED)
    with device.service():
        pass
    assert device.outages() == []


def test_it_waits_until_the_clock_can_be_trusted(device: Device) -> None:
    device.clock.reboot(off=3600, trust=Trust.UNTRUSTED)
    with device.service() as log:
        assert device.outages() == []
        device.clock.trust = Trust.SYNCED
        log.observe(device.clock.stamp())
    assert [what for what, _, _ in device.outages()] == ["power"]


def test_a_boot_without_a_trusted_clock_says_nothing_of_its_end(tmp_path: Path) -> None:
    device = Device(tmp_path / "edge_agent.db")
    with device.service():
        device.clock.trust = Trust.UNTRUSTED
    with closing(Writer(device.path, device.clock)) as writer:
        writer.append(ServiceStarted(service="capture", version="1"))
    device.clock.reboot(off=3600, trust=Trust.SYNCED)
    with device.service():
        pass
    assert device.outages() == []
