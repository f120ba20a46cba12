"""Counting the faces in a classroom's snapshot, for the cross-check of attendance. Nobody is recognised here."""

from __future__ import annotations

from edge_agent.faces.face import Box
from edge_agent.faces.process import FaceEngine
from edge_agent.faces.wire import ROOM


def find_heads(engine: FaceEngine, snapshot: bytes) -> tuple[Box, ...]:
    """The faces of a JPEG of up to 1920x1200; their number is a lower bound: backs and bent heads have no face.

    Raises `InputError` for a picture that can't be read, `DeviceError` when the engine does not answer.
    """
    return engine.ask(snapshot, ROOM).others
