"""Face templates at rest: a database of their own that only the kiosk's user can read, and that forgets for good.

Every view (an embedding of one picture) is sealed with AES-256-GCM under a key in a file beside the database, bound to
its trainee and engine. A rollback journal and `secure_delete` leave no byte of a deleted row behind; the database is in
no backup. Which trainee has views, how many and from where is plain: opaque ids, and needed to say what is there.
"""

from __future__ import annotations

import base64
import sqlite3
import threading
from collections.abc import Collection, Iterable, Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Literal

import numpy as np

from edge_agent.errors import StorageError
from edge_agent.faces.backend import Identity
from edge_agent.faces.face import Floats
from edge_agent.faces.template import Template
from edge_agent.secrets import SecretBox
from edge_agent.settings import find_credential
from edge_agent.store.database import to_micros

Source = Literal["photo", "card", "camera", "live"]
Cause = Literal["withdrawn", "class_over", "replaced", "left", "gallery_lost"]

LIVE_VIEWS = 3
"""Views from sign-ins that a template takes up; then the oldest gives way."""
FILING_THRESHOLD = 100_000
"""People whose faces are stored from which on the processor must file with the authority within 30 days."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS views(
    id INTEGER PRIMARY KEY, trainee TEXT NOT NULL, source TEXT NOT NULL, engine TEXT NOT NULL, at INTEGER NOT NULL,
    sealed BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS views_trainee ON views(trainee);
-- Deletions whose fact is not in the journal yet: the template goes first, the fact follows.
CREATE TABLE IF NOT EXISTS deleted(trainee TEXT PRIMARY KEY, cause TEXT NOT NULL) WITHOUT ROWID;
"""


