"""The models manifest: which weights there are, from where, and how to know that they are the right ones.

A weights file is trusted by its size and SHA-256 alone, never by where it came from, so any mirror will do.
"""

from __future__ import annotations

import hashlib
import tomllib
from enum import StrEnum
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from edge_agent.errors import DeviceError, InputError, NotFoundError
from edge_agent.faces.names import EngineName

_PACKAGED = Path(__file__).parents[1] / "_share" / "models"
_CHECKOUT = Path(__file__).parents[2] / "models"


def share_folder() -> Path:
    """The folder with the manifest: inside an installed package, or `models/` of a checkout."""
    return _PACKAGED if _PACKAGED.is_dir() else _CHECKOUT


def weights_folder(configured: Path | None, data_dir: Path) -> Path:
    """Where the weights lie: as configured, else with the manifest, where the installer brings them, else by the data.

    A user who can't write there fetches them into `models/` beside the data (`--folder`), and they are taken from it.
    """
    if configured is not None:
        return configured
    beside = data_dir / "models"
    return beside if beside.is_dir() else share_folder()


Group = Literal["opencv", "dlib", "sample"]
"""What a file is for: an engine, or a picture to try the engines on."""


class Source(BaseModel):
    """Where one file can be had: a member of a package, or an address."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    package: str = Field(default="", pattern=r"^$|^[A-Za-z0-9._-]+==[A-Za-z0-9._+!-]+$")
    member: str = ""
    platform: str = ""
    """A wheel tag for pip, where the package has no wheel for every platform; the weights don't depend on it."""
    url: str = Field(default="", pattern=r"^$|^https://")

    @model_validator(mode="after")
    def _one_kind(self) -> Source:
        if bool(self.package) == bool(self.url) or bool(self.package) != bool(self.member):
            msg = "a source is either `package` with `member`, or `url`"
            raise ValueError(msg)
        return self

    def __str__(self) -> str:
        return f"{self.member} of {self.package}" if self.package else self.url


class State(StrEnum):
    OK = "ok"
    MISSING = "missing"
    WRONG = "wrong"


class Model(BaseModel):
    """One weights file: `size` in bytes, `sha256` in lower-case hex."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^[A-Za-z0-9._-]+$")
    engine: Group
    use: str
    size: int = Field(gt=0)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    licence: str
    origin: str
    source: tuple[Source, ...] = Field(min_length=1)

    def state(self, folder: Path) -> State:
        """Whether `folder` holds this very file; the size is looked at first, so a cut file costs no hashing."""
        path = folder / self.name
        if not path.is_file():
            return State.MISSING
        if path.stat().st_size != self.size:
            return State.WRONG
        with path.open("rb") as file:
            return State.OK if hashlib.file_digest(file, "sha256").hexdigest() == self.sha256 else State.WRONG


class Manifest(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    file: tuple[Model, ...] = Field(min_length=1)

    def of(self, engine: Group) -> tuple[Model, ...]:
        return tuple(model for model in self.file if model.engine == engine)

    def named(self, name: str) -> Model:
        for model in self.file:
            if model.name == name:
                return model
        raise NotFoundError(f"No model is called {name}.", do="`edge-agent models list` names them.")


def read_manifest(path: Path | None = None) -> Manifest:
    """The manifest at `path`, by default the one that ships with the product; raises `InputError`."""
    path = path or share_folder() / "manifest.toml"
    try:
        return Manifest.model_validate(tomllib.loads(path.read_text("utf-8")))
    except (OSError, tomllib.TOMLDecodeError, ValidationError) as error:
        raise InputError(
            f"The models manifest {path} can't be read: {error}", do="Install edge_agent again."
        ) from error


def verified_weights(engine: EngineName, folder: Path, manifest: Manifest | None = None) -> dict[str, Path]:
    """`{file name: path}` of an engine's weights, each checked by sum; raises `DeviceError` that names the file."""
    weights = {}
    for model in (manifest or read_manifest()).of(engine):
        state = model.state(folder)
        if state is not State.OK:
            raise DeviceError(
                f"The {engine} engine's model {folder / model.name} is {state}.",
                do=f"Run `edge-agent models fetch --engine {engine}`.",
            )
        weights[model.name] = folder / model.name
    return weights
