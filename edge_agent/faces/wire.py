"""What passes between the service and the engine's process: a header in JSON, then the arrays' bytes."""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge_agent.faces.face import Box, Detection, Look, Mesh, Observation, Subject
from edge_agent.faces.tiles import Tile

FRAME, PREVIEW, ROOM = b"f", b"p", b"r"
"""Requests, before a JPEG: the nearest face looked at closely; boxes alone, fast; all faces in one tile of a room."""
_ROOM_TILE = struct.Struct(">5H")

_Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked about a JPEG. `tile` is a part of the picture once it was divided by `shrink` (1, 2, 4 or 8)."""

    kind: bytes
    jpeg: bytes
    tile: Tile | None = None
    shrink: int = 1

    def pack(self) -> bytes:
        if self.tile is None:
            return self.kind + self.jpeg
        tile = self.tile
        place = _ROOM_TILE.pack(tile.left, tile.top, tile.width, tile.height, self.shrink)
        return self.kind + place + self.jpeg


def unpack_question(message: bytes) -> Question:
    kind = message[:1]
    if kind != ROOM:
        return Question(kind, message[1:])
    *tile, shrink = _ROOM_TILE.unpack_from(message, 1)
    return Question(kind, message[1 + _ROOM_TILE.size :], Tile(*tile), shrink)


def pack(header: dict[str, Any], arrays: Sequence[_Array] = ()) -> bytes:
    shapes = [[each.dtype.str, list(each.shape)] for each in arrays]
    text = json.dumps({**header, "arrays": shapes}, separators=(",", ":")).encode()
    return b"".join([text, b"\n", *(np.ascontiguousarray(each).tobytes() for each in arrays)])


def unpack(message: bytes) -> tuple[dict[str, Any], list[_Array]]:
    text, _, rest = message.partition(b"\n")
    header = json.loads(text)
    arrays, start = [], 0
    for kind, shape in header.pop("arrays"):
        dtype, count = np.dtype(kind), math.prod(shape)
        arrays.append(np.frombuffer(rest, dtype, count, start).reshape(shape))
        start += count * dtype.itemsize
    return header, arrays


def pack_sight(width: int, height: int, subject: Subject | None, others: Sequence[Box]) -> bytes:
    header: dict[str, Any] = {"size": [width, height], "others": [asdict(box) for box in others]}
    if subject is None:
        return pack(header)
    header["box"], header["score"] = asdict(subject.face.box), subject.face.score
    header["look"] = asdict(subject.look)
    arrays: list[_Array] = [subject.face.points, subject.embedding]
    if subject.mesh:
        mesh = subject.mesh
        header["mesh"] = {"presence": mesh.presence, "origin": mesh.origin, "scale": mesh.scale}
        arrays += [mesh.points, mesh.patch]
    return pack(header, arrays)


def unpack_sight(message: bytes, *, stream: str, at: float) -> Observation:
    header, arrays = unpack(message)
    width, height = header["size"]
    others = tuple(Box(**box) for box in header["others"])
    if "box" not in header:
        return Observation(stream, at, width, height, None, others)
    mesh = None
    if "mesh" in header:
        about = header["mesh"]
        mesh = Mesh(arrays[2], about["presence"], arrays[3], tuple(about["origin"]), about["scale"])
    face = Detection(Box(**header["box"]), arrays[0], header["score"])
    return Observation(stream, at, width, height, Subject(face, Look(**header["look"]), arrays[1], mesh), others)
