"""The centre's side of uploads: requests as any client may make them, the client of the tus project, an S3 store."""

from __future__ import annotations

import hashlib
import json
import os
import resource
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import msgspec
import pytest
import requests
from moto.server import ThreadedMotoServer

from edge_agent.central import registry
from edge_agent.central.app import HttpServer, create_app
from edge_agent.central.centre import Centre, Config
from edge_agent.furniture.shield import LARGEST_BODY
from edge_agent.model.media import MediaKind
from edge_agent.sync.contract.codes import Code
from edge_agent.sync.contract.http import (
    CERTIFICATE,
    CODE_HEADER,
    CONFIRMATION_HEADER,
    CONFIRMATIONS,
    OFFSET_STREAM,
    UPLOADS,
    UploadMetadata,
    bearer,
    encode_metadata,
    from_header,
)
from edge_agent.sync.contract.messages import Confirmation
from edge_agent.sync.contract.signing import Purpose, Signed, Verifier, decode
from tests.servers import PEERS, peers, program
from tests.sync.world import NOW, Device


class Site:
    """A centre on a free port, an agent of it, and requests in that agent's name."""

    def __init__(self, root: Path, media: str) -> None:
        self.root = root
        config = Config(str(root / "central.db"), "", media, keys=root / "keys", spool=root / "spool")
        self.centre = Centre(config)
        self.device = Device(root / "device")
        self.device.provision(self.centre.database, root / "keys", "mqtt://127.0.0.1:1")
        self.server = HttpServer(create_app(self.centre), "127.0.0.1", 0)
        self.server.start()
        self.url = f"http://127.0.0.1:{self.server.port}"

    def token(self, *, device: Device | None = None) -> str:
        who = device or self.device
        return bearer(who.signer, who.address, self.centre.clock.stamp().wall)

    def ask(self, method: str, path: str, data: bytes = b"", **headers: str) -> requests.Response:
        sent = {
            "Authorization": self.token(),
            "Tus-Resumable": "1.0.0",
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        return requests.request(method, self.url + path, data=data, headers=sent, timeout=10)

    def begin(self, data: bytes, **changes: Any) -> requests.Response:
        metadata = msgspec.structs.replace(describe(data), **changes)
        return self.ask("POST", UPLOADS, Upload_Length=str(len(data)), Upload_Metadata=encode_metadata(metadata))

    def patch(self, location: str, data: bytes, offset: int) -> requests.Response:
        return self.ask("PATCH", location, data, Upload_Offset=str(offset), Content_Type=OFFSET_STREAM)

    def opened(self, value: str) -> Confirmation:
        signed = from_header(value)
        Verifier([self.centre.signer.public]).verify(Purpose.CONFIRMATION, signed)
        return decode(signed.payload, Confirmation)

    def close(self) -> None:
        self.server.stop()
        self.centre.close()


def describe(data: bytes) -> UploadMetadata:
    return UploadMetadata(
        media=f"m-{len(data)}",
        kind=MediaKind.SNAPSHOT,
        sha256=hashlib.sha256(data).hexdigest(),
        start=NOW,
        end=NOW,
        lesson="L1",
    )


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    site = Site(tmp_path, str(tmp_path / "kept"))
    yield site
    site.close()


def _refusal(answer: requests.Response) -> tuple[int, str]:
    return answer.status_code, answer.headers.get(CODE_HEADER, "")


def test_pieces_become_a_confirmed_file(site: Site) -> None:
    data = os.urandom(200_000)
    location = site.begin(data).headers["Location"]
    assert site.patch(location, data[:70_000], 0).headers["Upload-Offset"] == "70000"
    asked = site.ask("HEAD", location)
    assert (asked.headers["Upload-Offset"], asked.headers["Upload-Length"]) == ("70000", "200000")
    assert CONFIRMATION_HEADER not in asked.headers
    last = site.patch(location, data[70_000:], 70_000)
    word = site.opened(last.headers[CONFIRMATION_HEADER])
    assert (word.agent, word.media, word.sha256) == ("ea-1", "m-200000", hashlib.sha256(data).hexdigest())
    asked = site.ask("HEAD", location)
    assert (asked.headers["Upload-Offset"], CONFIRMATION_HEADER in asked.headers) == ("200000", True)
    again = site.begin(data)
    assert (again.headers["Upload-Offset"], CONFIRMATION_HEADER in again.headers) == ("200000", True)


def test_what_is_wrong_is_refused_with_a_code(site: Site) -> None:
    data = b"a picture"
    location = site.begin(data).headers["Location"]
    assert site.patch(location, b"x", 5).status_code == 409
    assert _refusal(site.patch(location, data + b"more", 0)) == (413, Code.TOO_LARGE)
    assert site.ask("PATCH", location, data, Upload_Offset="0").status_code == 415
    assert site.ask("HEAD", location, Tus_Resumable="0.2").status_code == 412
    assert site.ask("HEAD", f"{UPLOADS}/unknown").status_code == 404
    assert _refusal(site.patch(location, b"other9byt", 0)) == (460, Code.HASH_DIFFERS)
    assert site.ask("HEAD", location).status_code == 404
    assert _refusal(site.begin(data, media="")) == (422, Code.MALFORMED)
    assert _refusal(site.ask("POST", UPLOADS, Upload_Length="5", Upload_Metadata="media !!")) == (422, Code.MALFORMED)
    assert _refusal(site.ask("POST", UPLOADS, Upload_Length="0", Upload_Metadata=encode_metadata(describe(b"")))) == (
        413,
        Code.TOO_LARGE,
    )


def test_a_recording_may_be_larger_than_any_form(site: Site) -> None:
    data = os.urandom(1 << 20) * (LARGEST_BODY // (1 << 20) + 1)
    location = site.begin(data, kind=MediaKind.RECORDING).headers["Location"]
    assert site.opened(site.patch(location, data, 0).headers[CONFIRMATION_HEADER]).size == len(data)
    # What is taken whole is bounded as before.
    assert site.ask("POST", CERTIFICATE, data).status_code == 413


def test_a_disk_that_takes_a_part_confirms_nothing(site: Site) -> None:
    data = os.urandom(300_000)
    upload = site.begin(data).headers["Location"]
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(data) - 10, hard))  # the last write is cut short without a word
    try:
        cut = site.patch(upload, data, 0)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert (cut.status_code, CONFIRMATION_HEADER in cut.headers) == (507, False)
    assert "中心磁盘已满" in cut.json()["message"]
    offset = int(site.ask("HEAD", upload).headers["Upload-Offset"])
    assert offset <= len(data) - 10
    assert site.opened(site.patch(upload, data[offset:], offset).headers[CONFIRMATION_HEADER]).size == len(data)


