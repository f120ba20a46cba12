"""Media to a real centre over HTTP: broken connections, killed servers, wrong bytes, other makers' servers."""

from __future__ import annotations

import errno
import os
import resource
import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import requests

from edge_agent.central import registry
from edge_agent.central.app import HttpServer, create_app
from edge_agent.central.centre import Centre, Config
from edge_agent.model.kinds.system import MediaConfirmed
from edge_agent.model.media import Media, MediaKind, UploadPolicy
from edge_agent.serve.agent import Agent, open_agent
from edge_agent.settings import MediaRule, MediaSettings, SyncSettings
from edge_agent.store import media as media_rows
from edge_agent.store import uploads
from edge_agent.store.facts import read_facts
from edge_agent.store.uploads import Wanted
from edge_agent.sync.commands.capture import MediaWishes
from edge_agent.sync.contract.commands import Presigned, SendPresigned
from edge_agent.sync.contract.http import UPLOADS, bearer
from edge_agent.sync.contract.signing import Verifier
from edge_agent.sync.order import ORDER, Order
from edge_agent.sync.throttle import Throttle
from edge_agent.sync.tus import TusClient
from edge_agent.sync.upload import Uploader, describe
from edge_agent.sync.web import LineError
from tests.central.test_uploads import bucket
from tests.servers import TusServer, free_port
from tests.sync.world import NOW, Device, Program, eventually, program

__all__ = ["bucket"]  # a fixture

ALL = [Wanted(kind, all=True) for kind in ORDER]


class Rig:
    """A device with an uploader whose pieces a test can count, delay and break."""

    def __init__(self, agent: Agent, device: Device, http: str, verifier: Verifier, *, uploads: str = UPLOADS) -> None:
        self.agent = agent
        self.reader = agent.connect()
        self.sent = 0
        self.each: Callable[[int], None] = lambda _: None
        self.wanted: Sequence[Wanted] = ALL
        self.client = TusClient(
            http, lambda: bearer(device.signer, device.address, agent.clock.stamp().wall), uploads=uploads
        )
        self.uploader = Uploader(
            device.address,
            verifier,
            self.client,
            writer=agent.writer,
            reader=self.reader,
            files=agent.files,
            choose=lambda _now: self.wanted,
            throttle=self._throttle(),
            stopping=threading.Event(),
        )

    def add(self, data: bytes, kind: MediaKind = MediaKind.SNAPSHOT, *, minutes: int = 0, sha256: str = "") -> str:
        start = NOW + timedelta(minutes=minutes)
        stored = self.agent.files.store(kind, ".jpg", data, start)
        identifier = media_rows.new_media_id()
        media = Media(identifier, kind, stored.path, sha256 or stored.sha256, stored.size, start, start, "L1", "c1")
        self.agent.writer.run(lambda tx: media_rows.add(tx, media))
        return identifier

    def confirm(self, media: Media) -> None:
        self.agent.writer.run(lambda tx: media_rows.confirm(tx, media.id, media.sha256, by="x"))

    def confirmed(self, identifier: str) -> bool:
        media = media_rows.find(self.reader, identifier)
        return media is not None and media.confirmed is not None

    def close(self) -> None:
        self.client.close()
        self.reader.close()

    def _throttle(self) -> Throttle:
        rig = self

        class Counting(Throttle):
            def take(self, size: int) -> None:
                rig.sent += size
                rig.each(rig.sent)

        return Counting(0, self.agent.clock.boottime, threading.Event())


@pytest.fixture
def centre(tmp_path: Path) -> Iterator[Centre]:
    config = Config(
        database=str(tmp_path / "central.db"),
        mqtt="",
        media=str(tmp_path / "kept"),
        keys=tmp_path / "keys",
        spool=tmp_path / "spool",
    )
    centre = Centre(config)
    yield centre
    centre.close()


@pytest.fixture
def device(tmp_path: Path, centre: Centre) -> Device:
    device = Device(tmp_path / "device")
    device.provision(centre.database, tmp_path / "keys", "mqtt://127.0.0.1:1")
    return device


@pytest.fixture
def server(centre: Centre) -> Iterator[str]:
    server = HttpServer(create_app(centre), "127.0.0.1", 0)
    server.start()
    yield f"http://127.0.0.1:{server.port}"
    server.stop()


@pytest.fixture
def rig(device: Device, centre: Centre, server: str) -> Iterator[Rig]:
    with open_agent(device.settings) as agent:
        rig = Rig(agent, device, server, Verifier([centre.signer.public]))
        yield rig
        rig.close()


def _kept(tmp_path: Path) -> list[bytes]:
    return [path.read_bytes() for path in (tmp_path / "kept").rglob("*") if path.is_file()]


