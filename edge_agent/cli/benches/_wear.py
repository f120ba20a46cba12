"""What wears a device, at the pace of weeks in an hour: people at its pages and its kiosk, cameras and a centre that
hang.
"""

from __future__ import annotations

import itertools
import random
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np
import requests

from edge_agent.cli.benches._cast import Cast
from edge_agent.simulator.process import Process
from edge_agent.simulator.visitor import KioskPlace, jpeg
from edge_agent.web.guard import COOKIE, KIOSK_COOKIE

VISIT_SECONDS, ALONE_SECONDS = 6.0, 2.0
"""How long somebody stands there at most, and nobody after them."""
QUIET_SECONDS, HANG_SECONDS = 30.0, 12.0
"""Between two troubles, and of one: longer than the 10 s after which a silent camera is offline."""

_LINK = re.compile(r'(?:href|src|poster)="(/[^"#]+)"')
_AWAY = re.compile(r"/(logout|static)\b")
_PAUSE = 0.05
_PATIENCE = 60.0
_KNOWN = 4000  # addresses that are remembered
_ENDING = {"signed_in", "signed_out", "already_signed_in", "already_signed_out", "both", "unknown"}


@dataclass
class Wear:
    """What happened, counted. `errors` are the addresses that answered with one, and how."""

    pages: int = 0
    visits: int = 0
    recognised: int = 0
    troubles: int = 0
    errors: set[str] = field(default_factory=set)


Part = Callable[[threading.Event], None]


@contextmanager
def at_once(*parts: Part) -> Iterator[Callable[[], None]]:
    """Run these in threads until the block ends; give what raises the error that ended one of them before."""
    stop, errors = threading.Event(), list[Exception]()

    def run(part: Part) -> None:
        try:
            part(stop)
        except Exception as error:  # noqa: BLE001 - told to whoever asks
            errors.append(error)

    def check() -> None:
        if errors:
            raise errors[0]

    threads = [threading.Thread(target=run, args=(part,)) for part in parts]
    for each in threads:
        each.start()
    try:
        yield check
    finally:
        stop.set()
        for each in threads:
            each.join()
    check()


def browse(address: str, token: str, wear: Wear) -> Part:
    """A member of staff follows every link there is, in no order."""

    def go(stop: threading.Event) -> None:
        dice, known = random.Random(1), ["/console"]  # noqa: S311 - a walk, no secret
        with requests.Session() as office:
            office.cookies.set(COOKIE, token)
            while not stop.wait(_PAUSE):
                path = dice.choice(known)
                answer = office.get(address + path, timeout=_PATIENCE)
                wear.pages += 1
                if answer.status_code == requests.codes.internal_server_error:
                    wear.errors.add(f"{path}: {answer.status_code}")
                if "text/html" in answer.headers.get("Content-Type", ""):
                    found = {each.replace("&amp;", "&") for each in _LINK.findall(answer.text)}
                    new = {each for each in found if not _AWAY.search(each)}.difference(known)
                    known += sorted(new)[: _KNOWN - len(known)]

    return go


def come_and_go(address: str, token: str, cast: Cast, wear: Wear) -> Part:
    """People step before the kiosk one after another; nobody is there in between, and its page is opened anew."""
    place = KioskPlace(address, f"{KIOSK_COOKIE}={token}")

    def go(stop: threading.Event) -> None:
        for _, person in itertools.cycle(cast.values()):
            if stop.is_set():
                return
            nobody = jpeg(np.full_like(person.pictures[0], 128))
            said = place.visit(person.living, _ENDING, seconds=VISIT_SECONDS, began=0.0)
            wear.visits += 1
            wear.recognised += any(each["state"] in _ENDING - {"unknown"} for each in said)
            place.visit(lambda _, empty=nobody: empty, (), seconds=ALONE_SECONDS, began=0.0)  # type: ignore[misc]  # a lambda's default

    return go


def disturb(victims: Sequence[Process], wear: Wear) -> Part:
    """Now one, then another of these hangs for a while: its connections stay open, nothing is answered."""

    def go(stop: threading.Event) -> None:
        for victim in itertools.cycle(victims):
            if stop.wait(QUIET_SECONDS):
                return
            victim.pause()
            stop.wait(HANG_SECONDS)
            victim.resume()
            wear.troubles += 1

    return go
