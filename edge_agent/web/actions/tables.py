"""Tables of the office: a kind, bytes and what was ticked, to the summary that the page shows.

Imported when the first table comes: reading spreadsheets takes 35 MB, which a kiosk's service does without.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from edge_agent.intake.classes import parse_classes
from edge_agent.intake.commit import (
    Counts,
    Draft,
    Importer,
    Outcome,
    write_classes,
    write_online,
    write_roster,
    write_teachers,
    write_timetable,
)
from edge_agent.intake.kinds import TableKind
from edge_agent.intake.online import parse_online
from edge_agent.intake.roster import parse_roster
from edge_agent.intake.stored import load_world
from edge_agent.intake.summary import summary
from edge_agent.intake.teachers import parse_teachers
from edge_agent.intake.templates import TEMPLATES
from edge_agent.intake.timetable import parse_timetable
from edge_agent.intake.world import World
from edge_agent.store.database import Connection
from edge_agent.web.site import Site

_WRITERS: Mapping[TableKind, Callable[..., Counts]] = {
    "roster": write_roster,
    "timetable": write_timetable,
    "classes": write_classes,
    "teachers": write_teachers,
    "online": write_online,
}


def template(kind: TableKind) -> bytes:
    return TEMPLATES[kind]()


def take(
    site: Site,
    kind: TableKind,
    data: bytes,
    name: str,
    *,
    class_ref: str,
    complete: bool,
    ticked: Iterable[str],
    dry_run: bool,
    by: str,
) -> dict[str, Any]:
    """Check a table or import it; raises `FileRefusedError` for one that can't be read at all."""
    parse = _parser(kind, data, name, class_ref, complete=complete)
    now, keys = site.now().wall, frozenset(ticked)

    def load(connection: Connection) -> World:
        return load_world(connection, now=now, policy=site.settings.policy)

    with site.readers() as connection:
        world = load(connection)
    if dry_run:
        draft = parse(world)
        return summary(Outcome(draft, draft.problems.blocking(keys), None))
    return summary(Importer(site.writer, load, by).run(world, parse, _WRITERS[kind], ticked=keys))


def _parser(kind: TableKind, data: bytes, name: str, class_ref: str, *, complete: bool) -> Callable[[World], Draft]:
    parsers: Mapping[TableKind, Callable[[World], Draft]] = {
        "roster": lambda world: parse_roster(data, name, world, class_ref=class_ref, complete=complete),
        "timetable": lambda world: parse_timetable(data, name, world, class_ref=class_ref, complete=complete),
        "classes": lambda world: parse_classes(data, name, world),
        "teachers": lambda world: parse_teachers(data, name, world),
        "online": lambda world: parse_online(data, name, world, class_ref=class_ref),
    }
    return parsers[kind]
