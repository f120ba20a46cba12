"""The contract as a document: JSON Schemas and AsyncAPI 3, made from the types of this package.

A message's schema is what `docs/contract` shows and what tests hold every message against. Signed messages carry their
content as text, so their schema says so with `contentMediaType`, and `contentSchema` names the content's own.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from inspect import cleandoc
from typing import Any

import msgspec

from edge_agent.sync.contract import http, limits, messages
from edge_agent.sync.contract.batch import BatchHeader, DocumentHeader
from edge_agent.sync.contract.codes import MEANING
from edge_agent.sync.contract.commands import COMMANDS, Command
from edge_agent.sync.contract.facts import envelopes
from edge_agent.sync.contract.signing import Purpose, Signed
from edge_agent.sync.contract.topics import NAME, PREFIX, TO_CENTRE, Channel

VERSION = "1.0.0"
Schema = dict[str, Any]

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_MESSAGES: tuple[type, ...] = (
    Signed,
    BatchHeader,
    DocumentHeader,
    messages.FactsAck,
    messages.DocumentAck,
    messages.Gap,
    messages.State,
    messages.Result,
    messages.Confirmation,
    messages.Token,
    http.ProvisionRequest,
    http.Provisioned,
    http.UploadMetadata,
)


def fact_schemas() -> Schema:
    """One schema a kind of fact; `Fact` is any of them, told apart by `kind`."""
    return _bundle("Fact bodies by kind", envelopes().values(), "Fact")


def command_schemas() -> Schema:
    """One schema a command's arguments, and the `Command` that carries them."""
    return _bundle("Commands of the centre to an agent", (Command, *COMMANDS.values()), "")


def message_schemas() -> Schema:
    return _bundle("Messages, headers and HTTP bodies", _MESSAGES, "")


def schema_files() -> Mapping[str, Schema]:
    """Give the files under `docs/contract/schemas`, by name."""
    return {"facts.json": fact_schemas(), "commands.json": command_schemas(), "messages.json": message_schemas()}


