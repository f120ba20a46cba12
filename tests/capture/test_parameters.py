from __future__ import annotations

import pytest

from edge_agent.capture.parameters import parameter_sets

SPS, PPS = b"\0\0\0\1\x67\x42\xc0\x28", b"\0\0\0\1\x68\xce\x3c\x80"
DELIMITER, SEI = b"\0\0\0\1\x09\x10", b"\0\0\1\x06\x05\x01\xff\x80"
SLICE = b"\0\0\1\x65\x88\x84\0\0\1\x68\xff"  # what follows a slice is not looked at


@pytest.mark.parametrize("front", [b"", DELIMITER, DELIMITER + SEI])
def test_delimiters_and_messages_before_the_sets_make_no_difference(front: bytes) -> None:
    assert parameter_sets("h264", front + SPS + PPS + SLICE) == SPS + PPS


def test_a_keyframe_may_bear_none() -> None:
    assert parameter_sets("h264", SLICE) == b""
    assert parameter_sets("h264", b"") == b""
    assert parameter_sets("h264", b"\0\0\1") == b""


def test_the_sets_of_h265_are_three() -> None:
    vps, sps, pps = (b"\0\0\0\1" + bytes([kind << 1, 1, 7]) for kind in (32, 33, 34))
    picture = b"\0\0\1" + bytes([19 << 1, 1, 7])
    assert parameter_sets("hevc", memoryview(vps + sps + pps + picture)) == vps + sps + pps


def test_what_is_no_annex_b_has_none() -> None:
    assert parameter_sets("h264", b"\0\0\0\x08\x67\x42\xc0\x28\xda\x01\xe0\x08") == b""