def test_a_file_is_confirmed_by_the_centres_signature_and_said_as_a_fact(rig: Rig, tmp_path: Path) -> None:
    picture = rig.add(os.urandom(300_000))
    rig.uploader.step()
    assert rig.confirmed(picture)
    (fact,) = read_facts(rig.reader, kinds=(MediaConfirmed.KIND,))
    assert (fact.data["by"], fact.data["media"]) == ("centre", [picture])
    media = media_rows.find(rig.reader, picture)
    assert media is not None
    assert _kept(tmp_path) == [rig.agent.files.locate(media.path).read_bytes()]
    assert list((tmp_path / "spool").iterdir()) == []


def test_the_most_telling_goes_first_and_only_what_policy_and_hour_allow(rig: Rig) -> None:
    media = MediaSettings(
        recording=MediaRule(upload=UploadPolicy.ALL, min_keep_days=1, keep_days=2),
        clip=MediaRule(upload=UploadPolicy.ON_REQUEST, min_keep_days=1, keep_days=2),
    )
    order = Order(media, SyncSettings(recordings_between="22:00-06:00"), ZoneInfo("Asia/Shanghai"))
    recording = rig.add(b"r", MediaKind.RECORDING)
    card, clip = rig.add(b"k", MediaKind.CARD), rig.add(b"c", MediaKind.CLIP)
    late, early = rig.add(b"2", minutes=5), rig.add(b"1", minutes=1)

    def rest(hour: int) -> list[str]:
        at, found = datetime(2026, 3, 2, hour, tzinfo=ZoneInfo("Asia/Shanghai")).astimezone(UTC), []
        while (upload := uploads.next_upload(rig.reader, order(at), at)) is not None:
            found.append(upload.media.id)
            rig.confirm(upload.media)
        return found

    assert rest(12) == [early, late]
    rig.agent.writer.run(lambda tx: media_rows.request(tx, clip))
    assert rest(12) == [clip]
    assert rest(23) == [recording]
    assert rest(23) == []
    assert not rig.confirmed(card)


def test_what_the_centre_asks_for_goes_before_the_rest_of_the_night(rig: Rig) -> None:
    old, asked = rig.add(b"1", MediaKind.RECORDING, minutes=1), rig.add(b"2", MediaKind.RECORDING, minutes=2)
    rig.agent.writer.run(lambda tx: media_rows.request(tx, asked))
    rig.uploader.step()
    assert (rig.confirmed(old), rig.confirmed(asked)) == (False, True)
    rig.uploader.step()
    assert rig.confirmed(old)


