"""Holds messages against the contract's document, as somebody would who has nothing but `docs/contract`."""

from __future__ import annotations

import json
from collections import Counter
from functools import cache
from typing import Any

import yaml
import zstandard
from jsonschema import Draft202012Validator, FormatChecker
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from referencing import Registry, Resource

from tests.data import ROOT

FOLDER = ROOT / "docs" / "contract"


@cache
def document() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((FOLDER / "asyncapi.yaml").read_text())
    return loaded


@cache
def registry() -> Registry[Any]:
    return Registry().with_resources(
        (f"./schemas/{path.name}", Resource.from_contents(json.loads(path.read_text())))
        for path in (FOLDER / "schemas").glob("*.json")
    )


@cache
def _validator(schema: str) -> Draft202012Validator:
    return Draft202012Validator(json.loads(schema), registry=registry(), format_checker=FormatChecker())


def validate(schema: dict[str, Any], content: object) -> None:
    """Raise `jsonschema.ValidationError` where the content is not what the schema says."""
    _validator(json.dumps(schema)).validate(content)


def check(topic: str, payload: bytes, *, lines: int | None = None) -> str:
    """Hold one message against its channel, of a batch `lines` facts (None: all); give the name of what it is."""
    channel = topic.rsplit("/", 1)[1]
    found = document()["channels"][channel]
    parts = zip(found["address"].split("/"), topic.split("/"), strict=True)
    assert all(written == said or written.startswith("{") for written, said in parts), topic
    errors = []
    for name in found["messages"]:
        try:
            check_message(name, payload, lines=lines)
        except Exception as error:  # noqa: BLE001 - one of the channel's messages must fit; told below
            errors.append(error)
        else:
            return str(name)
    raise AssertionError(f"{topic}: {payload[:200]!r} is none of {list(found['messages'])}: {errors}")


def check_message(name: str, payload: bytes, *, lines: int | None = None) -> None:
    message = document()["components"]["messages"][name]
    schema = message["payload"]
    if message.get("contentType") == "application/zstd":
        header, *rest = zstandard.ZstdDecompressor().decompress(payload, max_output_size=8 << 20).split(b"\n")
        validate(schema["x-header"], json.loads(header))
        for line in rest[:lines] if "x-lines" in schema else ():
            validate(schema["x-lines"], json.loads(line))
        return
    content = json.loads(payload)
    validate(schema, content)
    signed = schema.get("properties", {}).get("payload", {}).get("contentSchema")
    if signed:
        validate(signed, json.loads(content["payload"]))


class Witness:
    """Hears everything on a broker; `close` holds it against the contract and gives how often each message was seen."""

    def __init__(self, port: int) -> None:
        self._heard: list[tuple[str, bytes]] = []
        self._client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
        self._client.on_connect = lambda client, *_: client.subscribe("v1/#", qos=1)
        self._client.on_message = self._hear
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()

    def _hear(self, _client: Client, _data: object, message: MQTTMessage) -> None:
        self._heard.append((message.topic, bytes(message.payload)))

    def close(self, *, lines: int | None = None) -> Counter[str]:
        self._client.disconnect()
        self._client.loop_stop()
        return Counter(check(topic, payload, lines=lines) for topic, payload in self._heard)
