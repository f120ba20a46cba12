"""Consents: two purposes, each given and withdrawn for itself, each a fact."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from edge_agent.errors import InputError
from edge_agent.model.kinds.people import ConsentGiven, ConsentWithdrawn
from edge_agent.store.database import Connection, from_micros, to_micros
from edge_agent.store.training import get_trainee
from edge_agent.store.writer import Transaction

Purpose = Literal["recognise", "upload"]


@dataclass(frozen=True, slots=True)
class Consent:
    """A consent as it stands. `text` is the version of the wording; `withdrawn` is None while it holds."""

    trainee: str
    purpose: str
    text: str
    at: datetime
    paper: str
    guardian: bool
    withdrawn: datetime | None

    @property
    def holds(self) -> bool:
        return self.withdrawn is None


def give(tx: Transaction, consent: ConsentGiven, *, by: str) -> None:
    tx.append(consent, by=by)
    tx.execute(
        "INSERT OR REPLACE INTO consents(trainee, purpose, text, at, paper, guardian) VALUES (?, ?, ?, ?, ?, ?)",
        (consent.trainee, consent.purpose, consent.text, to_micros(consent.at), consent.paper, int(consent.guardian)),
    )


def take_paper_consents(
    tx: Transaction, trainees: Sequence[str], *, text: str, paper: str, at: datetime, by: str
) -> None:
    """File one batch of signed sheets: `text` is the wording's version, `paper` where the sheets are kept."""
    if not paper:
        raise InputError(
            "没有写明纸质同意书的文件名或存放处 / the sheets have no file name or shelf mark.",
            do="请填写签字原件存放在哪里。Say where the signed sheets are kept.",
        )
    for trainee in trainees:
        get_trainee(tx.connection, trainee)
        give(tx, ConsentGiven(trainee=trainee, purpose="recognise", text=text, at=at, paper=paper), by=by)


def withdraw(tx: Transaction, withdrawn: ConsentWithdrawn, *, by: str) -> bool:
    """Take a consent back; False, and nothing written, where none holds."""
    done = tx.execute(
        "UPDATE consents SET withdrawn = ? WHERE trainee = ? AND purpose = ? AND withdrawn IS NULL",
        (to_micros(withdrawn.at), withdrawn.trainee, withdrawn.purpose),
    ).rowcount
    if done:
        tx.append(withdrawn, by=by)
    return bool(done)


def of_trainee(connection: Connection, trainee: str) -> dict[str, Consent]:
    """Give a trainee's consents by purpose, withdrawn ones included."""
    rows = connection.execute("SELECT * FROM consents WHERE trainee = ?", (trainee,))
    return {
        row["purpose"]: Consent(
            row["trainee"],
            row["purpose"],
            row["text"],
            from_micros(row["at"]),
            row["paper"],
            bool(row["guardian"]),
            None if row["withdrawn"] is None else from_micros(row["withdrawn"]),
        )
        for row in rows
    }


def who_consents(connection: Connection, purpose: Purpose) -> set[str]:
    """Give the trainees whose consent for a purpose holds."""
    rows = connection.execute("SELECT trainee FROM consents WHERE purpose = ? AND withdrawn IS NULL", (purpose,))
    return {row["trainee"] for row in rows}
