"""Measuring recognition on folders of photos, through the code that the kiosk calls."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from pathlib import Path

import numpy as np

from edge_agent.errors import InputError
from edge_agent.faces.backend import Identity
from edge_agent.faces.decide import Decision, Outcome, Roster
from edge_agent.faces.face import Floats
from edge_agent.faces.frames import encode_frame
from edge_agent.faces.images import read_photo
from edge_agent.faces.process import FaceEngine
from edge_agent.faces.template import WANTED_PHOTOS

PHOTO_SUFFIXES = {
    *(".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".bmp"),
    *(".gif", ".tif", ".tiff", ".heic", ".heif", ".avif", ".jp2"),
}
"""The second line's are refused by name: who has such photos learns that they don't count."""
_NAMED = 3
"""Of files that are left out, so many are named."""
_Z95 = 1.96

Seen = Mapping[Path, Floats | None]
"""The embedding of each photo; None where there is no face on it."""


@dataclass(frozen=True, slots=True)
class Probe:
    """One decision: `paths` are the pictures it rests on, `person` whose they are. No face: no decision."""

    paths: tuple[Path, ...]
    person: str
    decision: Decision | None

    @property
    def outcome(self) -> str:
        return self.decision.outcome.value if self.decision else "no_face"

    @property
    def name(self) -> str:
        return self.decision.name if self.decision and self.decision.outcome is not Outcome.UNKNOWN else ""


@dataclass(frozen=True, slots=True)
class Figures:
    """`tpir`: members found under their own name; `fpir`: strangers given a name; both of all probes.

    The intervals are Wilson's at 95 %.
    """

    members: int
    strangers: int
    tpir: float
    tpir_interval: tuple[float, float]
    fpir: float
    fpir_interval: tuple[float, float]
    wrong_names: int
    doubtful: int
    no_face: int


def photos_by_person(folder: Path, left_out: list[InputError] | None = None) -> dict[str, list[Path]]:
    """`folder` holds a folder a person, with photos in it at any depth; raises `InputError` if it holds none.

    Photos that lie beside these folders are nobody's, and a folder without photos is no person: `left_out` gets both.
    """
    if not folder.is_dir():
        raise InputError(f"{folder} is not a folder (不是文件夹).", do="Give a folder that holds a folder a person.")
    notes = [] if left_out is None else left_out
    shown = [path for path in sorted(folder.iterdir()) if not path.name.startswith(".")]
    loose = [path.name for path in shown if not path.is_dir() and _is_photo(Path(path.name))]
    if loose:
        names = ", ".join(loose[:_NAMED]) + (", ..." if len(loose) > _NAMED else "")
        notes.append(InputError(f"{folder}: left out, in nobody's folder (未放入个人文件夹，不计): {names}.", do=_DO))
    people = {}
    for person in filter(Path.is_dir, shown):
        photos = sorted(path for path in person.rglob("*") if _is_photo(path.relative_to(person)))
        if photos:
            people[person.name] = photos
        else:
            notes.append(InputError(f"{person}: left out, no photos in it (没有照片，不计).", do=_DO))
    if not people:
        raise InputError(f"{folder} holds no photos of anybody (没有任何人的照片).", do=_DO)
    return people


_DO = "Put each person's photos into a folder of their own."


def _is_photo(path: Path) -> bool:
    """By its name; whatever lies in a hidden folder, or is hidden itself, is some program's own."""
    return path.suffix.lower() in PHOTO_SUFFIXES and not any(part.startswith(".") for part in path.parts)


def embed_photos(
    engine: FaceEngine, people: Mapping[str, Sequence[Path]], unreadable: list[InputError] | None = None
) -> dict[Path, Floats | None]:
    """The nearest face's embedding of each photo, None where there is no face.

    Raises `InputError` for a bad photo; with `unreadable` it is noted there, and counts as one without a face.
    """
    found: dict[Path, Floats | None] = {}
    for path in (path for photos in people.values() for path in photos):
        try:
            subject = engine.ask(encode_frame(read_photo(path, str(path)))).subject
        except InputError as error:
            if unreadable is None:
                raise
            unreadable.append(error)
            subject = None
        found[path] = subject.embedding if subject else None
    return found


