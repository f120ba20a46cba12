"""A venue for the kiosk's bench: a lesson that people sign in to now, and 50 classes with 3,000 trainees beside it."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from edge_agent.model.kinds.people import ConsentGiven
from edge_agent.model.lesson import Lesson
from edge_agent.model.people import ClassState, Trainee, TrainingClass
from edge_agent.policies import load_policy
from edge_agent.serve.agent import Agent
from edge_agent.store import accounts, consents, kiosks, lessons, sessions, training
from edge_agent.store.accounts import Account, Role
from edge_agent.store.kiosks import Kiosk
from edge_agent.store.writer import Transaction

CLASS, LESSON, OFFICE, KIOSK = "bench", "bench-lesson", "bench-office", "bench-kiosk"
_LASTS = timedelta(hours=12)
_LEAD = timedelta(minutes=5)

CONFIG = """\
[store]
data_dir = "{folder}/agent"

[clock]
kept_by_host = true

[web]
host = "127.0.0.1"
port = {port}
tls_port = 0

[faces]
enabled = {faces}
impact_assessment = "BENCH"
models_dir = "{models}"
"""


@dataclass(frozen=True, slots=True)
class Tokens:
    """Cookies' values: of the kiosk, and of an administrator."""

    kiosk: str
    office: str


def write_config(file: Path, *, port: int, models: Path, faces: bool) -> None:
    text = CONFIG.format(folder=file.parent, port=port, models=models.absolute(), faces=str(faces).lower())
    file.write_text(text)


def furnish(agent: Agent, trainees: Sequence[str], *, classes: int = 0, size: int = 60) -> Tokens:
    """Make the lesson with these trainees, who consent, and `classes` others of `size` trainees."""
    agent.writer.run(lambda tx: _lesson(tx, agent, trainees))
    for number in range(classes):
        agent.writer.run(lambda tx, number=number: _others(tx, agent, number, size))  # type: ignore[misc]  # a lambda's default
    return agent.writer.run(_admit)


def _lesson(tx: Transaction, agent: Agent, trainees: Sequence[str]) -> None:
    zone = load_policy(agent.settings.policy).policy.zone
    start = (tx.stamp.wall + _LEAD).astimezone(zone).replace(second=0, microsecond=0, tzinfo=None)
    training.save_class(tx, _class(CLASS, "育婴员初级", agent, start.date()), by="bench")
    training.save_trainees(tx, [_trainee(each, CLASS, each) for each in trainees])
    lesson = Lesson(LESSON, CLASS, start.date(), start.time(), 2)
    lessons.save_lesson(tx, lesson, change="edited", by="bench")
    for each in trainees:
        given = ConsentGiven(trainee=each, purpose="recognise", text="bench", at=tx.stamp.wall)
        consents.give(tx, given, by="bench")


def _others(tx: Transaction, agent: Agent, number: int, size: int) -> None:
    today = tx.stamp.wall.date()
    training.save_class(tx, _class(f"c{number}", f"中式烹调师 {number} 期", agent, today), by="bench")
    training.save_trainees(tx, [_trainee(f"c{number}-{each}", f"c{number}", f"学员{each}") for each in range(size)])


def _class(identifier: str, name: str, agent: Agent, opens: date) -> TrainingClass:
    return TrainingClass(
        id=identifier,
        code=f"BENCH-{identifier}",
        name=name,
        category="育婴员",
        opens=opens,
        closes=opens + timedelta(30),
        required_periods=40,
        state=ClassState.APPROVED,
        policy=agent.settings.policy,
    )


def _trainee(identifier: str, class_id: str, name: str) -> Trainee:
    return Trainee(
        id=identifier,
        class_id=class_id,
        name=name,
        document=secrets.token_hex(9).upper(),
        phone="13800000000",
        verified=True,
    )


def _admit(tx: Transaction) -> Tokens:
    kiosks.save_kiosk(tx, Kiosk(KIOSK, "门口"), by="bench")
    office = Account(OFFICE, Role.ADMINISTRATOR, "13800009999", "管理员")
    accounts.save(tx, office, change="created", by="bench")
    return Tokens(
        sessions.open_session(tx, account=KIOSK, role=Role.KIOSK, method="pairing", lasts=_LASTS),
        sessions.open_session(tx, account=OFFICE, role=Role.ADMINISTRATOR, method="password", lasts=_LASTS),
    )