def test_another_files_name_does_not_overwrite(site: Site) -> None:
    first, second = b"first", b"other"
    site.patch(site.begin(first).headers["Location"], first, 0)
    assert _refusal(site.begin(second, media="m-5")) == (422, Code.FORK)
    assert [path.read_bytes() for path in (site.root / "kept").rglob("*") if path.is_file()] == [first]


def test_only_the_agents_own_key_opens_and_only_its_own_uploads(site: Site, tmp_path: Path) -> None:
    data = b"a picture"
    location = site.begin(data).headers["Location"]
    stranger = Device(tmp_path / "stranger", "ea-2")
    assert site.ask("HEAD", location, Authorization=site.token(device=stranger)).status_code == 401
    stranger.provision(site.centre.database, tmp_path / "keys", "mqtt://127.0.0.1:1")
    assert site.ask("HEAD", location, Authorization=site.token(device=stranger)).status_code == 404
    forged = bearer(stranger.signer, site.device.address, site.centre.clock.stamp().wall)
    assert _refusal(site.ask("HEAD", location, Authorization=forged)) == (401, Code.BAD_SIGNATURE)
    old = bearer(site.device.signer, site.device.address, NOW)
    assert _refusal(site.ask("HEAD", location, Authorization=old)) == (401, Code.EXPIRED)
    assert site.ask("HEAD", location, Authorization="Bearer !").status_code == 422
    with site.centre.database.write() as tx:
        registry.revoke(tx, site.device.address, now=NOW)
    assert _refusal(site.ask("HEAD", location)) == (401, Code.UNKNOWN_AGENT)