def test_a_recording_stops_at_the_end_of_its_hours_though_another_was_asked_for(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge_agent.sync.upload._YIELD_SECONDS", 0.0)
    recording = rig.add(os.urandom(4_000_000), MediaKind.RECORDING)
    asked = rig.add(b"asked for", MediaKind.RECORDING, minutes=5)

    def morning(sent: int) -> None:
        if sent > 1_000_000:
            rig.wanted = [Wanted(MediaKind.RECORDING, all=False)]
            rig.agent.writer.run(lambda tx: media_rows.request(tx, asked))

    rig.each = morning
    for _ in range(3):
        rig.uploader.step()
    assert (rig.confirmed(recording), rig.confirmed(asked)) == (False, True)
    assert rig.sent < 4_000_000
    rig.wanted, rig.each = ALL, lambda _: None
    rig.uploader.step()
    assert rig.confirmed(recording)


def test_a_pause_noted_under_a_clock_that_was_ahead_is_over_once_it_is_put_right(rig: Rig) -> None:
    wrong = rig.add(b"torn", sha256="0" * 64)
    now = rig.agent.clock.stamp().wall

    def waits(at: datetime) -> bool:
        return uploads.next_upload(rig.reader, ALL, at) is None

    def pause(until: datetime) -> None:
        rig.agent.writer.run(lambda tx: uploads.pause(tx, wrong, sent=0, until=until, error="no"))

    pause(now + uploads.LONGEST_PAUSE)
    assert waits(now)
    assert not waits(now + uploads.LONGEST_PAUSE)
    pause(now + timedelta(days=400))
    assert not waits(now)


def test_a_device_whose_clock_is_wrong_puts_off_everything_and_no_file(rig: Rig, device: Device) -> None:
    pictures = [rig.add(bytes([number]), minutes=number) for number in range(3)]
    right = rig.client._authorize
    rig.client._authorize = lambda: bearer(
        device.signer, device.address, rig.agent.clock.stamp().wall + timedelta(days=400)
    )
    assert rig.uploader.step() > 0
    assert rig.uploader.step() > 0
    assert rig.reader.execute("SELECT count(*) FROM uploads").fetchone()[0] == 0
    rig.client._authorize = right
    for _ in pictures:
        assert rig.uploader.step() == 0
    assert all(rig.confirmed(picture) for picture in pictures)


def test_a_broken_connection_costs_what_was_in_the_air(rig: Rig, tmp_path: Path) -> None:
    data = os.urandom(12_000_000)
    recording = rig.add(data, MediaKind.RECORDING)
    breaks = iter((3_000_000, 7_000_000, 11_000_000))
    due = next(breaks)

    def fail(sent: int) -> None:
        nonlocal due
        if sent > due:
            due = next(breaks, 1 << 60)
            raise LineError("the line is down")

    rig.each = fail
    while not rig.confirmed(recording):
        rig.uploader.step()
    assert due == 1 << 60
    assert _kept(tmp_path) == [data]
    assert rig.sent <= len(data) + 3 * 512 * 1024


def test_something_more_telling_goes_before_the_rest_of_a_long_file(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge_agent.sync.upload._YIELD_SECONDS", 0.0)
    recording, pictures = rig.add(os.urandom(4_000_000), MediaKind.RECORDING), list[str]()

    def arrive(sent: int) -> None:
        if sent > 1_000_000 and not pictures:
            pictures.append(rig.add(b"a picture"))

    rig.each = arrive
    rig.uploader.step()
    rig.uploader.step()
    assert rig.confirmed(pictures[0])
    assert not rig.confirmed(recording)
    rig.uploader.step()
    assert rig.confirmed(recording)


def test_other_bytes_than_announced_are_thrown_away_and_the_file_waits(rig: Rig, tmp_path: Path) -> None:
    wrong, right = rig.add(b"torn", sha256="0" * 64), rig.add(b"whole", minutes=1)
    rig.uploader.step()
    rig.uploader.step()
    assert (rig.confirmed(wrong), rig.confirmed(right)) == (False, True)
    assert _kept(tmp_path) == [b"whole"]
    assert list((tmp_path / "spool").iterdir()) == []
    (error,) = rig.reader.execute("SELECT error FROM uploads WHERE media = ?", (wrong,)).fetchone()
    assert "SHA-256" in error


def test_a_centre_whose_disk_is_full_gets_the_rest_once_it_has_room(rig: Rig, tmp_path: Path) -> None:
    data = os.urandom(5_000_000)
    recording = rig.add(data, MediaKind.RECORDING)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(data) - 1_000_000, hard))
    try:
        pauses = [rig.uploader.step() for _ in range(3)]
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert all(pauses)
    assert not rig.confirmed(recording)
    (failures,) = rig.reader.execute("SELECT failures FROM uploads WHERE media = ?", (recording,)).fetchone()
    assert failures == 0, "it is not the file's fault, so its turn comes with the next attempt"
    held = rig.sent
    assert rig.uploader.step() == 0
    assert rig.confirmed(recording)
    assert _kept(tmp_path) == [data]
    assert rig.sent - held <= 1_500_000, "what was here stayed"


