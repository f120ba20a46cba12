"""Certificates, tokens and revocation from the pages; recordings straight into an S3 store."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from moto.server import ThreadedMotoServer

from edge_agent.central import registry
from edge_agent.central.staff.accounts import Role
from edge_agent.model.media import MediaKind
from edge_agent.sync.contract.commands import Command, SendMedia, SendPresigned
from edge_agent.sync.contract.http import PROVISION, UploadMetadata
from edge_agent.sync.contract.signing import Purpose
from tests.central.browsing import Person
from tests.central.city import City
from tests.central.place import NOW, at

pytestmark = pytest.mark.parametrize("address", ["sqlite"], indirect=True)


def request(name: str) -> str:
    key = Ed25519PrivateKey.generate()
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    return (
        x509.CertificateSigningRequestBuilder()
        .subject_name(subject)
        .sign(key, None)
        .public_bytes(Encoding.PEM)
        .decode()
    )


def test_a_token_certifies_one_device_which_is_revoked_again(empty: City) -> None:
    person = Person(empty, Role.ADMINISTRATOR)
    assert person.send("POST", "/api/v1/tokens", {"tenant": "a/b"}).status_code == 422
    told = person.send("POST", "/api/v1/tokens", {"tenant": "qihang", "venue": "一号教室"}).json()
    assert told["command"].endswith(told["token"])
    assert "一号教室" in person.get("/authority").text
    asked = {"token": told["token"], "csr": request("x")}
    answer = person.client.post(PROVISION, json=asked)
    assert answer.is_success, answer.text
    agent = answer.json()["agent"]
    other = person.client.post(PROVISION, json={"token": told["token"], "csr": request("y")})
    assert other.status_code == 401, "a token is good for one device"
    page = person.get("/authority").text
    assert agent in page
    assert "有效" in page
    assert "BEGIN CERTIFICATE" in person.get("/authority/ca.pem").text
    assert person.send("POST", "/api/v1/venues/1/revocation", {"reason": ""}).status_code == 422
    assert person.send("POST", "/api/v1/venues/1/revocation", {"reason": "设备丢失"}).is_success
    assert person.send("POST", "/api/v1/venues/1/revocation", {"reason": "设备丢失"}).status_code == 409
    page = person.get("/venues/1").text
    assert "把吊销列表交给消息服务器" in page
    assert 'href="/authority/revocations.pem"' in page
    revoked = x509.load_pem_x509_crl(person.get("/authority/revocations.pem").content)
    serial = x509.load_pem_x509_certificate(answer.json()["certificate"].encode()).serial_number
    assert [each.serial_number for each in revoked] == [serial]
    assert person.send("POST", "/api/v1/venues/1/commands", {"command": '{"command": "ping"}'}).status_code == 409
    assert "设备丢失" in person.get("/record").text


def sent(city: City) -> list[Command]:
    with city.centre.database.read() as tx:
        rows = tx.rows("SELECT message FROM commands ORDER BY issued, id")
    return [city.centre.verifier.open(Purpose.COMMAND, bytes(message), Command) for (message,) in rows]


def test_recordings_are_asked_for_by_name_and_counted_when_they_come(city: City) -> None:
    person = Person(city, Role.INSPECTOR)
    path = "/api/v1/venues/1/lessons/A/recordings"
    assert person.send("POST", path, {"direct": True}).status_code == 422, "a folder has no presigned addresses"
    assert person.send("POST", path, {}).json()["id"] == "90"
    (command,) = sent(city)
    assert isinstance(command.args, SendMedia)
    assert command.args.media[:2] == ["A-v0", "A-v1"]
    place = city.places[0]
    place.upload(
        "A-v0", place.video("A", 0), start=at("08:00:00"), lesson="A", kind=MediaKind.RECORDING, mime="video/mp4"
    )
    assert "1/90" in person.get("/media").text
    assert person.send("POST", path, {}).json()["id"] == "89", "what came is not asked for again"
    assert person.send("POST", "/api/v1/venues/1/lessons/B/recordings", {}).status_code == 409


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    server = ThreadedMotoServer("127.0.0.1", 0)
    server.start()
    host, port = server.get_host_and_port()
    for name, value in {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        "AWS_ACCESS_KEY_ID": "x",
        "AWS_SECRET_ACCESS_KEY": "y",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    boto3.client("s3").create_bucket(Bucket="centre")
    yield "s3://centre/media"
    server.stop()


def test_a_recording_goes_straight_into_the_store_and_is_watched_from_there(
    tmp_path: Path, bucket: str, address: str
) -> None:
    assert os.environ["AWS_ENDPOINT_URL"]
    city = City(tmp_path, address, media=bucket)
    place = city.add("一号教室")
    place.training("c1", "育婴员")
    place.lesson("A", "c1", "08:00")
    place.record("A", at("08:00:00"), 2)
    place.send()
    city.digest()
    person = Person(city, Role.INSPECTOR)
    assert person.send("POST", "/api/v1/venues/1/lessons/A/recordings", {"direct": True}).json()["id"] == "2"
    (command,) = sent(city)
    assert isinstance(command.args, SendPresigned)
    for minute, upload in enumerate(command.args.uploads):
        content = place.video("A", minute)
        assert requests.put(upload.url, content, headers=upload.headers, timeout=10).ok
        with city.centre.database.read() as tx:
            agent = registry.get(tx, 1)
        metadata = UploadMetadata(
            media=upload.media,
            kind=MediaKind.RECORDING,
            sha256=json.loads(place.journal.bodies[3 + minute])["data"]["sha256"],
            start=at("08:00:00"),
            end=NOW,
            mime="video/mp4",
            lesson="A",
        )
        city.centre.uploads.confirm_presigned(agent, metadata, len(content))
    assert "2/2" in person.get("/media").text
    answer = person.get("/venues/1/media/A-v1", Range="bytes=2-8")
    assert (answer.status_code, answer.content) == (206, place.video("A", 1)[2:9])
    city.close()
