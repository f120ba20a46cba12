"""The tables, and the migrations between versions of them.

Instants are integers, microseconds since 1970 UTC, so that they sort and compare; documents and lists are JSON text.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlite_utils import Database as Tables

FACTS = """
CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
-- id = epoch << 40 | seq: one integer that orders the journal and the outbox.
CREATE TABLE facts(id INTEGER PRIMARY KEY, kind TEXT NOT NULL, body BLOB NOT NULL, link BLOB NOT NULL);
CREATE TABLE anchors(
    boot_id TEXT NOT NULL, boottime REAL NOT NULL, wall INTEGER NOT NULL, max_error REAL NOT NULL,
    fact INTEGER PRIMARY KEY REFERENCES facts(id));
CREATE TABLE requests(
    id TEXT PRIMARY KEY, kind TEXT NOT NULL, args TEXT NOT NULL, by TEXT NOT NULL, asked INTEGER NOT NULL,
    expires INTEGER NOT NULL, state TEXT NOT NULL DEFAULT 'asked', answer TEXT) WITHOUT ROWID;
CREATE INDEX requests_open ON requests(kind, asked) WHERE state = 'asked';
"""

TRAINING = """
CREATE TABLE rooms(id TEXT PRIMARY KEY, name TEXT NOT NULL, active INTEGER NOT NULL DEFAULT 1) WITHOUT ROWID;
CREATE TABLE classes(
    id TEXT PRIMARY KEY, code TEXT NOT NULL UNIQUE, name TEXT NOT NULL, category TEXT NOT NULL, opens TEXT,
    closes TEXT, required_periods INTEGER NOT NULL, online_required INTEGER NOT NULL, state TEXT NOT NULL,
    policy TEXT NOT NULL, owner TEXT NOT NULL, revision INTEGER NOT NULL, size_exception TEXT NOT NULL,
    opened_by_hand INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE trainees(
    id TEXT PRIMARY KEY, class_id TEXT NOT NULL REFERENCES classes(id), name TEXT NOT NULL, document TEXT NOT NULL,
    phone TEXT NOT NULL, document_type TEXT NOT NULL, subgroup TEXT NOT NULL, online_periods REAL NOT NULL,
    certificate TEXT NOT NULL, verified INTEGER NOT NULL, active INTEGER NOT NULL, revision INTEGER NOT NULL,
    notified INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;
CREATE INDEX trainees_class ON trainees(class_id);
CREATE INDEX trainees_person ON trainees(document);
CREATE UNIQUE INDEX trainees_document ON trainees(class_id, document) WHERE active;
CREATE TABLE teachers(
    id TEXT PRIMARY KEY, name TEXT NOT NULL, full_time INTEGER NOT NULL, phone TEXT NOT NULL,
    confirmed INTEGER NOT NULL, classes TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE lessons(
    id TEXT PRIMARY KEY, class_id TEXT NOT NULL REFERENCES classes(id), date TEXT NOT NULL, start TEXT NOT NULL,
    periods INTEGER NOT NULL, break_minutes INTEGER NOT NULL, room TEXT NOT NULL, subject TEXT NOT NULL,
    teacher TEXT NOT NULL, subgroup TEXT NOT NULL, cameras TEXT NOT NULL, kind TEXT NOT NULL, ends TEXT,
    cancelled INTEGER NOT NULL, cancel_reason TEXT NOT NULL, owner TEXT NOT NULL, confirmed INTEGER NOT NULL,
    revision INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX lessons_class ON lessons(class_id, date);
CREATE TABLE documents(
    id TEXT PRIMARY KEY, kind TEXT NOT NULL, subject TEXT NOT NULL, revision INTEGER NOT NULL, sha256 TEXT NOT NULL,
    body BLOB NOT NULL, made INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX documents_subject ON documents(kind, subject, revision);
"""

CAPTURE = """
CREATE TABLE cameras(
    id TEXT PRIMARY KEY, name TEXT NOT NULL, kind TEXT NOT NULL, room TEXT NOT NULL, main TEXT NOT NULL,
    sub TEXT NOT NULL, snapshot TEXT NOT NULL, host TEXT NOT NULL, serial TEXT NOT NULL, endpoint TEXT NOT NULL,
    channel TEXT NOT NULL, maker TEXT NOT NULL, model TEXT NOT NULL, codec TEXT NOT NULL, secret TEXT NOT NULL,
    audio INTEGER NOT NULL, active INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE camera_states(
    camera TEXT PRIMARY KEY REFERENCES cameras(id), state TEXT NOT NULL, at INTEGER NOT NULL, heard INTEGER,
    cause TEXT NOT NULL, picture TEXT NOT NULL DEFAULT 'ok') WITHOUT ROWID;
CREATE TABLE secrets(name TEXT PRIMARY KEY, box BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE by_hand(
    id INTEGER PRIMARY KEY, lesson TEXT NOT NULL, camera TEXT NOT NULL, action TEXT NOT NULL, start INTEGER NOT NULL,
    end INTEGER NOT NULL, by TEXT NOT NULL);
CREATE INDEX by_hand_end ON by_hand(end);
CREATE TABLE media(
    id TEXT PRIMARY KEY, kind TEXT NOT NULL, path TEXT NOT NULL, sha256 TEXT NOT NULL, size INTEGER NOT NULL,
    start INTEGER NOT NULL, end INTEGER NOT NULL, lesson TEXT NOT NULL, camera TEXT NOT NULL, mime TEXT NOT NULL,
    confirmed INTEGER, confirmed_by TEXT, requested INTEGER NOT NULL DEFAULT 0, deleted INTEGER, archived INTEGER,
    attributes TEXT NOT NULL DEFAULT '{}'); -- rows are long, and come in order: a page for each row would be split
CREATE INDEX media_lesson ON media(lesson, kind, start);
CREATE INDEX media_camera ON media(camera, kind, start);
CREATE INDEX media_unconfirmed ON media(kind, start) WHERE confirmed IS NULL AND deleted IS NULL;
CREATE INDEX media_confirmed ON media(kind, start) WHERE confirmed IS NOT NULL AND deleted IS NULL;
CREATE INDEX media_requested ON media(kind, start) WHERE requested = 1 AND confirmed IS NULL AND deleted IS NULL;
CREATE TABLE slots(
    id TEXT PRIMARY KEY, lesson TEXT NOT NULL, state TEXT NOT NULL, media TEXT, cause TEXT NOT NULL,
    at INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX slots_lesson ON slots(lesson);
CREATE TABLE gaps(
    camera TEXT NOT NULL, lesson TEXT NOT NULL, start INTEGER NOT NULL, end INTEGER, cause TEXT NOT NULL,
    PRIMARY KEY(lesson, camera, start)) WITHOUT ROWID;
"""

ATTENDANCE = """
-- One row a unit, trainee and direction: the primary key is what makes a double click count once.
CREATE TABLE taps(
    class_id TEXT NOT NULL, unit TEXT NOT NULL, trainee TEXT NOT NULL, direction TEXT NOT NULL, at INTEGER NOT NULL,
    method TEXT NOT NULL, visit TEXT NOT NULL, lesson TEXT NOT NULL, reason TEXT NOT NULL, fact INTEGER NOT NULL,
    corrected INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY(class_id, unit, trainee, direction)) WITHOUT ROWID;
CREATE INDEX taps_trainee ON taps(trainee, at);
CREATE TABLE provisional(
    visit TEXT NOT NULL, trainee TEXT NOT NULL, boot_id TEXT NOT NULL, boottime REAL NOT NULL, wall INTEGER NOT NULL,
    method TEXT NOT NULL, outcome TEXT, fact INTEGER NOT NULL, PRIMARY KEY(visit, trainee)) WITHOUT ROWID;
CREATE INDEX provisional_waiting ON provisional(fact) WHERE outcome IS NULL;
"""

WEB = """
-- `login` is what a person types: a resident id, a phone number or a chosen name. `person` ties the account to a
-- teacher or, by resident id, to a trainee. A first password is valid until `password_ends`.
CREATE TABLE accounts(
    id TEXT PRIMARY KEY, role TEXT NOT NULL, login TEXT NOT NULL COLLATE NOCASE UNIQUE, name TEXT NOT NULL,
    person TEXT NOT NULL, password TEXT NOT NULL, must_change INTEGER NOT NULL, password_ends INTEGER,
    pin TEXT NOT NULL DEFAULT '', active INTEGER NOT NULL DEFAULT 1, failures INTEGER NOT NULL DEFAULT 0,
    locked_until INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;
CREATE INDEX accounts_person ON accounts(person);
CREATE TABLE kiosks(
    id TEXT PRIMARY KEY, name TEXT NOT NULL, room TEXT NOT NULL, camera TEXT NOT NULL, active INTEGER NOT NULL,
    seen INTEGER) WITHOUT ROWID;
-- Tokens and codes are stored as their SHA-256: whoever reads the database can't use them.
CREATE TABLE sessions(
    token TEXT PRIMARY KEY, account TEXT NOT NULL, role TEXT NOT NULL, method TEXT NOT NULL, opened INTEGER NOT NULL,
    seen INTEGER NOT NULL, ends INTEGER NOT NULL, address TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX sessions_account ON sessions(account);
CREATE TABLE consents(
    trainee TEXT NOT NULL, purpose TEXT NOT NULL, text TEXT NOT NULL, at INTEGER NOT NULL, paper TEXT NOT NULL,
    guardian INTEGER NOT NULL, withdrawn INTEGER, PRIMARY KEY(trainee, purpose)) WITHOUT ROWID;
CREATE TABLE codes(
    code TEXT PRIMARY KEY, kind TEXT NOT NULL, subject TEXT NOT NULL, ends INTEGER NOT NULL,
    failures INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;
"""

SEALS = """
CREATE TABLE seals(
    id INTEGER PRIMARY KEY, payload TEXT NOT NULL, key TEXT NOT NULL, signature TEXT NOT NULL, at INTEGER NOT NULL);
CREATE TABLE verdicts(
    lesson TEXT PRIMARY KEY, class_id TEXT NOT NULL, verdict TEXT NOT NULL, reasons TEXT NOT NULL,
    at INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE supplements(
    id TEXT PRIMARY KEY, class_id TEXT NOT NULL, lesson TEXT NOT NULL, media TEXT NOT NULL, start INTEGER NOT NULL,
    end INTEGER NOT NULL, reason TEXT NOT NULL, filed_by TEXT NOT NULL, document TEXT NOT NULL DEFAULT '',
    periods INTEGER NOT NULL DEFAULT 0, trainees TEXT NOT NULL DEFAULT '[]') WITHOUT ROWID;
CREATE INDEX supplements_class ON supplements(class_id);
CREATE TABLE media_roots(day TEXT PRIMARY KEY, root TEXT NOT NULL, fact INTEGER NOT NULL) WITHOUT ROWID;
"""

SYNC = """
-- One row: of every fact up to `acked` the centre has said, and signed, that it holds it, or keeps it in quarantine.
CREATE TABLE outbox(only INTEGER PRIMARY KEY CHECK(only = 1), acked INTEGER NOT NULL, at INTEGER NOT NULL);
-- The centre's signatures over heads, at most one a minute. `id` is the last fact that one covers.
CREATE TABLE countersignatures(
    id INTEGER PRIMARY KEY, payload TEXT NOT NULL, key TEXT NOT NULL, signature TEXT NOT NULL, at INTEGER NOT NULL);
CREATE TABLE documents_sent(document TEXT PRIMARY KEY REFERENCES documents(id), at INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE uploads(
    media TEXT PRIMARY KEY REFERENCES media(id), url TEXT NOT NULL DEFAULT '', headers TEXT,
    sent INTEGER NOT NULL DEFAULT 0, failures INTEGER NOT NULL DEFAULT 0, due INTEGER NOT NULL DEFAULT 0,
    error TEXT NOT NULL DEFAULT '') WITHOUT ROWID;
CREATE TABLE commands(
    id TEXT PRIMARY KEY, command TEXT NOT NULL, received INTEGER NOT NULL, request TEXT, answer TEXT) WITHOUT ROWID;
CREATE INDEX commands_open ON commands(received) WHERE answer IS NULL;
"""

FREQUENT = (
    "attendance.signed_in",
    "attendance.signed_out",
    "media.confirmed",
    "segment.closed",
    "snapshot.heads",
    "snapshot.taken",
)
"""Nearly all facts of a journal. They are read from some place on, or by tables of their own, never found by kind."""

# Comparisons, and no NOT IN: SQLite would build that list anew for each fact that is appended.
RARE = " AND ".join(f"kind <> '{kind}'" for kind in FREQUENT)

# What is asked at every tick or page is found at once in a journal of years; no index costs a write a tap or a segment.
AGE = f"""
CREATE INDEX facts_rare ON facts(kind) WHERE {RARE};
CREATE INDEX media_undated ON media(start) WHERE json_type(attributes, '$.clock') IS NOT NULL;
CREATE INDEX lessons_date ON lessons(date, start);
"""

FIRST = (FACTS, TRAINING, CAPTURE, ATTENDANCE, WEB, SEALS, SYNC)

MIGRATIONS: Sequence[Callable[[Tables], None]] = (
    lambda tables: _run(tables, "".join(FIRST)),
    lambda tables: _run(tables, "ALTER TABLE cameras ADD COLUMN revision INTEGER NOT NULL DEFAULT 1"),
    lambda tables: _run(tables, AGE),
)
"""Step n brings a database from version n to n + 1; a released step is never edited."""

VERSION = len(MIGRATIONS)


def _run(tables: Tables, script: str) -> None:
    # executescript() would commit first and leave the step half done after a crash.
    for statement in script.split(";"):
        if statement.strip():
            tables.execute(statement)
