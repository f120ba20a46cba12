"""`edge-agent faces`: measure recognition and liveness on one's own pictures, and look after the gallery."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated, Literal

import typer

from edge_agent.errors import InputError
from edge_agent.faces import evaluate
from edge_agent.faces.answer import Action
from edge_agent.faces.clips import ClipVerdict, judge_clip, look_at, read_clip
from edge_agent.faces.decide import Roster
from edge_agent.faces.gallery import FILING_THRESHOLD, Gallery, reset
from edge_agent.faces.liveness.passive import Verdict
from edge_agent.faces.manifest import weights_folder
from edge_agent.faces.names import EngineName
from edge_agent.faces.process import FaceEngine
from edge_agent.settings import load_settings

app = typer.Typer(no_args_is_help=True, help="Measure recognition and liveness. 人脸识别与活体检测的测量。")

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Models = Annotated[Path | None, typer.Option(help="Folder of the weights; by default the settings'.")]
Engine = Annotated[EngineName | None, typer.Option(help="opencv or dlib; by default the settings'.")]
CHALLENGES = {"turn": (Action.TURN_LEFT, Action.TURN_RIGHT), "blink": (Action.BLINK,), "none": ()}


@contextmanager
def _engine(engine: EngineName | None, models: Path | None) -> Iterator[FaceEngine]:
    settings = load_settings()
    folder = models or weights_folder(settings.faces.models_dir, settings.store.data_dir)
    with FaceEngine(folder, engine or settings.faces.engine) as started:
        started.wait_ready()
        yield started


@app.command("eval")
def eval_command(
    gallery: Annotated[Path, typer.Option(help="A folder a person: these are enrolled, with all their photos.")],
    probes: Annotated[Path, typer.Option(help="A folder a person; whoever is not in the gallery is a stranger.")],
    engine: Engine = None,
    frames: Annotated[int, typer.Option(min=1, help="Photos a decision: 1, or 3 and more as a kiosk takes them.")] = 1,
    models: Models = None,
    as_json: AsJson = False,
) -> None:
    """Decide on each probe as a kiosk would, and sum up."""
    _print_any_name()
    left_out, unreadable = list[InputError](), list[InputError]()
    enrolled, asked = (evaluate.photos_by_person(folder, left_out) for folder in (gallery, probes))
    with _engine(engine, models) as running:
        roster = evaluate.roster_of(enrolled, evaluate.embed_photos(running, enrolled, unreadable), running.identity)
        _require_faces(gallery, enrolled, roster)
        judged = evaluate.judge(asked, evaluate.embed_photos(running, asked, unreadable), roster, frames=frames)
    figures = evaluate.figures(judged, enrolled)
    _print_notes([*left_out, *unreadable])
    if as_json:
        rows = [_probe(probe) for probe in judged]
        print(
            json.dumps(
                {
                    "probes": rows,
                    "figures": {"engine": str(roster.identity), **asdict(figures), "unreadable": len(unreadable)},
                }
            )
        )
        return
    for row in map(_probe, judged):
        print(f"{row['probe']}\t{row['decision']}\t{row['name']}\t{row['score']:.3f}\t{row['margin']:.3f}")
    _print_figures(str(roster.identity), figures)


@app.command("splits")
def splits_command(
    people: Annotated[Path, typer.Argument(help="A folder a person, with three photos or more.")],
    splits: Annotated[int, typer.Option(min=1, help="How often half of the people is drawn.")] = 300,
    engine: Engine = None,
    frames: Annotated[int, typer.Option(min=1, help="Photos a decision.")] = 1,
    models: Models = None,
    as_json: AsJson = False,
) -> None:
    """Enrol half of the people with two photos each, let all come: found, strangers named, over seeded splits."""
    _print_any_name()
    notes: list[InputError] = []
    photos = evaluate.photos_by_person(people, notes)
    with _engine(engine, models) as running:
        identity = running.identity
        seen = evaluate.embed_photos(running, photos, notes)
        figures = evaluate.split_figures(photos, seen, identity, splits=splits, frames=frames)
    _print_notes(notes)
    if as_json:
        print(json.dumps({"splits": splits, "frames": frames, "engine": str(identity), "figures": asdict(figures)}))
        return
    _print_figures(str(identity), figures)


@app.command("liveness")
def liveness_command(
    clips: Annotated[list[Path], typer.Argument(help="Video files of one person each.")],
    challenge: Annotated[
        Literal["turn", "blink", "none"], typer.Option(help="The movement to look for, instead of judging motion.")
    ] = "none",
    models: Models = None,
    as_json: AsJson = False,
) -> None:
    """Say of each clip whether it shows a living face, and why."""
    _print_any_name()
    rows, refused = [], False
    with _engine("opencv", models) as running:
        for clip in clips:
            try:
                verdict = judge_clip(look_at(running, read_clip(clip)), CHALLENGES[challenge])
            except InputError as error:  # the other clips are judged all the same
                print(error, file=sys.stderr)
                verdict, refused = ClipVerdict(Verdict.UNSURE, (error.message,), 0.0, ()), True
            rows.append(_clip(clip, verdict))
            if not as_json:
                print(f"{clip}\t{verdict.verdict}\t{verdict.seconds:.1f} s\t{', '.join(verdict.reasons)}")
    if as_json:
        print(json.dumps({"clips": rows}, ensure_ascii=False))
    if refused:
        raise typer.Exit(InputError.exit_code)


@app.command("status")
def status_command(as_json: AsJson = False) -> None:
    """Say how many people's faces are stored here, and how many need filing. 本机人脸数量与备案门槛。"""
    gallery = Gallery(load_settings().store.data_dir / "faces")
    count = gallery.count()
    gallery.close()
    if as_json:
        print(json.dumps({"people": count, "filing_threshold": FILING_THRESHOLD}))
        return
    print(f"{count} people's faces are stored on this device (本机已存 {count} 人).")
    print(f"From {FILING_THRESHOLD} over all devices on, file with the authority (达到 {FILING_THRESHOLD} 人须备案).")


