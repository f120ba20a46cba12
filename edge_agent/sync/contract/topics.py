"""Names of topics: `v1/{tenant}/{agent}/{channel}`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from edge_agent.sync.contract.codes import Code, RefusedError

PREFIX = "v1"
NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
"""Names of tenants and agents: nothing that a broker reads as a wildcard or a level."""

_NAME = re.compile(NAME)


class Channel(StrEnum):
    EV = "ev"
    DOC = "doc"
    ACK = "ack"
    GAP = "gap"
    CMD = "cmd"
    RES = "res"
    STATE = "state"


TO_CENTRE = (Channel.EV, Channel.DOC, Channel.RES, Channel.STATE)
TO_AGENT = (Channel.ACK, Channel.GAP, Channel.CMD)


@dataclass(frozen=True, slots=True)
class Address:
    """One agent of one tenant."""

    tenant: str
    agent: str

    def __post_init__(self) -> None:
        for name in (self.tenant, self.agent):
            if not _NAME.match(name):
                raise RefusedError(
                    Code.MALFORMED,
                    f"{name!r}: not a name of a tenant or an agent (名称格式不对).",
                    do="Use 1 to 64 letters, digits, '.', '_' and '-', a letter or digit first, for instance jinan-01 "
                    "(请用英文字母、数字、点、下划线或连字符).",
                )

    def topic(self, channel: Channel) -> str:
        return f"{PREFIX}/{self.tenant}/{self.agent}/{channel}"


def parse(topic: str) -> tuple[Address, Channel]:
    """Read a topic; `RefusedError` where it is none of the contract's."""
    parts = topic.split("/")
    if len(parts) != 4 or parts[0] != PREFIX or parts[3] not in set(Channel):  # noqa: PLR2004 - the shape above
        raise RefusedError(Code.MALFORMED, f"{topic!r}: not a topic of this contract.")
    return Address(parts[1], parts[2]), Channel(parts[3])


def subscription(channel: Channel, *, tenant: str = "+", group: str = "") -> str:
    """Give the filter of all agents' `channel`; with `group`, shared between its members."""
    share = f"$share/{group}/" if group else ""
    return f"{share}{PREFIX}/{tenant}/+/{channel}"
