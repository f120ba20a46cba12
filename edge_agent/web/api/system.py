"""系统: clock, disk, policy, versions; the way to the centre; the journal."""

from __future__ import annotations

import csv
import io
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import AwareDatetime, StringConstraints

from edge_agent import __version__
from edge_agent.model.stamp import Trust
from edge_agent.store import accounts, kiosks, law, outbox
from edge_agent.store.facts import fact_id, read_head, recent_facts
from edge_agent.store.provisional import count_waiting
from edge_agent.web.actions.clock import anchor, second_opinions
from edge_agent.web.api.base import MOST, Done, Form, Instant, Told
from edge_agent.web.guard import Administrator, Office, Staff
from edge_agent.web.views.journal import KINDS
from edge_agent.web.words import mark, words

router = APIRouter(tags=["system"])

FILE_FACTS = 5000
"""A week of a busy venue: half a megabyte."""


class ClockTold(Told):
    """`max_error` in seconds; `waiting` are provisional taps that nobody could judge yet."""

    now: Instant
    trust: Trust
    max_error: float
    waiting: int


class DiskTold(Told):
    free: int
    total: int


class SystemTold(Told):
    version: str
    agent: str
    epoch: int
    seq: int
    policy: str
    sealed: bool
    recognises: bool
    clock: ClockTold
    disk: DiskTold


class SyncTold(Told):
    """`waiting` facts are not confirmed by the centre; `oldest` is when the first of them was written."""

    waiting: int
    oldest: Instant | None
    sealed: bool


class TimeForm(Form):
    """`at` is the time that the administrator says it is; `browser` is what their device shows."""

    at: AwareDatetime
    browser: AwareDatetime | None = None


class AssessmentForm(Form):
    """`number` is the assessment's own, as it is filed; empty ends recognition."""

    number: Annotated[str, StringConstraints(max_length=80, pattern=r"^[^\x00-\x1f\x7f]*$")]


class FactTold(Told):
    name: str
    kind: str
    at: Instant
    by: str
    policy: str
    data: dict[str, Any]


@router.get("/system")
def system(visitor: Staff) -> SystemTold:
    site = visitor.site
    stamp = site.now()
    with visitor.reading() as connection:
        head = read_head(connection)
        waiting = count_waiting(connection)
    free, total = site.files.space()
    return SystemTold(
        version=__version__,
        agent=head.agent,
        epoch=head.epoch,
        seq=head.seq,
        policy=site.policies(site.settings.policy).stamp,
        sealed=site.settings.sealed,
        recognises=site.faces is not None and site.faces.ready(),
        clock=ClockTold(now=stamp.wall, trust=stamp.trust, max_error=stamp.max_error, waiting=waiting),
        disk=DiskTold(free=free, total=total),
    )


@router.post("/system/time")
def confirm_time(form: TimeForm, visitor: Administrator) -> Done:
    """Say what time it is, where no network does: provisional taps are judged by it."""
    site = visitor.site
    stamp = site.now()
    with visitor.reading() as connection:
        opinions = second_opinions(connection, stamp, form.browser)
    site.writer.append(anchor(stamp, form.at, opinions), by=visitor.by)
    return Done(id=str(site.desk.settle()))


@router.put("/system/assessment")
def register_assessment(form: AssessmentForm, visitor: Administrator) -> Done:
    """Enter the impact assessment's number: recognition begins within seconds, and ends with an empty one."""
    visitor.site.writer.run(lambda tx: law.register(tx, form.number, by=visitor.by))
    return Done(id=form.number.strip())


@router.get("/sync")
def sync(visitor: Office) -> SyncTold:
    with visitor.reading() as connection:
        backlog = outbox.read_backlog(connection, outbox.find_acked(connection))
    return SyncTold.model_validate(
        {"waiting": backlog.count, "oldest": backlog.oldest, "sealed": visitor.site.settings.sealed}
    )


class Journal(Told):
    """`before` is the place to go on from, None at the journal's beginning."""

    items: list[FactTold]
    before: int | None


@router.get("/journal")
def journal(
    visitor: Office,
    before: Annotated[int, Query(ge=0, lt=1 << 62)] = 0,
    limit: Annotated[int, Query(ge=1, le=MOST)] = 100,
    kind: Annotated[str, Query(max_length=80)] = "",
) -> Journal:
    """Give facts, the newest first; `kind` may end in a dot to name a family."""
    with visitor.reading() as connection:
        found = recent_facts(connection, before=before, limit=limit, kind=kind)
    items = [
        FactTold(
            name=fact.name, kind=fact.kind, at=fact.stamp.wall, by=fact.by, policy=fact.policy, data=dict(fact.data)
        )
        for fact in found
    ]
    last = found[-1] if len(found) == limit else None
    return Journal(items=items, before=None if last is None else fact_id(last.epoch, last.seq))


@router.get("/journal/file", response_class=Response, responses={200: {"content": {"text/csv": {}}}})
def journal_file(visitor: Office) -> Response:
    """Give the newest facts as a table: who did what and when. What was done to whom is in the evidence package."""
    say = words(visitor.language).gettext
    with visitor.reading() as connection:
        found = recent_facts(connection, limit=FILE_FACTS)
        names = {each.id: each.name for each in accounts.list_accounts(connection)}
        names |= {each.id: each.name for each in kiosks.list_kiosks(connection)}
    table = io.StringIO()
    writer = csv.writer(table)
    writer.writerow([say(title) for title in (mark("时间"), mark("编号"), mark("类型"), mark("操作人"))])
    for fact in found:
        at = fact.stamp.wall.astimezone(visitor.zone)
        kind = KINDS.get(fact.kind, fact.kind)
        row = (f"{at:%Y-%m-%d %H:%M:%S}", fact.name, say(kind), names.get(fact.by, fact.by) or say(mark("本机")))
        writer.writerow([_harmless(cell) for cell in row])
    name = f"journal-{visitor.now.astimezone(visitor.zone):%Y%m%d-%H%M}.csv"
    # The mark at the beginning tells a spreadsheet that the letters are UTF-8.
    return Response(
        "\ufeff" + table.getvalue(),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _harmless(cell: str) -> str:
    """A name that begins like a formula is not computed by the spreadsheet that opens the file."""
    return f"'{cell}" if cell[:1] in {"=", "+", "-", "@", "\t"} else cell
