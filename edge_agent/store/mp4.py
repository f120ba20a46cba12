"""What lies where in a fragmented MP4 of ours, read from its boxes (ISO/IEC 14496-12): nothing is decoded.

Durations come from the samples. A container's own header is not believed: it says 0 in these files, and a lie in
others.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from edge_agent.errors import StorageError

_CHECK = "请运行 edge-agent fsck --digests。Run: edge-agent fsck --digests"

# Bits of tfhd and trun that say which fields are there, in their order in the box; all are four bytes but one.
_TFHD_FIELDS = {0x1: "offset", 0x2: "description", 0x8: "duration", 0x10: "size", 0x20: "flags"}
_TRUN_COLUMNS = {0x100: "duration", 0x200: "size", 0x400: "flags", 0x800: "shift"}
_TRUN_OFFSET, _TRUN_FIRST_FLAGS = 0x1, 0x4
_NOT_A_KEYFRAME = 0x10000  # sample_is_non_sync_sample
_VISUAL_ENTRY = 78  # bytes of a visual sample entry before its own boxes
_MOST = 64 << 20  # bytes of one moov or moof; more is damage


@dataclass(frozen=True, slots=True)
class Fragment:
    """`offset` and `size` in bytes, moof and mdat together; `start` and `length` in seconds of the picture's track."""

    offset: int
    size: int
    start: float
    length: float
    keyframe: bool


@dataclass(frozen=True, slots=True)
class Index:
    """`header` bytes (ftyp, moov) begin the file; `end` is where its last whole fragment ends."""

    header: int
    fragments: tuple[Fragment, ...]

    @property
    def end(self) -> int:
        return self.fragments[-1].offset + self.fragments[-1].size if self.fragments else self.header

    def parts(self, least: float) -> list[tuple[int, float]]:
        """Give offset and start of pieces that begin with a keyframe and are `least` seconds long or longer."""
        found: list[tuple[int, float]] = []
        for fragment in self.fragments:
            start = fragment.start - self.fragments[0].start
            if fragment.keyframe and (not found or start - found[-1][1] >= least):
                found.append((fragment.offset, round(start, 3)))
        return found

    @property
    def length(self) -> float:
        """Seconds from the first picture to the end of the last."""
        if not self.fragments:
            return 0.0
        return self.fragments[-1].start + self.fragments[-1].length - self.fragments[0].start


@dataclass(frozen=True, slots=True)
class _Track:
    id: int
    timescale: int


def read_index(path: Path) -> Index:
    """Read a file's index; a fragment that its end tears is left out. Raises `StorageError` without a whole header."""
    try:
        return _read(path)
    except struct.error as error:
        raise StorageError(f"{path.name}: 文件损坏 / damaged ({error}).", do=_CHECK) from error


def codecs(header: bytes) -> str:
    """Give what a browser wants to hear of a header's tracks (RFC 6381), `avc1.42c028,mp4a.40.2` for example."""
    found = []
    for kind, trak in _boxes(_find(header, b"moov") or b""):
        table = _find(trak, b"mdia", b"minf", b"stbl", b"stsd") if kind == b"trak" else None
        for entry, body in _boxes(table[8:]) if table else ():
            if entry in {b"avc1", b"avc3"}:
                config = _find(body[_VISUAL_ENTRY:], b"avcC") or bytes(4)
                found.append(f"{entry.decode()}.{config[1:4].hex()}")
            elif entry in {b"hvc1", b"hev1"}:
                found.append(f"{entry.decode()}.{_hevc_profile(_find(body[_VISUAL_ENTRY:], b'hvcC') or bytes(13))}")
            elif entry == b"mp4a":
                found.append("mp4a.40.2")
    return ",".join(found)


def _hevc_profile(config: bytes) -> str:
    """ISO/IEC 14496-15, annex E.3: profile, compatibility (its bits in reverse), tier and level, constraints."""
    profile = "ABC"[(config[1] >> 6) - 1] if config[1] >> 6 else ""
    profile += str(config[1] & 0x1F)
    compatible = int(f"{int.from_bytes(config[2:6]):032b}"[::-1], 2)
    tier = "H" if config[1] & 0x20 else "L"
    constraints = [f"{byte:X}" for byte in config[6:12].rstrip(b"\0")]
    return ".".join([profile, f"{compatible:X}", f"{tier}{config[12]}", *constraints])


