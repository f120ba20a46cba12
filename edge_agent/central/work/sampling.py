"""抽查: at least 10 % of a quarter's classes or lessons, drawn so that anybody can draw them again.

1. What can be drawn is listed and sorted; each key's lot is SHA-256(seed, line feed, key); the smallest lots are drawn.
2. The seed is made by the centre when it draws, never given: nobody can try seeds until the list pleases.
3. Seed, list and result are one document, signed by the centre's key and never changed. Each round of a quarter takes
   only what no earlier round had, so that drawing again changes nothing that was drawn.
4. `check` draws again and compares: signature, result, and the rows that inspectors tick (`inspections`).
"""

from __future__ import annotations

import hashlib
import math
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal

import msgspec

from edge_agent.central.database import Tx
from edge_agent.central.instants import from_micros, to_micros
from edge_agent.central.staff.accounts import Scope
from edge_agent.central.work.quarter import Quarter
from edge_agent.errors import ConflictError, InputError, NotFoundError
from edge_agent.sync.contract.codes import RefusedError
from edge_agent.sync.contract.messages import Instant
from edge_agent.sync.contract.signing import Purpose, Signer, Verifier, decode, read_signed

LEAST = 0.10
"""The district samples at least 10 % a quarter (济人社字〔2024〕14号)."""

LARGEST = 200_000
Subject = Literal["class", "lesson"]


class Drawn(msgspec.Struct, frozen=True, kw_only=True):
    """The signed document. A key is tenant/agent/id; `chosen` in the order of their lots."""

    id: str
    quarter: str
    subject: Subject
    scope_kind: str
    scope: str
    round: int
    rate: Annotated[float, msgspec.Meta(gt=0, le=1)]
    seed: str
    at: Instant
    by: str
    population: list[str]
    chosen: list[str]


@dataclass(frozen=True, slots=True)
class Sample:
    id: str
    scope: Scope
    quarter: str
    subject: str
    round: int
    at: datetime
    by: str
    population: int
    chosen: int
    done: int
    document: str


@dataclass(frozen=True, slots=True)
class Item:
    """What was drawn: `title` and `venue` as they are now, `outcome` empty until it was inspected."""

    number: int
    agent: int
    item: str
    venue: str
    title: str
    detail: str
    outcome: str
    note: str
    by: str
    at: datetime | None


def draw(seed: str, population: Iterable[str], rate: float) -> list[str]:
    """Give what a seed draws: at least one of a population that is not empty, and never less than `rate`."""
    keys = sorted(set(population))
    lots = sorted(keys, key=lambda key: hashlib.sha256(f"{seed}\n{key}".encode()).digest())
    # 0.1 of 30 is 3, although 30 * 0.1 is a little more in floating point.
    return lots[: math.ceil(round(len(keys) * rate, 9))]


def make_sample(
    tx: Tx,
    signer: Signer,
    *,
    scope: Scope,
    quarter: Quarter,
    subject: Subject,
    rate: float,
    by: str,
    now: datetime,
) -> str:
    """Draw a round; give its id. Raises `InputError` for a rate below 10 %, `ConflictError` where nothing is new."""
    if not LEAST <= rate <= 1:
        raise InputError("rate: between 10 and 100 percent (抽查比例应为 10% 至 100%).")
    earlier = _documents(tx, scope, quarter, subject)
    seen = {key for document in earlier for key in document.population}
    found = {key: place for key, place in _population(tx, scope, quarter, subject) if key not in seen}
    if not found:
        what = "nothing new since the last round" if earlier else "nothing to draw from"
        raise ConflictError(f"{quarter}: {what} (本季度没有可抽查的新对象).")
    seed = secrets.token_hex(16)
    drawn = Drawn(
        id=f"s-{secrets.token_hex(6)}",
        quarter=str(quarter),
        subject=subject,
        scope_kind=scope.kind,
        scope=scope.value,
        round=len(earlier) + 1,
        rate=rate,
        seed=seed,
        at=now,
        by=by,
        population=sorted(found),
        chosen=draw(seed, found, rate),
    )
    tx.run(
        "INSERT INTO samples VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (
            drawn.id,
            scope.kind,
            scope.value,
            drawn.quarter,
            subject,
            drawn.round,
            to_micros(now),
            by,
            len(found),
            len(drawn.chosen),
            signer.seal(Purpose.SAMPLE, drawn).decode(),
        ),
    )
    tx.run_many(
        "INSERT INTO sample_items(sample, number, agent, item) VALUES (%s, %s, %s, %s)",
        [(drawn.id, number, *found[key]) for number, key in enumerate(drawn.chosen, 1)],
    )
    return drawn.id


def read(sample: Sample) -> Drawn:
    """Read a sample's document without believing it: `check` says whether one may."""
    return decode(read_signed(sample.document).payload, Drawn)


