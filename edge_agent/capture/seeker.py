"""Has a camera tested that went away, or that came back: a router may have given its address to another one.

The test looks for it by its serial number and stores where it is; so nobody need notice that it moved.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from edge_agent.cameras.requests import TEST, ask
from edge_agent.model.camera import Camera, CameraKind, CameraState
from edge_agent.model.stamp import Stamp
from edge_agent.store.writer import Writer

BY = "capture"
PAUSES = (5.0, 30.0, 120.0, 600.0)  # seconds before each search; the last one again and again


@dataclass(slots=True)
class _Search:
    tries: int
    due: float


class Seeker:
    """Only what has a serial number can be found by it.

    A refused password is searched for once: each search may try the password once more.
    """

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._searches: dict[str, _Search] = {}

    def tick(self, stamp: Stamp, cameras: Iterable[Camera], states: Mapping[str, CameraState]) -> None:
        now = stamp.boottime
        wanted: list[str] = []
        for camera in cameras:
            state = states.get(camera.id)
            if camera.kind is not CameraKind.ONVIF or not camera.serial or state is None:
                continue
            search = self._searches.get(camera.id)
            if state is CameraState.ONLINE:
                if self._searches.pop(camera.id, None):
                    wanted.append(camera.id)  # is it the same one?
            elif search is None:
                self._searches[camera.id] = _Search(0, now + PAUSES[0])
            elif now >= search.due and (state is CameraState.OFFLINE or not search.tries):
                search.tries += 1
                search.due = now + PAUSES[min(search.tries, len(PAUSES) - 1)]
                wanted.append(camera.id)
        if wanted:
            self._writer.run(lambda tx: ask(tx, TEST, {"cameras": wanted}, by=BY))