class Gallery:
    """Thread-safe. `folder` holds `faces.db`, and `faces.key` unless systemd hands it: made on first use, mode 0600."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "faces.db"
        folder.mkdir(parents=True, exist_ok=True)
        self._box = SecretBox.at(folder / "faces.key")
        self._lock = threading.Lock()
        self._fused: dict[tuple[str, Identity], Template] = {}
        self.path.touch(mode=0o600)
        if self.path.stat().st_mode & 0o077:
            raise StorageError(f"{self.path}: others can read it (权限过宽).", do=f"Run: chmod 600 {self.path}")
        try:
            self._database = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False)
            for pragma in ("journal_mode=DELETE", "secure_delete=ON", "synchronous=FULL", "temp_store=MEMORY"):
                self._database.execute(f"PRAGMA {pragma}").close()
            self._database.executescript(_SCHEMA)
        except sqlite3.DatabaseError as error:
            raise StorageError(
                f"{self.path}: damaged ({error}; 人脸库损坏).",
                do="Run `edge-agent faces reset`: everybody is enrolled again.",
            ) from error

    def close(self) -> None:
        with self._lock:
            self._fused.clear()
            self._database.close()

    def add(self, trainee: str, views: Iterable[Floats], *, source: Source, engine: Identity, at: datetime) -> None:
        """Add views of a trainee; the consent is the caller's to check (`enrolment.py`)."""
        rows = [(trainee, source, _key(engine), to_micros(at), self._seal(trainee, engine, view)) for view in views]
        with self._lock, self._database:
            self._database.execute("BEGIN IMMEDIATE")
            self._database.executemany(
                "INSERT INTO views(trainee, source, engine, at, sealed) VALUES (?, ?, ?, ?, ?)", rows
            )
            self._database.execute(
                "DELETE FROM views WHERE trainee = ? AND source = 'live' AND id NOT IN "
                "(SELECT id FROM views WHERE trainee = ? AND source = 'live' ORDER BY id DESC LIMIT ?)",
                (trainee, trainee, LIVE_VIEWS),
            )
            self._forget_fused({trainee})

    def templates(self, trainees: Iterable[str], engine: Identity) -> dict[str, Template]:
        """The templates of those who have one for this engine. Raises `StorageError` where the key is another."""
        with self._lock:
            found = {trainee: self._template(trainee, engine) for trainee in trainees}
        return {trainee: template for trainee, template in found.items() if template is not None}

    def trainees(self) -> set[str]:
        with self._lock, closing(self._database.execute("SELECT DISTINCT trainee FROM views")) as rows:
            return {trainee for (trainee,) in rows}

    def sources(self, trainee: str) -> list[str]:
        """From where the trainee's views are, oldest first."""
        with (
            self._lock,
            closing(
                self._database.execute("SELECT source FROM views WHERE trainee = ? ORDER BY id", (trainee,))
            ) as rows,
        ):
            return [source for (source,) in rows]

    def count(self) -> int:
        """People whose faces are stored: compare with `FILING_THRESHOLD` over all devices of the processor."""
        return len(self.trainees())

    def resembling(self, vector: Floats, engine: Identity, *, but: Collection[str]) -> str:
        """A trainee whose template is too much like this one, or ''; `but` are the person's own rows."""
        others = self.templates(self.trainees().difference(but), engine)
        if not others:
            return ""
        names = list(others)
        scores = engine.metric.scores(np.stack([others[name].vector for name in names]), vector)
        best = int(np.argmax(scores))
        return names[best] if scores[best] >= engine.thresholds.resembles else ""

    def delete(self, trainees: Iterable[str], cause: Cause) -> None:
        """Overwrite and remove these trainees' views, and note that a fact must say so (`announce`)."""
        gone = [(trainee,) for trainee in trainees]
        with self._lock, self._database:
            self._database.execute("BEGIN IMMEDIATE")
            self._database.executemany("DELETE FROM views WHERE trainee = ?", gone)
            self._database.executemany("INSERT OR REPLACE INTO deleted VALUES (?, ?)", [(t, cause) for (t,) in gone])
            self._forget_fused({trainee for (trainee,) in gone})

    def delete_photos(self, trainee: str) -> None:
        """Make room for a new enrolment; views from sign-ins go too, since they were accepted by the old one."""
        with self._lock, self._database:
            self._database.execute("DELETE FROM views WHERE trainee = ?", (trainee,))
            self._forget_fused({trainee})

    def unannounced(self) -> list[tuple[str, Cause]]:
        with self._lock, closing(self._database.execute("SELECT trainee, cause FROM deleted")) as rows:
            return list(rows)

    def announced(self, trainees: Sequence[str]) -> None:
        with self._lock, self._database:
            self._database.executemany("DELETE FROM deleted WHERE trainee = ?", [(trainee,) for trainee in trainees])

    def _template(self, trainee: str, engine: Identity) -> Template | None:
        known = self._fused.get((trainee, engine))
        if known is not None:
            return known
        query = "SELECT source, sealed FROM views WHERE trainee = ? AND engine = ?"
        with closing(self._database.execute(query, (trainee, _key(engine)))) as rows:
            views = [(source, self._open(trainee, engine, sealed)) for source, sealed in rows]
        if not views:
            return None
        live = sum(source == "live" for source, _ in views)
        template = Template(trainee, engine.metric.fuse([view for _, view in views]), len(views), live)
        self._fused[trainee, engine] = template
        return template

    def _forget_fused(self, trainees: set[str]) -> None:
        self._fused = {key: template for key, template in self._fused.items() if key[0] not in trainees}

    def _seal(self, trainee: str, engine: Identity, view: Floats) -> bytes:
        return self._box.seal(_name(trainee, engine), base64.b64encode(view.astype("<f4").tobytes()).decode())

    def _open(self, trainee: str, engine: Identity, sealed: bytes) -> Floats:
        try:
            text = self._box.open(_name(trainee, engine), sealed)
        except StorageError as error:
            raise StorageError(
                f"{self.path}: a template can't be opened: another key, or a damaged database (人脸库密钥不符).",
                do=f"Restore {self.path.with_suffix('.key')}, or run `edge-agent faces reset` and enrol again.",
            ) from error
        return np.frombuffer(base64.b64decode(text), "<f4").astype(np.float32)


def _key(engine: Identity) -> str:
    return f"{engine.name}/{engine.version}"


def _name(trainee: str, engine: Identity) -> str:
    return f"view of {trainee} by {_key(engine)}"


def reset(folder: Path) -> None:
    """Remove database and key, where they don't belong together any more. A key that systemd hands over stays."""
    key = [] if find_credential("faces.key") else ["faces.key"]
    for name in ("faces.db", "faces.db-journal", *key):
        (folder / name).unlink(missing_ok=True)  # not media: templates, which nobody can open any more