def check(tx: Tx, verifier: Verifier, sample: Sample) -> str:
    """Draw again and compare; give what is wrong, empty where all agrees."""
    try:
        drawn = verifier.open(Purpose.SAMPLE, sample.document, Drawn)
    except RefusedError as error:
        return error.message
    if (drawn.id, drawn.quarter, drawn.subject) != (sample.id, sample.quarter, sample.subject):
        return "the signed list is another sample's"
    if draw(drawn.seed, drawn.population, drawn.rate) != drawn.chosen:
        return "the seed draws other items"
    rows = tx.rows(
        "SELECT tenant, agents.agent, item FROM sample_items JOIN agents ON agents.number = sample_items.agent"
        " WHERE sample = %s ORDER BY sample_items.number",
        (sample.id,),
    )
    if ["/".join(row) for row in rows] != drawn.chosen:
        return "the rows to inspect are not those of the signed list"
    return ""


def list_samples(tx: Tx, scope: Scope, limit: int = 100) -> list[Sample]:
    """Give the samples that somebody of this scope may see, newest first."""
    condition, values = _visible(scope)
    return _read(tx, f"{condition} ORDER BY samples.at DESC LIMIT %s", [*values, limit])


def get_sample(tx: Tx, scope: Scope, identifier: str) -> Sample:
    condition, values = _visible(scope)
    found = _read(tx, f"id = %s AND {condition}", [identifier, *values])
    if not found:
        raise NotFoundError("No such sample in your scope (没有此抽查，或不在您的管理范围内).")
    return found[0]


_TITLES = {
    "class": "coalesce(classes.name, item), coalesce(code, '') FROM sample_items"
    " LEFT JOIN classes ON classes.agent = sample_items.agent AND classes.id = item",
    "lesson": "coalesce(classes.name, item), coalesce(day || ' ' || start || ' ' || subject, '') FROM sample_items"
    " LEFT JOIN lessons ON lessons.agent = sample_items.agent AND lessons.id = item"
    " LEFT JOIN classes ON classes.agent = sample_items.agent AND classes.id = lessons.class_id",
}


def list_items(tx: Tx, sample: Sample) -> list[Item]:
    rows = tx.rows(
        "SELECT sample_items.number, sample_items.agent, item, coalesce(nullif(venue, ''), agents.agent), outcome,"
        f" note, account, at, {_TITLES[sample.subject]} JOIN agents ON agents.number = sample_items.agent"
        " WHERE sample = %s ORDER BY sample_items.number",
        (sample.id,),
    )
    return [
        Item(number, agent, item, venue, title, detail, outcome, note, by, None if at is None else from_micros(at))
        for number, agent, item, venue, outcome, note, by, at, title, detail in rows
    ]


def _documents(tx: Tx, scope: Scope, quarter: Quarter, subject: str) -> Sequence[Drawn]:
    rows = tx.rows(
        "SELECT document FROM samples WHERE scope_kind = %s AND scope = %s AND quarter = %s AND subject = %s",
        (scope.kind, scope.value, str(quarter), subject),
    )
    return [decode(read_signed(document).payload, Drawn) for (document,) in rows]


def _population(tx: Tx, scope: Scope, quarter: Quarter, subject: str) -> list[tuple[str, tuple[int, str]]]:
    condition, values = scope.where("tenant")
    span = (quarter.first.isoformat(), quarter.last.isoformat())
    if subject == "class":
        source = (
            "classes JOIN agents ON agents.number = classes.agent WHERE opens <> '' AND opens <= %s AND closes >= %s"
            " AND (classes.state IN ('approved', 'closed') OR (classes.state = 'submitted' AND by_hand = 1))"
        )
        bound = [*reversed(span)]
        columns = "tenant, agents.agent, classes.id, agents.number"
    else:
        source = (
            "lessons JOIN agents ON agents.number = lessons.agent WHERE day >= %s AND day <= %s"
            " AND cancelled = 0 AND verdict <> ''"
        )
        bound = [*span]
        columns = "tenant, agents.agent, lessons.id, agents.number"
    rows = tx.rows(f"SELECT {columns} FROM {source} AND {condition} LIMIT %s", [*bound, *values, LARGEST + 1])
    if len(rows) > LARGEST:
        raise InputError(f"More than {LARGEST} to draw from (抽查对象过多).", do="Draw for each district by itself.")
    return [(f"{tenant}/{agent}/{item}", (number, item)) for tenant, agent, item, number in rows]


def _visible(scope: Scope) -> tuple[str, list[str]]:
    """A sample is seen by those whose scope it was drawn for, and by those who see everything."""
    if scope.everything:
        return "1 = 1", []
    return "scope_kind = %s AND scope = %s", [scope.kind, scope.value]


def _read(tx: Tx, where: str, values: Sequence[str | int]) -> list[Sample]:
    rows = tx.rows(
        "SELECT id, scope_kind, scope, quarter, subject, round, at, account, population, chosen,"
        " (SELECT count(*) FROM sample_items WHERE sample = samples.id AND outcome <> ''), document"
        f" FROM samples WHERE {where}",
        values,
    )
    return [
        Sample(id_, Scope(kind, scope), quarter, subject, number, from_micros(at), by, size, chosen, done, document)
        for id_, kind, scope, quarter, subject, number, at, by, size, chosen, done, document in rows
    ]
