"""一键通知: one message to each trainee for whom it was asked, sent once, with a record.

A message is taken for a while by one process of the centre, handed over, and marked as sent: one after the other, so
that none waits for a slow gateway until another process takes it as well. A process that dies in between hands it over
again, with the same key: a gateway that honours `Idempotency-Key`, or our folder, keeps one.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import shlex
import signal
import subprocess
import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

import msgspec
import requests

from edge_agent.central.database import Database, Row, Tx
from edge_agent.central.digest.people import Person
from edge_agent.central.instants import from_micros, to_micros
from edge_agent.central.staff.accounts import Scope
from edge_agent.central.views.paging import Page, read_page
from edge_agent.clock import Clock
from edge_agent.durable import make_folder, replace_file, sync_folder
from edge_agent.errors import EdgeAgentError, InputError, StorageError

log = logging.getLogger(__name__)

_LEASE, _AGAIN, _LONGEST = timedelta(minutes=2), timedelta(minutes=1), timedelta(hours=1)
_TRIES = 10
_TOGETHER = 20
_IDLE_SECONDS = 2.0
_TIMEOUT = 20.0
"""Of a program, and of each silence of a gateway on the web; with a name to look up far below `_LEASE`."""

TEXT = "【职业技能培训】{name}，您报名的“{training}”{opens}开班，培训地点：{venue}。请按课表到课并签到、签退。"


class MessageError(EdgeAgentError):
    """The gateway did not take a message; it is tried again."""


@dataclass(frozen=True, slots=True)
class Message:
    """`key` is the same each time that this message is tried."""

    key: str
    phone: str
    text: str

    def encode(self) -> bytes:
        return json.dumps({"key": self.key, "phone": self.phone, "text": self.text}, ensure_ascii=False).encode()


class Gateway(Protocol):
    def send(self, message: Message) -> None:
        """Hand a message over. Raises `MessageError`."""
        ...


class Folder:
    """Where no gateway is configured: a file a message, for whoever sends them."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def send(self, message: Message) -> None:
        try:
            make_folder(self._root, mode=0o700)
            replace_file(self._root / f"{message.key}.json", message.encode())
            sync_folder(self._root)
        except OSError as error:
            raise MessageError(f"{self._root}: {error.strerror}") from error


