"""The kiosk's handle on the faces part, for a venue of a test: real engine, a gallery of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from edge_agent.faces.answer import LivenessPolicy
from edge_agent.faces.kiosk import KioskFaces
from edge_agent.store.database import connect
from tests.faces.conftest import WEIGHTS, fetched
from tests.venue import Venue


@contextmanager
def open_faces(
    venue: Venue,
    folder: Path,
    *,
    policy: LivenessPolicy = LivenessPolicy.OFF,
    locate: Callable[[str], Path] = Path,
) -> Iterator[KioskFaces]:
    """Ready to see; liveness is off by default, for a made-up visitor is as flat as a picture."""
    fetched("opencv")
    faces = KioskFaces(
        models=WEIGHTS,
        gallery=folder / "faces",
        engine="opencv",
        policy=policy,
        clock=venue.clock,
        writer=venue.writer,
        connect=lambda: connect(venue.database, readonly=True),
        locate=locate,
    )
    try:
        faces.engine.wait_ready()
        yield faces
    finally:
        faces.close()
