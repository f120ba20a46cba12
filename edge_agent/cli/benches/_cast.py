"""People who stand before a bench's kiosk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path

import cv2
import numpy as np

from edge_agent.errors import InputError
from edge_agent.faces.enrolment import Enroller
from edge_agent.faces.fetch import fetch
from edge_agent.faces.manifest import read_manifest
from edge_agent.serve.agent import Agent
from edge_agent.serve.kiosk import open_faces
from edge_agent.simulator.visitor import Person, jpeg, read_person

SAMPLE = "carphone_pristine.mp4"

Cast = Mapping[str, tuple[Person, Person]]
"""By name: whom somebody is enrolled from, and who then stands there; of another clip, where there are two."""


def read_cast(clips: Path | None, folder: Path) -> Cast:
    """By name: the clip that somebody is enrolled from, and another one that is shown, where there are two."""
    if clips is None:
        sample = read_manifest().named(SAMPLE)
        list(fetch([sample], folder))
        person = read_person(folder / SAMPLE)
        return {"sample": (person, person)}
    people = {each.name: sorted(each.iterdir()) for each in sorted(clips.iterdir()) if each.is_dir()}
    return {name: (read_person(files[0]), read_person(files[-1])) for name, files in people.items() if files}


def enrol(agent: Agent, cast: Cast) -> set[str]:
    """Enrol everybody from stills of the first clip, enlarged where a face before a webcam is too small for that."""
    enrolled = set()
    with closing(open_faces(agent)) as faces:
        faces.engine.wait_ready()
        for name, (first, _) in cast.items():
            stills = first.stills(4)
            if _take(faces.enroller, agent, name, stills) or _take(faces.enroller, agent, name, _enlarged(stills)):
                enrolled.add(name)
    return enrolled


def _take(enroller: Enroller, agent: Agent, name: str, stills: Sequence[bytes]) -> bool:
    photos = [(f"photo {number}", still) for number, still in enumerate(stills)]
    try:
        enroller.from_photos(name, photos, at=agent.clock.stamp().wall, by="bench")
    except InputError:
        return False
    return True


def _enlarged(stills: Sequence[bytes]) -> list[bytes]:
    pictures = [cv2.imdecode(np.frombuffer(still, np.uint8), cv2.IMREAD_COLOR) for still in stills]
    return [jpeg(np.asarray(cv2.resize(np.asarray(each), None, fx=1.5, fy=1.5), np.uint8)) for each in pictures]