def _read(path: Path) -> Index:
    track: _Track | None = None
    with path.open("rb") as stream:
        size = path.stat().st_size
        header, moof_at, fragments = 0, -1, []
        start = length = 0.0
        keyframe = False
        for kind, offset, end, body in top_boxes(stream, size):
            if kind == b"moov":
                track, header = _picture_track(body), end
            elif kind == b"moof" and track:
                moof_at = offset
                start, length, keyframe = _measure(body, track)
            elif kind == b"mdat" and track and moof_at >= 0:
                fragments.append(Fragment(moof_at, end - moof_at, start, length, keyframe))
                moof_at = -1
    if track is None:
        raise StorageError(f"{path.name}: 文件头不完整 / no whole header.", do=_CHECK)
    return Index(header, tuple(fragments))


def top_boxes(stream: BinaryIO, size: int) -> Iterator[tuple[bytes, int, int, bytes]]:
    """Give the whole boxes of `size` bytes as kind, offset, end and, for moov and moof, content."""
    offset = 0
    while offset + 8 <= size:
        stream.seek(offset)
        length, kind = struct.unpack(">I4s", stream.read(8))
        head = 8
        if length == 1 and offset + 16 <= size:
            (length,) = struct.unpack(">Q", stream.read(8))
            head = 16
        if length < head or offset + length > size:
            return
        body = stream.read(length - head) if kind in {b"moov", b"moof"} and length < _MOST else b""
        yield kind, offset, offset + length, body
        offset += length


def _boxes(body: bytes) -> Iterator[tuple[bytes, bytes]]:
    offset = 0
    while offset + 8 <= len(body):
        length, kind = struct.unpack_from(">I4s", body, offset)
        if length < 8 or offset + length > len(body):  # noqa: PLR2004 - a box's own head
            return
        yield kind, body[offset + 8 : offset + length]
        offset += length


def _find(body: bytes, *names: bytes) -> bytes | None:
    for kind, content in _boxes(body):
        if kind == names[0]:
            return content if len(names) == 1 else _find(content, *names[1:])
    return None


def _picture_track(moov: bytes) -> _Track | None:
    for kind, trak in _boxes(moov):
        handler = _find(trak, b"mdia", b"hdlr") if kind == b"trak" else None
        header, media = _find(trak, b"tkhd"), _find(trak, b"mdia", b"mdhd")
        if handler is None or handler[8:12] != b"vide" or header is None or media is None:
            continue
        (identifier,) = struct.unpack_from(">I", header, 20 if header[0] else 12)
        (timescale,) = struct.unpack_from(">I", media, 20 if media[0] else 12)
        return _Track(identifier, timescale or 1)
    return None


def _measure(moof: bytes, track: _Track) -> tuple[float, float, bool]:
    """Give start and length in seconds of the picture's samples, and whether the first one is a keyframe."""
    for kind, traf in _boxes(moof):
        head = _find(traf, b"tfhd") if kind == b"traf" else None
        if head is None or struct.unpack_from(">I", head, 4) != (track.id,):
            continue
        base, run = _find(traf, b"tfdt"), _find(traf, b"trun")
        start = 0 if base is None else struct.unpack_from(">Q" if base[0] else ">I", base, 4)[0]
        ticks, first = (0, _NOT_A_KEYFRAME) if run is None else _run(run, _defaults(head))
        return start / track.timescale, ticks / track.timescale, not first & _NOT_A_KEYFRAME
    return 0.0, 0.0, False


def _defaults(tfhd: bytes) -> dict[str, int]:
    (present,) = struct.unpack_from(">I", tfhd, 0)
    at, found = 8, {"duration": 0, "flags": 0}
    for bit, name in _TFHD_FIELDS.items():
        if present & bit:
            (found[name],) = struct.unpack_from(">I", tfhd, at)
            at += 8 if name == "offset" else 4
    return found


def _run(trun: bytes, defaults: dict[str, int]) -> tuple[int, int]:
    """Give the ticks of all samples and the flags of the first."""
    present, count = struct.unpack_from(">II", trun, 0)
    at = 12 if present & _TRUN_OFFSET else 8
    first = None
    if present & _TRUN_FIRST_FLAGS:
        (first,) = struct.unpack_from(">I", trun, at)
        at += 4
    columns = [name for bit, name in _TRUN_COLUMNS.items() if present & bit]
    rows = list(struct.iter_unpack(f">{len(columns)}I", trun[at : at + 4 * len(columns) * count])) if columns else []
    if first is None:
        first = rows[0][columns.index("flags")] if rows and "flags" in columns else defaults["flags"]
    if "duration" not in columns:
        return defaults["duration"] * count, first
    return sum(row[columns.index("duration")] for row in rows), first