def test_two_writers_of_one_upload_take_turns(site: Site) -> None:
    data = b"a picture"
    location = site.begin(data).headers["Location"]
    with site.centre.database.read() as tx:
        agent = registry.find(tx, site.device.address)
    assert agent is not None
    tail = site.centre.uploads.open_tail(site.centre.uploads.find(agent, location.rpartition("/")[2]), 0)
    assert site.patch(location, data, 0).status_code == 423
    tail.close()
    assert site.patch(location, data, 0).status_code == 204


def test_the_client_of_the_tus_project_breaks_off_and_goes_on(site: Site) -> None:
    data = os.urandom(1_500_000)
    file = site.root / "file"
    file.write_bytes(data)
    described = json.dumps({key: value for key, value in msgspec.to_builtins(describe(data)).items() if value})

    def run(*arguments: str) -> str:
        command = [program("node", package="nodejs"), str(PEERS / "tus_client.cjs"), site.url + UPLOADS, str(file)]
        found = subprocess.run(
            [*command, *arguments],
            check=True,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "NODE_PATH": str(peers())},
        )
        return found.stdout.strip()

    address = run(described, site.token(), "600000")
    assert 0 < int(site.ask("HEAD", address.removeprefix(site.url)).headers["Upload-Offset"]) < len(data)
    run(address, site.token())
    assert CONFIRMATION_HEADER in site.ask("HEAD", address.removeprefix(site.url)).headers
    assert [path.read_bytes() for path in (site.root / "kept").rglob("*") if path.is_file()] == [data]


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A bucket of an S3 server, and the environment that leads boto3 to it."""
    server = ThreadedMotoServer(port=0)
    server.start()
    host, port = server.get_host_and_port()
    for name, value in {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    bucket = boto3.resource("s3").create_bucket(Bucket="evidence")
    yield bucket
    bucket.objects.all().delete()  # moto keeps what is stored for the whole process, whichever server asks
    server.stop()


def test_an_s3_store_takes_verified_files_and_gives_them_back(bucket: Any, tmp_path: Path) -> None:
    site = Site(tmp_path, "s3://evidence/jn")
    data = os.urandom(100_000)
    answer = site.patch(site.begin(data).headers["Location"], data, 0)
    assert site.opened(answer.headers[CONFIRMATION_HEADER]).size == len(data)
    (kept,) = bucket.objects.all()
    assert kept.key.startswith("jn/jinan/ea-1/snapshot/2026-03-02/")
    assert b"".join(site.centre.store.read(kept.key.removeprefix("jn/"))) == data
    assert list((tmp_path / "spool").iterdir()) == []
    site.close()


def test_a_presigned_upload_is_confirmed_when_the_store_has_checked_it(bucket: Any, tmp_path: Path) -> None:
    del bucket
    site = Site(tmp_path, "s3://evidence")
    data = os.urandom(50_000)
    metadata = describe(data)
    with site.centre.database.read() as tx:
        agent = registry.find(tx, site.device.address)
    assert agent is not None

    def confirm() -> requests.Response:
        return site.ask("POST", CONFIRMATIONS, Upload_Metadata=encode_metadata(metadata), Upload_Length=str(len(data)))

    assert _refusal(confirm()) == (460, Code.HASH_DIFFERS)
    signed = site.centre.uploads.presign(agent, metadata)
    assert requests.put(signed.url, data=data, headers=dict(signed.headers), timeout=10).ok
    assert site.opened(confirm().headers[CONFIRMATION_HEADER]).sha256 == metadata.sha256
    site.close()


def test_a_signed_text_is_what_was_sent(site: Site) -> None:
    signed = site.centre.signer.sign(Purpose.TOKEN, describe(b"x"))
    assert msgspec.json.decode(msgspec.json.encode(signed), type=Signed) == signed
