"""Parameter sets of H.264 and H.265: how a camera says, in a keyframe, that its picture changed in mid-stream."""

from __future__ import annotations

_START_CODE = b"\0\0\1"
_LOOK_AT = 2048  # bytes; parameter sets come first, and what may stand before them is short
# Unit types from ITU-T H.264 table 7-1 and H.265 table 7-1: the sets, and the first type that is no slice of a picture.
_H264_SETS, _H264_SLICES_END = frozenset({7, 8}), 6
_HEVC_SETS, _HEVC_SLICES_END = frozenset({32, 33, 34}), 32


def parameter_sets(codec: str, data: memoryview | bytes) -> bytes:
    """Give the parameter sets at the front of an Annex B access unit, as Annex B; empty where it bears none.

    Delimiters and SEI messages are left out: they differ from keyframe to keyframe.
    """
    found = []
    for unit in bytes(data[:_LOOK_AT]).split(_START_CODE)[1:]:
        if not unit:
            continue
        kind = (unit[0] >> 1) & 0x3F if codec == "hevc" else unit[0] & 0x1F
        if kind in (_HEVC_SETS if codec == "hevc" else _H264_SETS):
            found.append(b"\0" + _START_CODE + unit.rstrip(b"\0"))
        elif kind < (_HEVC_SLICES_END if codec == "hevc" else _H264_SLICES_END):
            break
    return b"".join(found)