@app.command("reset")
def reset_command(
    yes: Annotated[
        bool, typer.Option("--yes", help="Really delete all templates; stop the kiosk service first.")
    ] = False,
) -> None:
    """Delete the gallery and its key, when they don't belong together any more: everybody is enrolled again."""
    if not yes:
        raise InputError("This deletes all face templates (将删除全部人脸模板).", do="Repeat it with --yes.")
    reset(load_settings().store.data_dir / "faces")
    print("The gallery is empty. 人脸库已清空。")


def _print_any_name() -> None:
    """Let names be printed that are no text here, such as GBK ones out of an archive: escaped, as JSON has them."""
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def _print_notes(notes: Sequence[InputError]) -> None:
    for note in notes:
        print(note, file=sys.stderr)


def _require_faces(gallery: Path, enrolled: Mapping[str, Sequence[Path]], roster: Roster) -> None:
    """Names whoever can't be found because no photo shows a face; a gallery without any face judges nobody."""
    for person in sorted(set(enrolled) - set(roster.names)):
        print(f"{gallery / person}: no photo shows a face (没有可用的人脸).", file=sys.stderr)
    if not len(roster):
        raise InputError(f"{gallery} holds no face (没有人脸).", do="Put clear photos of each person there.")


def _probe(probe: evaluate.Probe) -> dict[str, str | float]:
    decision = probe.decision
    return {
        "probe": ", ".join(str(path) for path in probe.paths),
        "decision": probe.outcome,
        "name": probe.name,
        "score": round(decision.score, 4) if decision else 0.0,
        "margin": round(decision.margin, 4) if decision else 0.0,
    }


def _clip(clip: Path, verdict: ClipVerdict) -> dict[str, object]:
    return {
        "clip": str(clip),
        "verdict": verdict.verdict.value,
        "reasons": list(verdict.reasons),
        "seconds": round(verdict.seconds, 2),
        "windows": [each.value for each in verdict.windows],
    }


def _print_figures(engine: str, figures: evaluate.Figures) -> None:
    found, named = figures.tpir_interval, figures.fpir_interval
    print(f"engine      {engine}")
    print(f"members     {figures.members}, found {figures.tpir:.2%} ({found[0]:.2%} to {found[1]:.2%})")
    print(f"strangers   {figures.strangers}, named {figures.fpir:.2%} ({named[0]:.2%} to {named[1]:.2%})")
    print(f"wrong names {figures.wrong_names}, doubtful {figures.doubtful}, no face {figures.no_face}")
