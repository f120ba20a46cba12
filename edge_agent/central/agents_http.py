"""What agents ask over HTTP besides uploads: enrolment, and their own past when a box is replaced."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from fastapi import APIRouter, Request, Response
from fastapi.responses import PlainTextResponse, StreamingResponse
from starlette.concurrency import run_in_threadpool

from edge_agent.central.centre import Centre
from edge_agent.central.chains import place
from edge_agent.central.guard import TheAgent, TheCentre
from edge_agent.central.registry import AgentRow
from edge_agent.model.fact import genesis
from edge_agent.sync.contract import limits
from edge_agent.sync.contract.batch import DocumentHeader, chain, encode_batch, encode_document
from edge_agent.sync.contract.http import (
    CERTIFICATE,
    DOCUMENTS,
    FACTS,
    MEDIA,
    PROVISION,
    REVOCATIONS,
    ProvisionRequest,
)
from edge_agent.sync.contract.signing import decode

router = APIRouter()


@router.post(PROVISION)
async def provision(request: Request, centre: TheCentre) -> Response:
    asked = decode(await request.body(), ProvisionRequest)
    given = await run_in_threadpool(centre.enrolment.provision, asked, centre.clock.stamp().wall)
    return Response(msgspec.json.encode(given), media_type="application/json")


@router.post(CERTIFICATE)
async def renew(request: Request, centre: TheCentre, agent: TheAgent) -> Response:
    csr = (await request.body()).decode(errors="replace")
    return PlainTextResponse(await run_in_threadpool(centre.enrolment.renew, agent, csr, centre.clock.stamp().wall))


@router.get(REVOCATIONS)
def revocations(centre: TheCentre) -> Response:
    return PlainTextResponse(centre.enrolment.revocations(centre.clock.stamp().wall))


@router.get(FACTS)
def facts(centre: TheCentre, agent: TheAgent) -> Response:
    """Each batch as four bytes of its length, big end first, and the message as the agent once sent it."""
    return StreamingResponse(map(_framed, _batches(centre, agent)), media_type="application/octet-stream")


@router.get(DOCUMENTS)
def documents(centre: TheCentre, agent: TheAgent) -> Response:
    with centre.database.read() as tx:
        rows = tx.rows(
            "SELECT id, kind, subject, revision, sha256, body FROM documents WHERE agent = %s ORDER BY at, id",
            (agent.number,),
        )
    messages = (
        encode_document(
            DocumentHeader(id=identifier, kind=kind, subject=subject, revision=revision, sha256=sha256), body
        )
        for identifier, kind, subject, revision, sha256, body in rows
    )
    return StreamingResponse(map(_framed, messages), media_type="application/octet-stream")


@router.get(MEDIA)
def media(centre: TheCentre, agent: TheAgent) -> list[str]:
    with centre.database.read() as tx:
        return [identifier for (identifier,) in tx.rows("SELECT id FROM media WHERE agent = %s", (agent.number,))]


def _batches(centre: Centre, agent: AgentRow) -> Iterator[bytes]:
    after, epoch, link = 0, 0, b""
    while True:
        with centre.database.read() as tx:
            rows = tx.rows(
                "SELECT place, body FROM facts WHERE agent = %s AND place > %s ORDER BY place LIMIT %s",
                (agent.number, after, limits.BATCH_FACTS),
            )
        if not rows:
            return
        first_epoch = rows[0][0] >> 40
        rows = [row for row in rows if row[0] >> 40 == first_epoch]
        if first_epoch != epoch:
            epoch, link = first_epoch, genesis(agent.address.agent, first_epoch)
        first = rows[0][0] & limits.LAST_SEQ
        bodies = [body for _, body in rows]
        link = chain(link, first, bodies)
        after = place(epoch, first + len(bodies) - 1)
        yield encode_batch(epoch, first, bodies, link)


def _framed(message: bytes) -> bytes:
    return len(message).to_bytes(4, "big") + message
