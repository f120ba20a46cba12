"""The picture of the room that goes with a batch of manual taps: asked of `capture`, tied to the visit by a fact."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import datetime, timedelta

from edge_agent.model.kinds.attendance import RoomSnapshot
from edge_agent.store import requests
from edge_agent.store.requests import Request
from edge_agent.store.writer import Transaction, Writer

SNAPSHOT = "snapshot"
"""The request that `capture` answers with `media`, `camera`, `at`, `sha256` and `size`."""

LASTS = timedelta(seconds=60)


def ask_for_picture(tx: Transaction, lesson: str, visit: str, trainees: Sequence[str], *, by: str) -> None:
    args = {"lesson": lesson, "visit": visit, "trainees": list(trainees)}
    requests.ask(tx, SNAPSHOT, args, by=by, ttl=LASTS)


def note_pictures(writer: Writer, connection: sqlite3.Connection, now: datetime) -> int:
    """Put on record what became of the pictures asked for with a visit; give how many were finished.

    The request goes in the same transaction as the fact is appended, so that a restart notes it once.
    """
    finished = [each for each in requests.finished(connection, SNAPSHOT, now) if "visit" in each.args]

    def note(tx: Transaction) -> None:
        for request in finished:
            if requests.drop(tx, request.id):
                tx.append(_fact(request), by=request.by)

    if finished:
        writer.run(note)
    return len(finished)


def _fact(request: Request) -> RoomSnapshot:
    answer = request.answer or {}
    return RoomSnapshot(
        lesson=request.args["lesson"],
        visit=request.args["visit"],
        trainees=tuple(request.args["trainees"]),
        sha256=answer.get("sha256", ""),
        cause="" if "sha256" in answer else answer.get("error", "no answer"),
    )
