"""The liveness campaign: `python -m tests.faces.campaign sheets --count 600` renders flats at length and judges them.

`sheets` are the first renderer's (`flats.py`), `scenes` and `bare` the second's (`scenes.py`); none may be taken for
living, nor meet a challenge. Of `waves`, sheets that flutter, a few are. `replays` are living people's clips shown on a
phone: their rate is reported. `living` judges the clips themselves, person by person. Each clip is a line of JSON with
`--log`; the last line sums up.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cache, partial
from itertools import product
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import cv2

from edge_agent.faces.answer import Action
from edge_agent.faces.clips import read_clip
from edge_agent.faces.liveness.challenge import SECONDS
from edge_agent.faces.liveness.passive import Verdict
from edge_agent.faces.liveness.watch import Watch
from tests import data
from tests.faces.eye import Eye, enlarged, follow, rooms, shots, stills, windows
from tests.faces.flats import KINDS, flat
from tests.faces.scenes import BARE, RATE, SCENES, WAVES, Clip, bare, replay, scene

Row = dict[str, Any]
ROUNDS = {
    "sheets": KINDS,
    "scenes": tuple(kind for kind in SCENES if kind not in WAVES),
    "waves": WAVES,
    "bare": BARE,
}


@cache
def _eye() -> Eye:
    cv2.setNumThreads(1)  # one core a process
    return Eye()


def spoof(what: str, kind: str, seed: int) -> Row:
    """One flat, rendered and judged."""
    passed = follow(_eye(), _rendered(what, kind, seed))
    return {
        "what": what,
        "kind": kind,
        "seed": seed,
        "live": passed.live,
        "made": sorted(passed.made),
        "score": round(passed.score, 2) if passed.judged else None,
        "verdict": passed.verdict,
    }


def _rendered(what: str, kind: str, seed: int) -> Clip:
    if what == "sheets":
        return flat(kind, seed, stills(_eye()), rooms(), frames=30)
    if what in {"scenes", "waves"}:
        return scene(kind, seed, shots(_eye()), rooms())
    return bare(kind, seed, shots(_eye()))


def replayed(person: str, clip: Path, seed: int) -> Row:
    """A living clip on a phone, judged in windows as living ones are; a share of them is enough to sign in."""
    frames = [picture for _, picture in read_clip(clip, RATE)]
    face = next(box for frame in frames if (box := _eye().box(frame)) is not None)
    passed = follow(_eye(), replay(frames, face, seed, rooms()))
    row: Row = {"what": "replays", "person": person, "clip": clip.name, "seed": seed, "live": passed.live}
    return row | {"made": sorted(passed.made), "verdict": passed.verdict}


def living(person: str, clip: Path, *, rate: float, near: bool) -> Row:
    """A clip in windows of 3 s every second, and which challenges it would have met."""
    frames = read_clip(clip, rate)
    seen = [_eye().look(at, enlarged(picture) if near else picture) for at, picture in frames]
    verdicts = list(windows(seen))
    watch, made = Watch(), set[Action]()
    for each in seen:
        watch.add(each, each.at)
        made |= {action for action in Action if watch.made(action, each.at - SECONDS)}
    row: Row = {"what": "living", "person": person, "clip": clip.name, "rate": rate, "near": near}
    return row | {"live": verdicts.count(Verdict.LIVE), "of": len(verdicts), "made": sorted(made)}


def jobs(what: str, first: int, count: int) -> Iterator[Callable[[], Row]]:
    """Every clip's work, to be done in any process; seeds begin at `first`."""
    clips = [(person, clip) for person, of in data.living_clips().items() for clip in of]
    if what == "living":
        for near, rate in product((False, True), (10.0, 15.0)):
            yield from (partial(living, *each, rate=rate, near=near) for each in clips)
    elif what == "replays":
        yield from (partial(replayed, *clips[i % len(clips)], first + i // len(clips)) for i in range(count))
    else:
        kinds = ROUNDS[what]
        yield from (partial(spoof, what, kinds[i % len(kinds)], first + i // len(kinds)) for i in range(count))


def run(work: Callable[[], Row]) -> Row:
    return work()


def summary(rows: Sequence[Row]) -> Row:
    """Of spoofs the number that passed; of the living the windows accepted, by person, rate and nearness."""
    if "of" in rows[0]:
        shares: dict[str, Counter[str]] = defaultdict(Counter)
        for row in rows:
            key = f"{row['person']} at {row['rate']:g}/s{', near' if row['near'] else ''}"
            shares[key] += Counter(live=row["live"], of=row["of"])
        return {key: f"{share['live']}/{share['of']}" for key, share in shares.items()}
    return {
        "clips": len(rows),
        "taken_for_living": sum(row["live"] for row in rows),
        "met_a_challenge": sum(bool(row["made"]) for row in rows),
        "best_score": max((row["score"] for row in rows if row.get("score") is not None), default=None),
        "verdicts": Counter(row["verdict"] for row in rows),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=[*ROUNDS, "replays", "living"])
    parser.add_argument("--count", type=int, default=600, help="clips")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--log", type=Path, help="a file that gets a line of JSON a clip")
    options = parser.parse_args()
    if data.folder() is None:
        sys.exit("The campaign needs photos and clips of people: set EDGE_AGENT_TEST_DATA.")
    rows: list[Row] = []
    with ProcessPoolExecutor(options.processes, mp_context=get_context("spawn")) as pool:
        for row in pool.map(run, jobs(options.what, options.first, options.count)):
            rows.append(row)
            if options.log:
                with options.log.open("a") as log:
                    log.write(json.dumps(row) + "\n")
    print(json.dumps(summary(rows)))  # noqa: T201 - a command
    passed = [row for row in rows if options.what in ROUNDS and (row["live"] or row["made"])]
    sys.exit("\n".join(map(str, passed)) or 0)


if __name__ == "__main__":
    main()
