"""Every fault of a camera while another one is recorded beside it: its state is named, the other one loses nothing."""

from __future__ import annotations

import itertools
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest

from edge_agent.simulator import Fault, StreamSpec, VirtualCamera
from tests.capture.house import House, open_house
from tests.capture.rig import missing, play

SPEC = StreamSpec(width=320, height=180, fps=10, kbps=100, seconds=10)
LOOP = SPEC.fps * SPEC.seconds

STOPPING = {
    Fault.FREEZE: ("offline", {"timeout", "frozen"}),
    Fault.REFUSE: ("offline", {"refused", "closed"}),
    Fault.SILENT: ("offline", {"timeout"}),
    Fault.REDIRECT_LOOP: ("offline", {"timeout"}),
    Fault.EMPTY_FRAMES: ("offline", {"timeout"}),
    Fault.NO_KEYFRAME: ("offline", {"no_keyframe"}),
    Fault.WRONG_PASSWORD: ("refused", {"unauthorized"}),
    Fault.LOCK_OUT: ("locked", {"locked"}),
}
"""With the state and the cause that are to be named."""

_NEED_A_CUT = {Fault.SILENT, Fault.REDIRECT_LOOP, Fault.NO_KEYFRAME, Fault.WRONG_PASSWORD, Fault.LOCK_OUT, Fault.CODEC}
"""These show at the next connection only."""

PASSING = (
    *(Fault.CUT, Fault.REBOOT, Fault.CODEC, Fault.RESOLUTION, Fault.LONG_GOP, Fault.B_FRAMES),
    *(Fault.TIMESTAMP_JUMP, Fault.TIMESTAMP_MISSING, Fault.CLOCK_SKEW, Fault.BLACK, Fault.ODD_XML, Fault.XML_BOMB),
)
"""Recording goes on, after a moment."""


class Street:
    """A room with a healthy camera and one for each fault, all of them recording."""

    def __init__(self, house: House, stack: ExitStack, faults: tuple[Fault, ...]) -> None:
        self.house = house
        self.cameras = {fault: stack.enter_context(VirtualCamera(main=SPEC)) for fault in faults}
        for fault, camera in self.cameras.items():
            house.bind(camera.rtsp_url, fault.value)
        house.bind(stack.enter_context(VirtualCamera(main=SPEC)).rtsp_url, "healthy")
        house.add_lesson(periods=20)
        house.start()
        house.tick(lambda: len(house.facts("recording.started")) == len(faults) + 1, "all recordings", 60)
        house.tick_for(2)
        for fault, camera in self.cameras.items():
            camera.fault(fault)
            if fault in _NEED_A_CUT:
                camera.fault(Fault.CUT)

    def states(self) -> dict[str, tuple[str, str]]:
        return {fact["camera"]: (fact["state"], fact["cause"]) for fact in self.house.facts("camera.state")}

    def recover(self) -> None:
        for camera in self.cameras.values():
            camera.clear()
            camera.fault(Fault.REFUSE)  # it restarts, which ends a lock-out too
        self.house.tick_for(6)
        for camera in self.cameras.values():
            camera.clear()

    def check(self) -> None:
        """Every file plays, and the healthy camera lost nothing."""
        self.house.stop()
        for camera in ("healthy", *self.cameras):
            rows = self.house.segments(camera)
            shown = [play(self.house.path(row)) for row in rows]
            assert all(one.times for one in shown), camera
            if camera == "healthy":
                assert missing([stamp for one in shown for stamp in one.stamps], LOOP) == 0
                assert all(before.end == after.start for before, after in itertools.pairwise(rows))
        assert [gap for gap in self.house.gaps() if gap.camera == "healthy"] == []


@pytest.mark.slow
def test_a_camera_that_gives_nothing_is_named_and_comes_back(tmp_path: Path) -> None:
    with open_house(tmp_path) as house, ExitStack() as stack:
        street = Street(house, stack, tuple(STOPPING))
        named = {fault.value: expected for fault, expected in STOPPING.items()}

        def is_named(camera: str, state: str, causes: set[str]) -> bool:
            found = street.states().get(camera, ("", ""))
            return found[0] == state and found[1] in causes

        house.tick(lambda: all(is_named(camera, *expected) for camera, expected in named.items()), "every state", 60)
        assert street.states()["healthy"] == ("online", "")
        street.recover()
        house.tick(lambda: {state for state, _ in street.states().values()} == {"online"}, "every camera's return", 60)
        house.tick(lambda: all(gap.end for gap in house.gaps()), "every gap's end")
        street.check()


@pytest.mark.slow
def test_a_camera_that_stumbles_goes_on_being_recorded(tmp_path: Path) -> None:
    with open_house(tmp_path) as house, ExitStack() as stack:
        street = Street(house, stack, PASSING)
        began = house.now()
        house.tick_for(15)
        assert {state for state, _ in street.states().values()} == {"online"}
        street.check()
        assert [fault for fault in PASSING if house.segments(fault.value)[-1].end < began + timedelta(seconds=10)] == []
