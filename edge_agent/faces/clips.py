"""Judging liveness on recorded clips, frame by frame as a kiosk would."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import sqrt
from pathlib import Path

import av
import numpy as np

from edge_agent.errors import InputError
from edge_agent.faces.answer import Action
from edge_agent.faces.face import Observation, Picture
from edge_agent.faces.frames import encode_frame
from edge_agent.faces.images import FRAME_PIXELS
from edge_agent.faces.liveness.challenge import SECONDS
from edge_agent.faces.liveness.passive import LEAST_SECONDS, STEADY, WINDOW_SECONDS, Figures, Verdict
from edge_agent.faces.liveness.watch import Watch
from edge_agent.faces.process import FaceEngine

RATE = 10.0
"""Frames a second that are looked at, as a kiosk's page sends them."""
_STEP = 1.0
_SLACK = 0.15
"""A clip of 2.9 s is a window of 3 s cut by a frame or two."""
_USUAL_RATE = 25.0
"""Of a file that tells no times, such as a bare H.264 stream."""


@dataclass(frozen=True, slots=True)
class ClipVerdict:
    """`windows` are the verdicts of 3 s every second; a challenge has one window of its own."""

    verdict: Verdict
    reasons: tuple[str, ...]
    seconds: float
    windows: tuple[Verdict, ...]


def read_clip(path: Path, rate: float = RATE) -> Iterator[tuple[float, Picture]]:
    """Frames as (seconds, picture), upright, at most `rate` a second; raises `InputError` that names the file."""
    if path.is_dir():
        raise InputError(f"{path} is a folder (是文件夹，不是视频).", do="Name the clips in it, as FOLDER/*.")
    if not path.is_file():
        raise InputError(f"{path}: no such file (找不到文件).", do="Give video files.")
    try:
        with av.open(str(path), "r") as clip:
            if not clip.streams.video:
                raise InputError(f"{path} has no picture, only sound (没有画面).", do="Give a video.")
            due, told = None, clip.streams.video[0].average_rate or _USUAL_RATE
            for index, frame in enumerate(clip.decode(video=0)):
                at = float(index / told) if frame.pts is None else frame.time
                due = at if due is None else due
                if at + 1e-3 >= due:
                    due = max(due + 1 / rate, at + 0.5 / rate)
                    yield at, _upright(frame)
    except (av.FFmpegError, OSError) as error:
        raise InputError(f"{path} can't be read as a video: {error}.", do="Give a clip such as MP4 or MKV.") from error


def _upright(frame: av.VideoFrame) -> Picture:
    """As a player shows it: a phone held upright stores its picture lying, and says by how much it is to be turned.

    A phone may film in more pixels than a frame may have.
    """
    scale = min(1.0, sqrt(FRAME_PIXELS / (frame.width * frame.height)))
    width, height = int(frame.width * scale), int(frame.height * scale)
    picture = frame.reformat(width, height, "bgr24").to_ndarray()
    return np.ascontiguousarray(np.rot90(picture, frame.rotation // 90), np.uint8)


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
    judged = [judge_window(observations, start) for start in window_starts(seconds)]
    verdicts = tuple(verdict for verdict, _ in judged)
    verdict = commonest(verdicts)
    reasons = next(reasons for each, reasons in judged if each is verdict)
    short = (f"the clip is shorter than {LEAST_SECONDS:g} s (不足 1 秒)",) if seconds < LEAST_SECONDS else ()
    return ClipVerdict(verdict, (*short, *reasons), seconds, verdicts)


def commonest(verdicts: Sequence[Verdict]) -> Verdict:
    """Of two as common, in whatever order they came, the one that is better for the person."""
    return max((Verdict.LIVE, Verdict.UNSURE, Verdict.FLAT), key=verdicts.count)


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
    verdict = watch.verdict()
    return verdict, _reasons(verdict, figures, turned=watch.turned())


_SAID = {
    Verdict.LIVE: "it moves as a living face does (像真人)",
    Verdict.FLAT: "it was moved about and shows no depth (像平面图片)",
    Verdict.UNSURE: "neither living nor flat beyond doubt (不能确定)",
}


def _reasons(verdict: Verdict, figures: Figures | None, *, turned: bool) -> tuple[str, ...]:
    shown = ["the head turned"] if turned else []
    if figures is None:
        return tuple(shown) or ("too few frames of a whole face (没有足够的完整人脸)",)
    shown += ["the lids moved alone"] if figures.lids_alone() else []
    shown += ["a solid head turned a little"] if figures.turned_solid() else []
    shown += ["the face went too far to be judged (移动过大)"] if figures.shift > STEADY else []
    return (_SAID[verdict], *shown, *(f"{name}={value:.4g}" for name, value in figures.named()))


def window_starts(seconds: float) -> list[float]:
    """When the windows of a clip of so many seconds begin; a shorter clip is one window."""
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
