"""The face models on the disk, as far as a glance tells: their sums are checked when the engine starts."""

from __future__ import annotations

from dataclasses import dataclass

from edge_agent.faces.manifest import State, read_manifest, weights_folder
from edge_agent.settings import Settings


@dataclass(frozen=True, slots=True)
class Weights:
    """`size` in bytes, as the manifest has it; `sha256` begins what the file is known by."""

    name: str
    size: int
    sha256: str
    state: State


def weights(settings: Settings) -> list[Weights]:
    """Give the files of the engine that is configured."""
    folder = weights_folder(settings.faces.models_dir, settings.store.data_dir)
    found = []
    for model in read_manifest().of(settings.faces.engine):
        path = folder / model.name
        state = State.MISSING
        if path.is_file():
            state = State.OK if path.stat().st_size == model.size else State.WRONG
        found.append(Weights(model.name, model.size, model.sha256, state))
    return found
