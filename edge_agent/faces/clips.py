"""Judging liveness on recorded clips, frame by frame as a kiosk would."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np

from edge_agent.errors import InputError
from edge_agent.faces.answer import Action
from edge_agent.faces.face import Observation, Picture
from edge_agent.faces.frames import encode_frame
from edge_agent.faces.liveness.challenge import SECONDS
from edge_agent.faces.liveness.passive import WINDOW_SECONDS, Figures, Verdict
from edge_agent.faces.liveness.watch import Watch
from edge_agent.faces.process import FaceEngine

RATE = 10.0
"""Frames a second that are looked at, as a kiosk's page sends them."""
_STEP = 1.0
_SLACK = 0.15
"""A clip of 2.9 s is a window of 3 s cut by a frame or two."""


@dataclass(frozen=True, slots=True)
class ClipVerdict:
    """`windows` are the verdicts of 3 s every second; a challenge has one window of its own."""

    verdict: Verdict
    reasons: tuple[str, ...]
    seconds: float
    windows: tuple[Verdict, ...]


def read_clip(path: Path, rate: float = RATE) -> Iterator[tuple[float, Picture]]:
    """Frames as (seconds, picture), at most `rate` a second; raises `InputError` that names the file."""
    try:
        with av.open(str(path), "r") as clip:
            due = None
            for frame in clip.decode(video=0):
                at = frame.time or 0.0
                due = at if due is None else due
                if at + 1e-3 >= due:
                    due = max(due + 1 / rate, at + 0.5 / rate)
                    yield at, frame.to_ndarray(format="bgr24").astype(np.uint8, copy=False)
    except (av.FFmpegError, OSError, IndexError) as error:
        raise InputError(f"{path} can't be read as a video: {error}.", do="Give a clip such as MP4 or MKV.") from error


def look_at(engine: FaceEngine, frames: Iterator[tuple[float, Picture]]) -> list[Observation]:
    """Each frame through the engine, with its own time."""
    seen = []
    for at, picture in frames:
        each = engine.ask(encode_frame(picture))
        seen.append(Observation("clip", at, each.width, each.height, each.subject, each.others))
    return seen


def judge_clip(observations: Sequence[Observation], challenge: Sequence[Action] = ()) -> ClipVerdict:
    """By motion alone, the commonest verdict of its windows; with `challenge` by whether one of the actions is made."""
    if not observations:
        return ClipVerdict(Verdict.UNSURE, ("no frames",), 0.0, ())
    seconds = observations[-1].at - observations[0].at
    if challenge:
        return _asked(observations, challenge, seconds)
    judged = [judge_window(observations, start) for start in _starts(seconds)]
    verdicts = tuple(verdict for verdict, _ in judged)
    verdict = Counter(verdicts).most_common(1)[0][0]
    reasons = next(reasons for each, reasons in judged if each is verdict)
    return ClipVerdict(verdict, reasons, seconds, verdicts)


def judge_window(observations: Sequence[Observation], start: float) -> tuple[Verdict, tuple[str, ...]]:
    """Three seconds from `start` on: living as soon as it shows, else what they end with."""
    watch, figures = Watch(), None
    first = observations[0].at + start
    for each in observations:
        if first - 1e-6 <= each.at <= first + WINDOW_SECONDS:
            watch.add(each, each.at)
            figures = watch.figures() or figures
            if watch.verdict() is Verdict.LIVE:
                break
    return watch.verdict(), _reasons(figures, turned=watch.turned())


def _reasons(figures: Figures | None, *, turned: bool) -> tuple[str, ...]:
    shown = ["the head turned"] if turned else []
    if figures is None:
        return tuple(shown) or ("too few frames of a whole face",)
    shown += ["the lids moved alone"] if figures.lids_alone() else []
    shown += ["a solid head turned a little"] if figures.turned_solid() else []
    return (*shown, *(f"{name}={value:.4g}" for name, value in figures.named()))


def _starts(seconds: float) -> list[float]:
    starts = [0.0]
    while starts[-1] + _STEP + WINDOW_SECONDS - _SLACK <= seconds:
        starts.append(starts[-1] + _STEP)
    return starts


def _asked(observations: Sequence[Observation], actions: Sequence[Action], seconds: float) -> ClipVerdict:
    """A clip has no moment of asking: each action may be made in any four seconds of it."""
    watch = Watch()
    for each in observations:
        watch.add(each, each.at)
        for action in actions:
            if watch.made(action, each.at - SECONDS):
                at = each.at - observations[0].at
                return ClipVerdict(Verdict.LIVE, (f"{action.value} at {at:.1f} s",), seconds, (Verdict.LIVE,))
    wanted = " or ".join(action.value for action in actions)
    return ClipVerdict(Verdict.UNSURE, (f"no {wanted} was seen",), seconds, (Verdict.UNSURE,))
