"""命令, 短信, 录像调取, 证书, 机构, 账号, 操作记录."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import PlainTextResponse, Response

from edge_agent.central import commands
from edge_agent.central.pages.guard import Administrator, Owner, Reader
from edge_agent.central.pages.watch import Number, Word
from edge_agent.central.staff import accounts
from edge_agent.central.views import authority, requests, tenants
from edge_agent.central.work import notices

router = APIRouter()


@router.get("/commands")
def sent(visitor: Reader, state: Word = "", page: Number = 1) -> Response:
    """Commands sent and their answers."""
    with visitor.reading() as tx:
        found = commands.page_commands(tx, visitor.scope, visitor.now, state=state, page=page)
    return visitor.page("commands.html", found=found)


@router.get("/media")
def media(visitor: Reader, page: Number = 1) -> Response:
    """Recordings that were asked for, and what came."""
    with visitor.reading() as tx:
        found = requests.list_requests(tx, visitor.scope, page=page)
    return visitor.page("media.html", found=found)


@router.get("/messages")
def messages(visitor: Reader, state: Word = "", page: Number = 1) -> Response:
    """一键通知: messages to trainees."""
    with visitor.reading() as tx:
        found = notices.list_notices(tx, visitor.scope, state=state, page=page)
    return visitor.page("messages.html", found=found, gateway=visitor.centre.config.sms)


@router.get("/authority")
def certificates(visitor: Owner, words: Word = "", page: Number = 1) -> Response:
    """The certificate authority: what it has certified, tokens that are open, revocation."""
    with visitor.reading() as tx:
        found = authority.list_certificates(tx, visitor.now, words=words, page=page)
        open_tokens = authority.list_tokens(tx, visitor.now)
        known = tenants.list_tenants(tx)
    return visitor.page("authority.html", found=found, tokens=open_tokens, tenants=known)


@router.get("/authority/ca.pem")
def root(visitor: Owner) -> Response:
    return PlainTextResponse(visitor.centre.authority().pem)


@router.get("/authority/revocations.pem")
def revocations(visitor: Owner) -> Response:
    return PlainTextResponse(visitor.centre.enrolment.revocations(visitor.now))


@router.get("/tenants")
def all_tenants(visitor: Owner) -> Response:
    with visitor.reading() as tx:
        found = tenants.list_tenants(tx)
    return visitor.page("tenants.html", found=found)


@router.get("/users")
def users(visitor: Owner) -> Response:
    with visitor.reading() as tx:
        found = accounts.list_accounts(tx)
        known = tenants.list_tenants(tx)
    return visitor.page(
        "users.html", found=found, tenants=known, districts=sorted({each.district for each in known if each.district})
    )


@router.get("/record")
def record(visitor: Administrator, page: Number = 1) -> Response:
    """操作记录: what people did here; within a scope, one's own."""
    with visitor.reading() as tx:
        found = accounts.list_actions(tx, by="" if visitor.scope.everything else visitor.by, page=page)
    return visitor.page("record.html", found=found)
