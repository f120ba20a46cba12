"""Forgetting in time: whose template may stay is worked out anew at every tick, and all others go.

A consent that was withdrawn, a class that ended 30 days ago, a trainee who left the roster: the next tick deletes, so
well within 60 s, whatever was missed while the device was off.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path

from edge_agent.faces.gallery import Cause, Gallery
from edge_agent.model.kinds.people import TemplateDeleted
from edge_agent.model.people import ClassState, Trainee, TrainingClass
from edge_agent.store.consents import who_consents
from edge_agent.store.database import Connection
from edge_agent.store.training import list_classes, list_trainees
from edge_agent.store.writer import Writer

KEPT_AFTER_CLASS = timedelta(days=30)


def retire(gallery: Gallery, connection: Connection, writer: Writer, today: date) -> int:
    """Delete what may no longer be kept, and append the facts of all deletions; give how many trainees were deleted."""
    doomed = _doomed(gallery.trainees(), connection, today)
    for cause in set(doomed.values()):
        gallery.delete([trainee for trainee, each in doomed.items() if each == cause], cause)
    announce(gallery, writer)
    return len(doomed)


def retire_at(folder: Path, connection: Connection, writer: Writer, today: date) -> int:
    """The same for the gallery in `folder` that nobody has open: recognition is off, forgetting is not."""
    with closing(Gallery(folder)) as gallery:
        return retire(gallery, connection, writer, today)


def announce(gallery: Gallery, writer: Writer) -> None:
    """Append the facts of deletions; one that a crash held back is appended now."""
    waiting = gallery.unannounced()
    if waiting:
        writer.append(*(TemplateDeleted(trainee=trainee, cause=cause) for trainee, cause in waiting))
        gallery.announced([trainee for trainee, _ in waiting])


def _doomed(kept: set[str], connection: Connection, today: date) -> Mapping[str, Cause]:
    if not kept:
        return {}
    classes = {training.id: training for training in list_classes(connection, deleted=True)}
    rows = {row.id: row for each in classes for row in list_trainees(connection, each, inactive=True)}
    consenting = who_consents(connection, "recognise")
    found = {}
    for trainee in kept:
        cause = _cause(rows.get(trainee), classes, consents=trainee in consenting, today=today)
        if cause is not None:
            found[trainee] = cause
    return found


def _cause(row: Trainee | None, classes: Mapping[str, TrainingClass], *, consents: bool, today: date) -> Cause | None:
    if not consents:
        return "withdrawn"
    if row is None or not row.active or classes[row.class_id].state is ClassState.DELETED:
        return "left"
    closes = classes[row.class_id].closes
    return "class_over" if closes is not None and today > closes + KEPT_AFTER_CLASS else None
