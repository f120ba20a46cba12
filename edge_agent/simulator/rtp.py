"""RTP for H.264 (RFC 6184) and H.265 (RFC 7798), RTCP sender reports, and their description in SDP."""

from __future__ import annotations

import base64
import re
import struct
from collections.abc import Iterator, Sequence

MAX_PAYLOAD = 1400  # what a camera on an Ethernet uses
PAYLOAD_TYPE = 96
CLOCK_RATE = 90_000
_NTP_EPOCH = 2_208_988_800  # seconds from 1900 to 1970
_START_CODE = re.compile(rb"\x00\x00\x00?\x01")
_H264_SETS = {7, 8}
_H265_SETS = {32, 33, 34}


def split_annexb(data: bytes) -> list[bytes]:
    return [nal for nal in (part.rstrip(b"\x00") for part in _START_CODE.split(data)) if nal]


def nal_type(codec: str, nal: bytes) -> int:
    return nal[0] >> 1 & 0x3F if codec == "h265" else nal[0] & 0x1F


def is_parameter_set(codec: str, nal: bytes) -> bool:
    return nal_type(codec, nal) in (_H265_SETS if codec == "h265" else _H264_SETS)


def payloads(codec: str, nal: bytes) -> Iterator[bytes]:
    """One NAL unit as RTP payloads: whole if it fits, else as fragmentation units."""
    if len(nal) <= MAX_PAYLOAD:
        yield nal
        return
    kind = nal_type(codec, nal)
    if codec == "h265":
        head, body = bytes([nal[0] & 0x81 | 49 << 1, nal[1]]), nal[2:]
    else:
        head, body = bytes([nal[0] & 0x60 | 28]), nal[1:]
    size = MAX_PAYLOAD - len(head) - 1
    for start in range(0, len(body), size):
        first, last = start == 0, start + size >= len(body)
        yield head + bytes([first << 7 | last << 6 | kind]) + body[start : start + size]


def interleaved(
    channel: int, chunks: Sequence[bytes], *, sequence: int, timestamp: int, ssrc: int, payload_type: int = PAYLOAD_TYPE
) -> bytes:
    """The packets of one access unit as RTSP carries them over TCP (RFC 2326, 10.12); the last one has the marker."""
    out: list[bytes] = []
    last = len(chunks) - 1
    for index, chunk in enumerate(chunks):
        marked = payload_type | (0x80 if index == last else 0)
        number = sequence + index & 0xFFFF
        out.append(struct.pack(">cBHBBHII", b"$", channel, 12 + len(chunk), 0x80, marked, number, timestamp, ssrc))
        out.append(chunk)
    return b"".join(out)


def sender_report(channel: int, *, wall: float, timestamp: int, ssrc: int) -> bytes:
    """Ties RTP time to the camera's wall clock; packet and octet counts are not used by anyone and stay 0."""
    seconds, fraction = divmod(wall + _NTP_EPOCH, 1)
    body = struct.pack(
        ">BBHIIIIII", 0x80, 200, 6, ssrc, int(seconds) & 0xFFFFFFFF, int(fraction * 2**32), timestamp, 0, 0
    )
    return struct.pack(">cBH", b"$", channel, len(body)) + body


def media_description(codec: str, sets: Sequence[bytes]) -> list[str]:
    """The video's lines in SDP; without `sets` the parameter sets come in the stream only, as some cameras do it."""
    lines = [f"m=video 0 RTP/AVP {PAYLOAD_TYPE}", f"a=rtpmap:{PAYLOAD_TYPE} {codec.upper()}/{CLOCK_RATE}"]
    encoded = [(nal_type(codec, nal), base64.b64encode(nal).decode()) for nal in sets]
    if codec == "h265":
        names = {32: "sprop-vps", 33: "sprop-sps", 34: "sprop-pps"}
        fmtp = ";".join(f"{names[kind]}={text}" for kind, text in encoded)
    else:
        profile = next((nal[1:4].hex() for nal in sets if nal_type(codec, nal) == 7), "")  # noqa: PLR2004 - SPS
        fmtp = "packetization-mode=1"
        if encoded:
            fmtp += f";profile-level-id={profile};sprop-parameter-sets={','.join(text for _, text in encoded)}"
    if fmtp:
        lines.append(f"a=fmtp:{PAYLOAD_TYPE} {fmtp}")
    return [*lines, "a=control:trackID=1"]