def test_a_media_disk_that_fills_at_the_last_step_costs_no_byte(
    rig: Rig, centre: Centre, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The spool has the whole file, the folder on another disk does not take it."""
    data = os.urandom(300_000)
    picture = rig.add(data)

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(centre.store, "take", full)
        assert rig.uploader.step() > 0
    assert rig.sent == len(data)
    assert rig.uploader.step() == 0
    assert (rig.confirmed(picture), rig.sent) == (True, len(data))
    assert _kept(tmp_path) == [data]


def test_an_upload_that_the_centre_has_forgotten_begins_anew(rig: Rig, centre: Centre) -> None:
    picture = rig.add(os.urandom(900_000))

    def fail(sent: int) -> None:
        if sent > 300_000:
            raise LineError("the line is down")

    rig.each = fail
    rig.uploader.step()
    with centre.database.write() as tx:
        assert tx.run("UPDATE uploads SET expires = 0") == 1
    assert centre.uploads.expire() == 1
    rig.each = lambda _: None
    for _ in range(3):
        rig.uploader.step()
    assert rig.confirmed(picture)


def test_a_confirmation_that_got_lost_is_given_again_without_the_bytes(rig: Rig) -> None:
    picture = rig.add(os.urandom(900_000))
    rig.uploader.step()
    rig.agent.writer.run(lambda tx: tx.execute("UPDATE media SET confirmed = NULL"))
    before = rig.sent
    rig.uploader.step()
    assert rig.confirmed(picture)
    assert rig.sent == before


def test_a_confirmation_by_another_key_confirms_nothing(rig: Rig, device: Device) -> None:
    rig.uploader._verifier = Verifier([device.signer.public])
    picture = rig.add(b"picture")
    rig.uploader.step()
    assert not rig.confirmed(picture)


def test_a_killed_centre_gets_the_rest_from_where_it_stood(tmp_path: Path, device: Device, centre: Centre) -> None:
    port, data = free_port(), os.urandom(40_000_000)
    arguments = ["central", "serve", "--database", str(tmp_path / "central.db"), "--keys", str(tmp_path / "keys")]
    arguments += ["--media", str(tmp_path / "kept"), "--spool", str(tmp_path / "spool"), "--http", str(port)]
    arguments += ["--mqtt", f"mqtt://127.0.0.1:{free_port()}"]
    url = f"http://127.0.0.1:{port}"
    with open_agent(device.settings) as agent:
        rig = Rig(agent, device, url, Verifier([centre.signer.public]))
        recording = rig.add(data, MediaKind.RECORDING)
        kills = [10_000_000, 25_000_000]
        while not rig.confirmed(recording):
            with program(tmp_path / "central.log", *arguments) as running:
                assert eventually(lambda: _answers(url))

                rig.each = partial(_kill, running, kills)
                rig.uploader.step()
        rig.close()
    assert kills == []
    assert _kept(tmp_path) == [data]
    assert rig.sent <= len(data) * (1 + 2 * 0.02)  # two kills


def _kill(running: Program, kills: list[int], sent: int) -> None:
    if kills and sent > kills[0]:
        kills.pop(0)
        running.kill()


def _answers(url: str) -> bool:
    try:
        return requests.options(url + UPLOADS, timeout=1).ok
    except requests.RequestException:
        return False


def test_a_presigned_address_takes_the_file_and_the_centre_confirms_it(bucket: Any, tmp_path: Path) -> None:
    """As the centre commands it: straight into the S3 store, past the centre's own line."""
    keys, spool = tmp_path / "keys", tmp_path / "spool"
    centre = Centre(
        Config(database=str(tmp_path / "central.db"), mqtt="", media="s3://evidence", keys=keys, spool=spool)
    )
    device = Device(tmp_path / "device")
    device.provision(centre.database, keys, "mqtt://127.0.0.1:1")
    server = HttpServer(create_app(centre), "127.0.0.1", 0)
    server.start()
    with centre.database.read() as tx:
        known = registry.find(tx, device.address)
    assert known is not None
    wishes = MediaWishes(lambda _kind: UploadPolicy.ON_REQUEST)
    with open_agent(device.settings) as agent:
        rig = Rig(agent, device, f"http://127.0.0.1:{server.port}", Verifier([centre.signer.public]))
        rig.wanted = [Wanted(MediaKind.RECORDING, all=False)]
        data = os.urandom(300_000)
        recording, other = rig.add(data, MediaKind.RECORDING), rig.add(b"x", MediaKind.RECORDING, minutes=5)
        media = media_rows.find(rig.reader, recording)
        assert media is not None
        signed = centre.uploads.presign(known, describe(media))
        told = SendPresigned(
            uploads=[
                Presigned(media=recording, url=signed.url, headers=dict(signed.headers)),
                Presigned(media=other, url=signed.url.replace("/evidence/", "/no-such-bucket/")),
            ]
        )
        agent.writer.run(lambda tx: wishes.send_presigned(tx, told, "centre"))
        rig.uploader.step()
        assert rig.confirmed(recording)
        (kept,) = bucket.objects.all()
        assert kept.get()["Body"].read() == data
        rig.uploader.step()
        assert not rig.confirmed(other)
        # An address that the store does not take is forgotten: the file goes to the centre itself, after a pause.
        later = uploads.next_upload(rig.reader, rig.wanted, agent.clock.stamp().wall + timedelta(minutes=2))
        assert later is not None
        assert (later.media.id, later.url, later.headers, later.failures) == (other, "", None, 1)
        rig.close()
    server.stop()
    centre.close()


def test_the_server_of_the_tus_project_takes_our_uploads(rig: Rig, tmp_path: Path, device: Device) -> None:
    (tmp_path / "peer").mkdir()
    with TusServer(tmp_path / "peer") as peer:
        base, _, path = peer.url.rpartition("/")
        other = Rig(rig.agent, device, base, Verifier([]), uploads=f"/{path}")
        data = os.urandom(2_000_000)
        picture = other.add(data)

        def fail(sent: int) -> None:
            if 1_000_000 < sent < 1_500_000:
                other.each = lambda _: None
                raise LineError("the line is down")

        other.each = fail
        other.uploader.step()
        other.uploader.step()
        assert data in [path.read_bytes() for path in peer.uploads.iterdir()]
        assert not other.confirmed(picture)  # it has the bytes, and nobody's signature
        other.close()