def roster_of(people: Mapping[str, Sequence[Path]], seen: Seen, identity: Identity) -> Roster:
    """Templates of all the photos of each person; who has no face on any is left out."""
    views = {person: _faces(photos, seen) for person, photos in people.items()}
    return Roster({person: identity.metric.fuse(faces) for person, faces in views.items() if faces}, identity)


def judge(people: Mapping[str, Sequence[Path]], seen: Seen, roster: Roster, *, frames: int = 1) -> list[Probe]:
    """Every photo alone at the threshold for one picture, or every `frames` photos as a kiosk's decision."""
    limits = roster.identity.thresholds
    threshold = limits.probe if frames == 1 else limits.match
    probes = []
    for person, photos in people.items():
        for start in range(0, len(photos) - frames + 1, frames):
            paths = tuple(photos[start : start + frames])
            faces = _faces(paths, seen)
            probes.append(Probe(paths, person, roster.decide(faces, threshold) if faces else None))
    return probes


def figures(probes: Iterable[Probe], members: Iterable[str]) -> Figures:
    known = set(members)
    own = [probe for probe in probes if probe.person in known]
    strange = [probe for probe in probes if probe.person not in known]
    named = [probe for probe in own if probe.outcome == Outcome.MATCH]
    found = sum(probe.name == probe.person for probe in named)
    false = sum(probe.outcome == Outcome.MATCH for probe in strange)
    return Figures(
        members=len(own),
        strangers=len(strange),
        tpir=found / max(len(own), 1),
        tpir_interval=wilson(found, len(own)),
        fpir=false / max(len(strange), 1),
        fpir_interval=wilson(false, len(strange)),
        wrong_names=len(named) - found,
        doubtful=sum(probe.outcome == Outcome.CONFIRM for probe in [*own, *strange]),
        no_face=sum(probe.decision is None for probe in [*own, *strange]),
    )


def split_figures(
    people: Mapping[str, Sequence[Path]],
    seen: Seen,
    identity: Identity,
    *,
    splits: int = 300,
    frames: int = 1,
    enrolled: Seen | None = None,
) -> Figures:
    """Over seeded splits: half of the people enrolled with two photos each, the other half strangers.

    `enrolled` are the photos as they were enrolled, where those who come are `seen` in another way.
    """
    probes: list[Probe] = []
    names = sorted(people)
    for seed in range(splits):
        rng = np.random.default_rng(seed)
        shuffled = {name: [people[name][i] for i in rng.permutation(len(people[name]))] for name in names}
        members = [names[i] for i in rng.permutation(len(names))[: len(names) // 2]]
        roster = roster_of({name: shuffled[name][:WANTED_PHOTOS] for name in members}, enrolled or seen, identity)
        left = {name: photos[WANTED_PHOTOS:] if name in members else photos for name, photos in shuffled.items()}
        probes += [_stranger(probe, members) for probe in judge(left, seen, roster, frames=frames)]
    return figures(probes, {probe.person for probe in probes} - {_STRANGER})


_STRANGER = ""


def _stranger(probe: Probe, members: Sequence[str]) -> Probe:
    """In another split the same person is a member."""
    return probe if probe.person in members else Probe(probe.paths, _STRANGER, probe.decision)


def wilson(hits: int, of: int) -> tuple[float, float]:
    """The 95 % interval of a share; (0, 1) where nothing was counted."""
    if of == 0:
        return 0.0, 1.0
    share, spread = hits / of, _Z95**2 / of
    middle = (share + spread / 2) / (1 + spread)
    half = _Z95 * sqrt(share * (1 - share) / of + spread / (4 * of)) / (1 + spread)
    return max(0.0, middle - half), min(1.0, middle + half)


def _faces(paths: Sequence[Path], seen: Seen) -> list[Floats]:
    return [face for path in paths if (face := seen[path]) is not None]
