"""Who may ask: agents show a token signed with their own key."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Header, Request

from edge_agent.central import registry
from edge_agent.central.centre import Centre
from edge_agent.central.registry import AgentRow
from edge_agent.sync.contract.codes import Code, RefusedError
from edge_agent.sync.contract.http import check_bearer, read_bearer
from edge_agent.sync.contract.signing import Verifier, public_key


def centre_of(request: Request) -> Centre:
    """Give what this process of the centre holds."""
    centre: Centre = request.app.state.centre
    return centre


TheCentre = Annotated[Centre, Depends(centre_of)]


def agent_of(centre: TheCentre, authorization: Annotated[str, Header()] = "") -> AgentRow:
    """Give the agent whose key signed the token. Raises `RefusedError`."""
    address, signed = read_bearer(authorization)
    with centre.database.read() as tx:
        agent = registry.find(tx, address)
    if agent is None or agent.revoked:
        raise RefusedError(Code.UNKNOWN_AGENT, f"{address.tenant}/{address.agent} is not an agent of this centre.")
    check_bearer(signed, Verifier([public_key(agent.public)]), centre.clock.stamp().wall)
    return agent


TheAgent = Annotated[AgentRow, Depends(agent_of)]
