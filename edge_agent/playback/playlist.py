"""HLS (RFC 8216) over the files as they are: each has its own header, and byte ranges cut it into parts."""

from __future__ import annotations

import math

from edge_agent.model.stamp import instant
from edge_agent.playback.show import Show


def playlist(show: Show, address: str) -> str:
    """Give the media list; `address` is where files are, with `{media}` in it.

    Time begins at 0 in each file of ours, so a discontinuity stands before every one but the first, gap or not.
    """
    longest = max((part.length for piece in show.pieces for part in piece.parts), default=1.0)
    lines = [
        "#EXTM3U",
        "#EXT-X-VERSION:7",
        "#EXT-X-PLAYLIST-TYPE:VOD",
        "#EXT-X-INDEPENDENT-SEGMENTS",
        f"#EXT-X-TARGETDURATION:{math.ceil(longest)}",
    ]
    for number, piece in enumerate(show.pieces):
        uri = address.format(media=piece.media)
        if number:
            lines.append("#EXT-X-DISCONTINUITY")
        lines += [
            f'#EXT-X-MAP:URI="{uri}",BYTERANGE="{piece.header}@0"',
            f"#EXT-X-PROGRAM-DATE-TIME:{instant(piece.start)}",
        ]
        for part in piece.parts:
            lines += [f"#EXTINF:{part.length:.3f},", f"#EXT-X-BYTERANGE:{part.size}@{part.offset}", uri]
    return "\n".join([*lines, "#EXT-X-ENDLIST", ""])