class Program:
    """Runs a command for each message, which stands on its input as JSON; any other status than 0 is a failure."""

    def __init__(self, command: str) -> None:
        self._command = shlex.split(command)

    def send(self, message: Message) -> None:
        try:
            process = subprocess.Popen(  # noqa: S603 - the operator's own command; nothing of the message stands in it
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        except OSError as error:
            raise MessageError(f"{self._command[0]}: {error}") from error
        with process:
            try:
                said = process.communicate(message.encode(), timeout=_TIMEOUT)[1]
            except subprocess.TimeoutExpired as error:
                # With all that it has started: a script's child would hold on to the line, one more for each message.
                os.killpg(process.pid, signal.SIGKILL)
                raise MessageError(f"{self._command[0]}: no end after {_TIMEOUT:.0f} s") from error
        if process.returncode:
            raise MessageError(
                f"{self._command[0]}: status {process.returncode}: {said[:200].decode(errors='replace')}"
            )


class Web:
    """Posts each message as JSON, with `Idempotency-Key`."""

    def __init__(self, url: str) -> None:
        self._url = url

    def send(self, message: Message) -> None:
        headers = {"Content-Type": "application/json", "Idempotency-Key": message.key}
        try:
            # A redirected POST would become a GET, whose 200 is not the message's.
            answer = requests.post(
                self._url, message.encode(), headers=headers, timeout=_TIMEOUT, allow_redirects=False
            )
        except requests.RequestException as error:
            raise MessageError(f"the gateway does not answer: {type(error).__name__}") from error
        if not answer.ok or answer.is_redirect:
            raise MessageError(f"the gateway answers {answer.status_code}: {answer.text[:200]}")


def open_gateway(address: str) -> Gateway:
    """Open an http(s) address, `command:PROGRAM ARGUMENTS`, or a folder."""
    if address.startswith(("https://", "http://")):
        return Web(address)
    if address.startswith("command:"):
        if not shlex.split(address.removeprefix("command:")):
            raise InputError("--sms command: names no program (未指定短信命令).")
        return Program(address.removeprefix("command:"))
    return Folder(Path(address))


class Messenger:
    """Sends what waits, on a thread of its own."""

    def __init__(self, database: Database, clock: Clock, gateway: Gateway) -> None:
        self._database = database
        self._clock = clock
        self._gateway = gateway
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="messages", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join()

    def step(self) -> int:
        """Send some of what is due; give how many were tried."""
        tried = 0
        while tried < _TOGETHER and not self._stopping.is_set():
            now = self._clock.stamp().wall
            with self._database.write() as tx:
                taken = _take(tx, now)
            if taken is None:
                break
            self._send(*taken, now)
            tried += 1
        return tried

    def _send(self, place: tuple[int, str, str], tries: int, message: Message | str, now: datetime) -> None:
        state, detail, due = "sent", "", now
        if isinstance(message, str):
            state, due, tries = message, now + _AGAIN, tries - 1
        else:
            try:
                self._gateway.send(message)
            except MessageError as error:
                state, detail = ("failed" if tries >= _TRIES else "waiting"), error.message
                due = now + min(_AGAIN * 2 ** (min(tries, _TRIES) - 1), _LONGEST)
        with self._database.write() as tx:
            tx.run(
                "UPDATE notices SET state = %s, detail = %s, due = %s, at = %s, tries = %s"
                " WHERE agent = %s AND class_id = %s AND trainee = %s",
                (state, detail, to_micros(due), to_micros(now), tries, *place),
            )

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                if self.step():
                    continue
            except StorageError as error:
                log.warning("no message can be sent: %s", error)
            except Exception:
                log.exception("a fault of this program: the message that it was at comes again")
            self._stopping.wait(_IDLE_SECONDS)


def _take(tx: Tx, now: datetime) -> tuple[tuple[int, str, str], int, Message | str] | None:
    """Take what is due, so that no other process does; a text instead of a message is the state it goes into.

    No pause is longer than `_LONGEST`: a later one was noted under a clock that has been put right since.
    """
    times = to_micros(now), to_micros(now + _LONGEST)
    row = tx.row(
        "UPDATE notices SET due = %s, tries = tries + 1 WHERE state = 'waiting' AND (due <= %s OR due > %s)"
        " AND (agent, class_id, trainee) IN (SELECT agent, class_id, trainee FROM notices"
        " WHERE state = 'waiting' AND (due <= %s OR due > %s) ORDER BY due LIMIT 1)"
        " RETURNING agent, class_id, trainee, tries",
        (to_micros(now + _LEASE), *times, *times),
    )
    if row is None:
        return None
    agent, class_id, trainee, tries = row
    return (agent, class_id, trainee), tries, _message(tx, agent, class_id, trainee)


def _message(tx: Tx, agent: int, class_id: str, trainee: str) -> Message | str:
    row = tx.row(
        "SELECT content, coalesce(classes.name, ''), coalesce(opens, ''), coalesce(nullif(venue, ''), agents.agent)"
        " FROM people JOIN agents ON number = people.agent"
        " LEFT JOIN classes ON classes.agent = people.agent AND classes.id = %s"
        " WHERE people.agent = %s AND trainee = %s",
        (class_id, agent, trainee),
    )
    if row is None:
        return "waiting"  # the roster is still on its way
    person = msgspec.json.decode(row[0], type=Person)
    if not person.phone:
        return "no_phone"
    key = hashlib.sha256(f"{agent}\n{class_id}\n{trainee}".encode()).hexdigest()[:32]
    text = TEXT.format(
        name=person.name, training=row[1] or class_id, opens=f" {row[2]} " if row[2] else "将", venue=row[3]
    )
    return Message(key, person.phone, text)


def ask(tx: Tx, agent: int, class_id: str, trainees: list[str], *, by: str, now: datetime) -> int:
    """Ask for a message to each trainee who was not asked for yet; give how many those are."""
    asked = 0
    for trainee in trainees:
        asked += tx.run(
            "INSERT INTO notices(agent, class_id, trainee, asked, account) VALUES (%s, %s, %s, %s, %s)"
            " ON CONFLICT DO NOTHING",
            (agent, class_id, trainee, to_micros(now), by),
        )
    return asked


def try_again(tx: Tx, scope: Scope) -> int:
    """Let what failed, or had no number, be tried anew; give how many."""
    condition, values = scope.where("tenant")
    return tx.run(
        "UPDATE notices SET state = 'waiting', due = 0, tries = 0 WHERE state IN ('failed', 'no_phone')"
        f" AND agent IN (SELECT number FROM agents WHERE {condition})",
        values,
    )


@dataclass(frozen=True, slots=True)
class Notice:
    agent: int
    venue: str
    class_id: str
    class_name: str
    name: str
    state: str
    tries: int
    asked: datetime
    at: datetime | None
    detail: str


def list_notices(tx: Tx, scope: Scope, *, state: str = "", page: int = 1) -> Page[Notice]:
    condition, values = scope.where("tenant")
    source = (
        "notices JOIN agents ON number = notices.agent"
        " LEFT JOIN classes ON classes.agent = notices.agent AND classes.id = notices.class_id"
        " LEFT JOIN people ON people.agent = notices.agent AND people.trainee = notices.trainee"
        f" WHERE {condition}"
    )
    if state:
        source += " AND notices.state = %s"
        values.append(state)
    return read_page(
        tx,
        "notices.agent, coalesce(nullif(venue, ''), agents.agent), notices.class_id, coalesce(classes.name, ''),"
        " coalesce(people.name, ''), notices.state, tries, asked, notices.at, detail",
        source,
        values,
        order="asked DESC, notices.agent, notices.trainee",
        number=page,
        make=_notice,
    )


def _notice(row: Row) -> Notice:
    agent, venue, class_id, class_name, name, state, tries, asked, at, detail = row
    sent = None if at is None else from_micros(at)
    return Notice(agent, venue, class_id, class_name, name, state, tries, from_micros(asked), sent, detail)