def asyncapi() -> Schema:
    """Give the AsyncAPI 3 document; `$ref`s lead to `schemas/` beside it."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "edge_agent: venue and centre",
            "version": VERSION,
            "description": _ABOUT,
            "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
        },
        "defaultContentType": "application/json",
        "servers": {
            "broker": {
                "host": "broker.example.org:8883",
                "protocol": "mqtt",
                "protocolVersion": "5.0",
                "description": "Any MQTT 5 broker, over TLS. An agent's name is the common name of its certificate.",
                "security": [{"$ref": "#/components/securitySchemes/certificate"}],
            },
            "uploads": {
                "host": "centre.example.org",
                "protocol": "https",
                "description": "The centre's HTTP side: tus 1.0 for media, enrolment, and what a replaced box fetches.",
                "security": [{"$ref": "#/components/securitySchemes/token"}],
            },
        },
        "channels": {channel.value: _channel(channel) for channel in Channel} | {"uploads": _uploads()},
        "operations": {channel.value: _operation(channel) for channel in Channel}
        | {
            "upload": {
                "action": "send",
                "channel": {"$ref": "#/channels/uploads"},
                "summary": "tus 1.0: POST creates, PATCH appends at Upload-Offset, HEAD asks for it, DELETE ends.",
                "bindings": {"http": {"method": "PATCH", "bindingVersion": "0.3.0"}},
            }
        },
        "components": {
            "messages": _messages(),
            "securitySchemes": {
                "certificate": {"type": "X509", "description": "Made by the centre when the device was provisioned."},
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "base64 of a signed Token",
                    "description": f"Signed with the agent's own key; good for {limits.TOKEN_LIFE}.",
                },
            },
        },
        "x-limits": {
            "batch_facts": limits.BATCH_FACTS,
            "batch_bytes": limits.BATCH_BYTES,
            "fact_bytes": limits.FACT_BYTES,
            "document_bytes": limits.DOCUMENT_BYTES,
            "message_bytes": limits.MESSAGE_BYTES,
            "window": limits.WINDOW,
            "command_life_s": int(limits.COMMAND_LIFE.total_seconds()),
            "token_life_s": int(limits.TOKEN_LIFE.total_seconds()),
        },
        "x-codes": {code.value: meaning for code, meaning in MEANING.items()},
        "x-http": {
            "provision": http.PROVISION,
            "uploads": http.UPLOADS,
            "confirmations": http.CONFIRMATIONS,
            "certificate": http.CERTIFICATE,
            "revocations": http.REVOCATIONS,
            "facts": http.FACTS,
            "documents": http.DOCUMENTS,
            "media": http.MEDIA,
        },
    }


def _channel(channel: Channel) -> Schema:
    return {
        "address": f"{PREFIX}/{{tenant}}/{{agent}}/{channel}",
        "servers": [{"$ref": "#/servers/broker"}],
        "parameters": {
            "tenant": {"description": f"The institution or district: {NAME}"},
            "agent": {"description": f"The device: {NAME}"},
        },
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in _ON[channel]},
    }


def _operation(channel: Channel) -> Schema:
    return {
        "action": "send" if channel in TO_CENTRE else "receive",
        "channel": {"$ref": f"#/channels/{channel}"},
        "summary": _SUMMARIES[channel],
        "bindings": {"mqtt": {"qos": 1, "retain": channel is Channel.STATE, "bindingVersion": "0.2.0"}},
    }


def _uploads() -> Schema:
    return {
        "address": http.UPLOADS,
        "servers": [{"$ref": "#/servers/uploads"}],
        "messages": {"upload": {"$ref": "#/components/messages/upload"}},
    }


def _messages() -> Schema:
    made = {
        "batch": {
            "summary": f"Up to {limits.BATCH_FACTS} facts in zstd: a line of header, and one stored body a line.",
            "contentType": "application/zstd",
            "payload": _binary("BatchHeader", "facts.json#/$defs/Fact"),
        },
        "document": {
            "summary": "A roster, timetable or list made at the venue, in zstd: a line of header, and its bytes.",
            "contentType": "application/zstd",
            "payload": _binary("DocumentHeader", ""),
        },
        "facts_ack": _signed(Purpose.ACK, "messages.json#/$defs/FactsAck"),
        "document_ack": _signed(Purpose.ACK, "messages.json#/$defs/DocumentAck"),
        "gap": _signed(Purpose.GAP, "messages.json#/$defs/Gap"),
        "command": _signed(Purpose.COMMAND, "commands.json#/$defs/Command"),
        "result": {"payload": {"$ref": "./schemas/messages.json#/$defs/Result"}},
        "state": {"payload": {"$ref": "./schemas/messages.json#/$defs/State"}},
        "upload": {
            "summary": "A piece of a file. The last one is answered with the centre's signed Confirmation.",
            "contentType": http.OFFSET_STREAM,
            "headers": {
                "type": "object",
                "required": ["Tus-Resumable", "Upload-Offset"],
                "properties": {
                    "Tus-Resumable": {"const": http.TUS_VERSION},
                    "Upload-Offset": {"type": "integer", "minimum": 0},
                    "Upload-Metadata": {"type": "string", "description": "With POST: an UploadMetadata."},
                },
            },
            "payload": {"type": "string", "format": "binary"},
            "x-answer-headers": {http.CONFIRMATION_HEADER: "base64 of a signed Confirmation"},
        },
    }
    return {name: {"name": name} | message for name, message in made.items()}


def _signed(purpose: Purpose, content: str) -> Schema:
    return {
        "payload": {
            "allOf": [{"$ref": "./schemas/messages.json#/$defs/Signed"}],
            "properties": {
                "payload": {
                    "type": "string",
                    "contentMediaType": "application/json",
                    "contentSchema": {"$ref": f"./schemas/{content}"},
                }
            },
        },
        "x-purpose": purpose.value,
    }


def _binary(header: str, lines: str) -> Schema:
    made: Schema = {
        "type": "string",
        "format": "binary",
        "x-header": {"$ref": f"./schemas/messages.json#/$defs/{header}"},
    }
    return made | ({"x-lines": {"$ref": f"./schemas/{lines}"}} if lines else {})


def _bundle(title: str, types: Iterable[type], union: str) -> Schema:
    kinds = list(types)
    roots, components = msgspec.json.schema_components(kinds, ref_template="#/$defs/{name}")
    for component in components.values():
        if "description" in component:  # a docstring, which Python 3.13 strips of its indentation and 3.11 doesn't
            component["description"] = cleandoc(component["description"])
    made: Schema = {"$schema": _DIALECT, "title": title, "$defs": components}
    if union:
        made["$defs"] = {union: {"oneOf": list(roots)}} | components
    plain: Schema = json.loads(json.dumps(made))
    return plain


_ON: Mapping[Channel, tuple[str, ...]] = {
    Channel.EV: ("batch",),
    Channel.DOC: ("document",),
    Channel.ACK: ("facts_ack", "document_ack"),
    Channel.GAP: ("gap",),
    Channel.CMD: ("command",),
    Channel.RES: ("result",),
    Channel.STATE: ("state",),
}

_SUMMARIES: Mapping[Channel, str] = {
    Channel.EV: "Facts, in order, until the centre has signed for them.",
    Channel.DOC: "Documents that stand beside the facts; never from a sealed venue.",
    Channel.ACK: "What the centre has committed: its countersignature over the journal's head.",
    Channel.GAP: "What did not get through, and why.",
    Channel.CMD: "Commands: signed, for one agent, once, before they expire.",
    Channel.RES: "Answers to commands.",
    Channel.STATE: "The device's state, retained; the Last Will says that it is offline.",
}

_ABOUT = """\
An agent sends its journal of facts and receives commands over MQTT 5; media go over HTTPS by tus 1.0.

A broker's PUBACK means nothing: the centre acknowledges after its own commit, cumulatively, with its signature over
the journal's head. `link = SHA256(link before || seq as 8 bytes, big end first || SHA256(body))`, and the first link of
an epoch follows `SHA256("edge_agent journal\\n{agent}\\n{epoch}")`. The centre takes only what continues the chain; the
same place with another hash is a fork and goes into quarantine. A restored database begins a new epoch whose first
fact names the head that it can't continue.

Signatures are Ed25519 over `edge_agent {purpose} v1`, a line feed, and the payload's text as it was sent.
"""
