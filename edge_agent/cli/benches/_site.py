"""What stands around a bench's device: a centre, and cameras."""

from __future__ import annotations

from edge_agent.cli.within import ask, options, run
from edge_agent.simulator.process import PATIENCE, Process, listens
from edge_agent.simulator.venue import Venue


def join_centre(venue: Venue) -> Process | None:
    """Start broker and centre, and become its agent; give the centre, or None where mosquitto is not installed."""
    if venue.start_broker() is None:
        return None
    own = {name: str(venue.folder / f"central-{name}") for name in ("database", "keys")}
    rest = {name: str(venue.folder / f"central-{name}") for name in ("media", "spool")}
    rest |= {"mqtt": venue.mqtt, "http": str(venue.centre_port)}
    centre = venue.start("central", "central", "serve", *options(own | rest))
    centre.wait_until(lambda: listens(venue.centre_port), "does not answer")
    token = run("central", "token", "bench", "--venue", "101", *options(own))
    run("provision", "--url", f"http://127.0.0.1:{venue.centre_port}", "--token", token)
    return centre


def bind_cameras(venue: Venue, room: str, count: int, *, size: str, kbps: int) -> Process:
    """Start virtual cameras of 25 frames a second in one process, and bind them by what their labels say."""
    look = ("--size", size, "--fps", "25", "--kbps", str(kbps), "--noise", "12", "--seconds", "10")
    virtual = venue.start("cameras", "simulator", "camera", "--count", str(count), *look, "--no-multicast", "--json")
    virtual.wait_until(lambda: len(virtual.told()) == count, "tells no address", seconds=2 * PATIENCE)
    for number, one in enumerate(virtual.told()):
        label = ("--serial", one["serial"], "--code", one["password"], "--host", one["onvif"].split("/")[2])
        ask("cameras", "bind", "--room", room, "--name", f"摄像机 {number}", "--no-multicast", *label)
    return virtual
