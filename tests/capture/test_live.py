"""What viewers are given: headers first, keyframes after a loss, nothing that slows another one down."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest

from edge_agent.capture import live
from edge_agent.capture.causes import Cause
from edge_agent.capture.live import Broadcast, Kind, Message, Viewer
from edge_agent.capture.live_feeds import LiveFeeds
from edge_agent.capture.live_socket import LiveSocket
from edge_agent.clock import SystemClock


def fragment(number: int, size: int = 100, *, keyframe: bool = False) -> Message:
    return Message(Kind.FRAGMENT, number.to_bytes(2, "big") * (size // 2), keyframe)


def taken(viewer: Viewer) -> list[int]:
    found = []
    while (message := viewer.take(0)) is not None:
        found.append(int.from_bytes(message.body[:2], "big"))
    return found


def test_a_slow_viewer_goes_on_at_the_next_keyframe(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "MOST_WAITING", 450)
    viewer = Viewer([fragment(0, keyframe=True)])
    for number in range(1, 5):
        viewer.give(fragment(number))
    viewer.give(fragment(5))
    viewer.give(fragment(6, keyframe=True))
    viewer.give(fragment(7))
    assert taken(viewer) == [6, 7]


def test_a_new_viewer_waits_for_a_keyframe() -> None:
    viewer = Viewer([])
    viewer.give(fragment(1))
    viewer.give(fragment(2, keyframe=True))
    assert taken(viewer) == [2]


def test_a_viewer_that_comes_later_begins_at_the_last_keyframe() -> None:
    broadcast = Broadcast()
    for message in (
        Message(Kind.INIT, b"\0\x63"),
        fragment(1, keyframe=True),
        fragment(2),
        fragment(3, keyframe=True),
        fragment(4),
    ):
        broadcast._publish(message)
    assert taken(broadcast.join()) == [99, 3, 4]


def test_the_end_of_a_stream_is_told_with_its_cause() -> None:
    broadcast = Broadcast()
    viewer = broadcast.join()
    broadcast.end(Cause.REFUSED)
    message = viewer.take(0)
    assert message is not None
    assert (message.kind, json.loads(message.body)) == (Kind.ERROR, {"cause": "refused"})


@pytest.mark.parametrize(
    "request_line",
    [b"", b"hello\n", b'{"camera": "k9"}\n', b'{"camera": "k1", "stream": "both"}\n', b"[]\n", b"x" * 1024 + b"\n"],
)
def test_a_bad_request_is_answered(tmp_path: Path, request_line: bytes) -> None:
    def nothing(*_: object) -> None: ...

    feeds = LiveFeeds(dict, nothing, nothing, SystemClock().boottime)  # type: ignore[arg-type] # never called
    server = LiveSocket(tmp_path / "live.sock", feeds)
    server.start()
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(10)
        line.connect(str(tmp_path / "live.sock"))
        line.sendall(request_line)
        line.shutdown(socket.SHUT_WR)
        answer = b""
        while more := line.recv(4096):
            answer += more
    assert answer[:1] == b"e"
    assert int.from_bytes(answer[1:5], "big") == len(answer) - 5
    assert json.loads(answer[5:])["cause"]
    server.close()
