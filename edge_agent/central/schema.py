"""The centre's tables, in the SQL that SQLite and PostgreSQL share; `{serial}` and `{blob}` are what they don't.

Instants are integers, microseconds since 1970 UTC; documents are JSON text. `place` is `epoch << 40 | seq`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from edge_agent.central import schema_pages as pages
from edge_agent.errors import StorageError

AGENTS = """
-- An agent's name is its user name at the broker, so it is the only one of that name in all tenants.
CREATE TABLE agents(
    number {serial}, tenant TEXT NOT NULL, agent TEXT NOT NULL, venue TEXT NOT NULL DEFAULT '',
    public TEXT NOT NULL, revoked BIGINT, created BIGINT NOT NULL,
    state TEXT NOT NULL DEFAULT '', state_at BIGINT, online INTEGER NOT NULL DEFAULT 0, heard BIGINT,
    UNIQUE(agent));
CREATE TABLE heads(
    agent BIGINT NOT NULL REFERENCES agents(number), epoch BIGINT NOT NULL, upto BIGINT NOT NULL, link {blob} NOT NULL,
    forked INTEGER NOT NULL DEFAULT 0, at BIGINT NOT NULL, PRIMARY KEY(agent, epoch));
"""

FACTS = """
-- Only what is contiguous and chain-checked stands here. `flaw` says what is wrong with a body by its schema.
CREATE TABLE facts(
    agent BIGINT NOT NULL, place BIGINT NOT NULL, kind TEXT NOT NULL, body {blob} NOT NULL, flaw TEXT NOT NULL,
    PRIMARY KEY(agent, place)){clustered};
-- Batches that came before the facts ahead of them, whole.
CREATE TABLE parked(
    agent BIGINT NOT NULL, epoch BIGINT NOT NULL, first BIGINT NOT NULL, last BIGINT NOT NULL, message {blob} NOT NULL,
    at BIGINT NOT NULL, asked BIGINT NOT NULL DEFAULT 0, PRIMARY KEY(agent, epoch, first));
CREATE TABLE quarantine(
    id {serial}, agent BIGINT NOT NULL, at BIGINT NOT NULL, code TEXT NOT NULL, epoch BIGINT, first BIGINT,
    last BIGINT, detail TEXT NOT NULL, message {blob} NOT NULL);
CREATE INDEX quarantine_agent ON quarantine(agent, at);
CREATE TABLE refusals(
    topic TEXT NOT NULL, code TEXT NOT NULL, count BIGINT NOT NULL, last BIGINT NOT NULL, detail TEXT NOT NULL,
    PRIMARY KEY(topic, code));
CREATE TABLE documents(
    agent BIGINT NOT NULL, id TEXT NOT NULL, kind TEXT NOT NULL, subject TEXT NOT NULL, revision BIGINT NOT NULL,
    sha256 TEXT NOT NULL, body {blob} NOT NULL, at BIGINT NOT NULL, PRIMARY KEY(agent, id));
"""

MEDIA = """
CREATE TABLE uploads(
    id TEXT PRIMARY KEY, agent BIGINT NOT NULL, media TEXT NOT NULL, size BIGINT NOT NULL, metadata TEXT NOT NULL,
    expires BIGINT NOT NULL, done INTEGER NOT NULL DEFAULT 0);
CREATE INDEX uploads_expires ON uploads(expires);
CREATE TABLE media(
    agent BIGINT NOT NULL, id TEXT NOT NULL, kind TEXT NOT NULL, sha256 TEXT NOT NULL, size BIGINT NOT NULL,
    starts BIGINT NOT NULL, ends BIGINT NOT NULL, lesson TEXT NOT NULL, camera TEXT NOT NULL, mime TEXT NOT NULL,
    location TEXT NOT NULL, at BIGINT NOT NULL, PRIMARY KEY(agent, id));
CREATE INDEX media_lesson ON media(agent, lesson, kind);
"""

COMMANDS = """
CREATE TABLE commands(
    id TEXT PRIMARY KEY, agent BIGINT NOT NULL, name TEXT NOT NULL, message {blob} NOT NULL, issuer TEXT NOT NULL,
    issued BIGINT NOT NULL, expires BIGINT NOT NULL, sent BIGINT NOT NULL DEFAULT 0, result TEXT NOT NULL DEFAULT '',
    answered BIGINT);
CREATE INDEX commands_agent ON commands(agent, issued);
CREATE INDEX commands_open ON commands(sent) WHERE answered IS NULL;
"""

ENROLMENT = """
-- A token is kept as its SHA-256: who reads the database can't use it. `used` is the key of the device that used it.
CREATE TABLE tokens(
    token TEXT PRIMARY KEY, tenant TEXT NOT NULL, agent TEXT NOT NULL, venue TEXT NOT NULL, expires BIGINT NOT NULL,
    used TEXT NOT NULL DEFAULT '');
CREATE TABLE certificates(
    serial TEXT PRIMARY KEY, agent BIGINT NOT NULL, issued BIGINT NOT NULL, expires BIGINT NOT NULL, revoked BIGINT);
"""

MIGRATIONS = (
    AGENTS + FACTS + MEDIA + COMMANDS + ENROLMENT,
    pages.TENANTS + pages.STAFF + pages.READ + pages.WORK,
    pages.INSPECTIONS,
)
"""Step n brings a database from version n to n + 1; a released step is never edited."""

VERSION = len(MIGRATIONS)


def statements(version: int, dialect: Mapping[str, str]) -> Iterator[str]:
    """Give what brings a database of `version` up to date. Raises `StorageError` for one from a newer program."""
    if version > VERSION:
        raise StorageError(
            f"The database was made by a newer version ({version}; this software knows {VERSION}).",
            do="Install that version again; nothing was changed.",
        )
    for script in MIGRATIONS[version:]:
        bare = "\n".join(line for line in script.splitlines() if not line.startswith("--"))
        for statement in bare.format(**dialect).split(";"):
            if statement.strip():
                yield statement
