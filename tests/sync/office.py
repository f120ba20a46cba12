"""The desk of one device, and the centre that commands it."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edge_agent.clock import SettableClock
from edge_agent.model.kinds.system import CommandReceived
from edge_agent.serve.agent import Agent
from edge_agent.store.facts import read_facts
from edge_agent.sync.commands.capture import MediaWishes
from edge_agent.sync.commands.desk import CommandDesk
from edge_agent.sync.commands.device import DeviceSettings
from edge_agent.sync.contract.messages import Result
from edge_agent.sync.contract.signing import Purpose, Signer, Verifier
from edge_agent.sync.contract.topics import Channel
from edge_agent.sync.identity import Identity
from edge_agent.sync.release import Releases
from tests.sync import witness
from tests.sync.world import Device

CENTRE = Signer(Ed25519PrivateKey.from_private_bytes(b"\1" * 32))


class Office:
    """The desk of one device, and the centre that commands it."""

    def __init__(self, device: Device, agent: Agent, clock: SettableClock) -> None:
        self.device, self.agent, self.clock = device, agent, clock
        self.reader = agent.connect()
        public = CENTRE.public.public_bytes_raw().hex()
        identity = Identity(tenant="jinan", agent="ea-1", mqtt="mqtt://x", http="http://x", keys=[public])
        device.folder.write(identity)
        self.held = identity.verifier()
        self.releases = Releases(device.root, device.root / "upgrade.keys")
        self.desk = CommandDesk(
            device.address,
            self._verifier,
            writer=agent.writer,
            reader=self.reader,
            wishes=MediaWishes(lambda kind: agent.settings.media.rule(kind).upload),
            settings=DeviceSettings(device.root, device.folder, self.releases, self.held),
        )
        self.count = 0

    def _verifier(self) -> Verifier:
        identity = self.device.folder.read()
        assert identity is not None
        return identity.verifier()

    def send(self, command: str, *, signer: Signer = CENTRE, **options: Any) -> Result:
        """Send a command and give its answer; what is carried out is what the contract's document describes."""
        letter = self.letter(command, signer=signer, **options)
        result = self.desk.receive(letter)
        witness.check(self.device.address.topic(Channel.RES), msgspec.json.encode(result))
        if result.result in {"done", "taken"}:
            witness.check(self.device.address.topic(Channel.CMD), letter)
        return result

    def letter(
        self,
        command: str,
        *,
        signer: Signer = CENTRE,
        identifier: str = "",
        agent: str = "ea-1",
        tenant: str = "jinan",
        life: timedelta = timedelta(hours=1),
        age: timedelta = timedelta(0),
        **args: Any,
    ) -> bytes:
        self.count += 1
        now = self.clock.stamp().wall - age
        named = identifier or f"cmd-{self.count}"
        plain = Plain(tenant, agent, named, now, now + life, "li", {"command": command, **args})
        return signer.seal(Purpose.COMMAND, plain)

    def said(self) -> list[tuple[str, str]]:
        facts = read_facts(self.reader, kinds=(CommandReceived.KIND,))
        return [(fact.data["command"], fact.data["result"]) for fact in facts]


class Plain(msgspec.Struct):
    """A command as somebody might write it, right or wrong."""

    tenant: str
    agent: str
    id: str
    issued: datetime
    expires: datetime
    by: str
    args: dict[str, Any]


def trainee_id(name: str) -> str:
    return f"t-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def roster(revision: int = 1, *names: str, **changes: Any) -> dict[str, Any]:
    trainees = [
        {"id": trainee_id(name), "name": name, "document": f"37010219900307{number:04}"}
        for number, name in enumerate(names or ("王伟", "李娜"))
    ]
    return {
        "class_id": "c1",
        "code": "JN-2026-001",
        "name": "焊工初级",
        "category": "technical",
        "opens": "2026-03-02",
        "closes": "2026-03-20",
        "required_periods": 40,
        "revision": revision,
        "trainees": trainees,
        **changes,
    }


def lesson(identifier: str = "L1", revision: int = 1, **changes: Any) -> dict[str, Any]:
    return {"id": identifier, "date": "2026-03-03", "start": "08:30:00", "periods": 2, "revision": revision} | changes
