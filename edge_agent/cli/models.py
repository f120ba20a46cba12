"""`edge-agent models`: the weights that the face engines need."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from edge_agent.errors import DeviceError
from edge_agent.faces.fetch import fetch
from edge_agent.faces.manifest import Group, Model, State, read_manifest, weights_folder
from edge_agent.settings import load_settings

app = typer.Typer(no_args_is_help=True, help="Fetch and verify the face models. 人脸模型的下载与校验。")

Engine = Annotated[Group | None, typer.Option(help="Only this engine's files; fetch takes opencv's by default.")]
Folder = Annotated[Path | None, typer.Option(help="Where the weights lie; by default the settings' folder.")]
AsJson = Annotated[bool, typer.Option("--json", help="Machine-readable output.")]


def _folder(named: Path | None) -> Path:
    settings = load_settings()
    return named or weights_folder(settings.faces.models_dir, settings.store.data_dir)


def _models(engine: Group | None) -> tuple[Model, ...]:
    manifest = read_manifest()
    return manifest.of(engine) if engine else manifest.file


def _states(engine: Group | None, folder: Path | None) -> list[dict[str, str | int]]:
    where = _folder(folder)
    return [
        {
            "name": model.name,
            "engine": model.engine,
            "state": model.state(where).value,
            "size": model.size,
            "sha256": model.sha256,
            "licence": model.licence,
            "use": model.use,
            "path": str(where / model.name),
        }
        for model in _models(engine)
    ]


@app.command("fetch")
def fetch_command(
    engine: Engine = None,
    folder: Folder = None,
    offline: Annotated[
        Path | None, typer.Option("--from", help="A folder with the files or their packages; no network.")
    ] = None,
    mirror: Annotated[str, typer.Option(help="An address under which the files lie by name, asked first.")] = "",
) -> None:
    """Bring the weights here; what lies here already and is right is kept."""
    where = _folder(folder)
    for model, done in fetch(_models(engine or "opencv"), where, offline=offline, mirror=mirror):
        print(f"{model.name}: {done}")


@app.command("list")
def list_command(engine: Engine = None, folder: Folder = None, as_json: AsJson = False) -> None:
    """Say what each file is for, its licence, and whether it is here."""
    states = _states(engine, folder)
    if as_json:
        print(json.dumps({"models": states}, ensure_ascii=False))
        return
    for row in states:
        print(f"{row['state']:8}{row['engine']:8}{row['name']}  {row['size']} bytes, {row['licence']}: {row['use']}")


@app.command("verify")
def verify_command(engine: Engine = None, folder: Folder = None, as_json: AsJson = False) -> None:
    """Check every sum again; without --engine a missing file of the optional engine is no fault."""
    states = _states(engine, folder)
    if as_json:
        print(json.dumps({"models": states}, ensure_ascii=False))
    bad = [
        row
        for row in states
        if row["state"] == State.WRONG or (row["state"] == State.MISSING and row["engine"] == (engine or "opencv"))
    ]
    if bad:
        names = ", ".join(f"{row['path']} ({row['state']})" for row in bad)
        raise DeviceError(f"Not usable: {names}.", do="Run `edge-agent models fetch`: it replaces them.")
    if not as_json:
        print("All model files here are the right ones. 模型文件校验通过。")
