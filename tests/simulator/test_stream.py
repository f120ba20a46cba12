"""What a recorder's RTSP client (FFmpeg's, through PyAV) gets from the virtual camera."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import av
import pytest

from edge_agent.errors import InputError
from edge_agent.simulator import Codec, Fault, StreamSpec, VirtualCamera
from edge_agent.simulator.picture import read_stamp
from tests.data import carphone

OPTIONS = {"rtsp_transport": "tcp", "analyzeduration": "300000", "fpsprobesize": "0"}
FAST = StreamSpec(width=320, height=180, fps=25, kbps=200, seconds=2)


@dataclass(frozen=True)
class Seen:
    pts: int | None
    key: bool
    size: int
    stamps: tuple[int | None, ...]
    widths: tuple[int, ...]


def watch(url: str, *, timeout: float = 10.0) -> Iterator[Seen]:
    """Packets of the video with the pictures that each one gave."""
    with av.open(url, options=OPTIONS, timeout=timeout) as container:
        for packet in container.demux(container.streams.video[0]):
            frames = packet.decode()
            stamps = tuple(read_stamp(frame.to_ndarray(format="bgr24")) for frame in frames)
            yield Seen(packet.pts, packet.is_keyframe, packet.size, stamps, tuple(frame.width for frame in frames))


def take(url: str, count: int) -> list[Seen]:
    packets = watch(url)
    return [next(packets) for _ in range(count)]


def stamps(packets: list[Seen]) -> list[int | None]:
    return [stamp for packet in packets for stamp in packet.stamps]


@pytest.mark.parametrize("codec", ["h264", "h265"])
def test_begins_with_a_keyframe_and_goes_on_without_a_break_where_the_loop_ends(codec: Codec) -> None:
    spec = StreamSpec(codec=codec, width=320, height=180, fps=25, kbps=200, seconds=2)
    with VirtualCamera(main=spec) as camera:
        seen = take(camera.rtsp_url, 70)
    assert seen[0].key
    numbers = [number for number in stamps(seen) if number is not None]
    assert len(numbers) >= 65
    first = numbers[0]
    assert numbers == [(first + index) % 50 for index in range(len(numbers))]


def test_main_sub_and_another_channel_are_different_streams() -> None:
    with VirtualCamera(channels=2) as camera:
        widths = [
            take(camera.url(name, channel=channel), 3)[-1].widths[0] for name, channel in (("main", 2), ("sub", 1))
        ]
    assert widths == [640, 320]


def test_a_video_file_is_shown_in_a_loop() -> None:
    with VirtualCamera(main=StreamSpec(width=176, height=144, fps=25, seconds=1, video=carphone())) as camera:
        seen = take(camera.rtsp_url, 30)
    assert {width for packet in seen for width in packet.widths} == {176}
    assert None not in stamps(seen)


def test_audio_is_a_track_of_its_own() -> None:
    with (
        VirtualCamera(audio=True) as camera,
        av.open(camera.rtsp_url, options=OPTIONS, timeout=10) as container,
    ):
        assert container.streams.audio[0].codec_context.name == "pcm_alaw"
        kinds = {packet.stream.type for packet, _ in zip(container.demux(), range(20), strict=False)}
    assert kinds == {"audio", "video"}


def test_b_frames_come_in_decode_order() -> None:
    with VirtualCamera(main=FAST) as camera:
        camera.fault(Fault.B_FRAMES)
        packets = watch(camera.rtsp_url)
        times = [packet.pts for packet, _ in zip(packets, range(30), strict=False) if packet.pts is not None]
    assert times != sorted(times)


def test_another_resolution_in_mid_stream() -> None:
    with VirtualCamera(main=FAST) as camera:
        packets = watch(camera.rtsp_url)
        before = next(packet.widths for packet in packets if packet.widths)
        camera.fault(Fault.RESOLUTION)
        after = next(packet.widths for packet in packets if packet.widths and packet.widths != before)
    assert (before, after) == ((320,), (480,))


def test_after_a_freeze_it_goes_on_with_a_keyframe_and_a_jump_in_time() -> None:
    with VirtualCamera(main=FAST) as camera:
        packets = watch(camera.rtsp_url)
        seen = [next(packets) for _ in range(10)]
        camera.fault(Fault.FREEZE, seconds=1)
        seen += [next(packets) for _ in range(20)]
    steps = [(b, b.pts - a.pts) for a, b in itertools.pairwise(seen) if a.pts is not None and b.pts is not None]
    packet, step = max(steps, key=lambda pair: pair[1])
    assert packet.key
    assert step >= 0.9 * 90_000


def test_timestamps_that_jump_and_come_back() -> None:
    with VirtualCamera(main=FAST) as camera:
        packets = watch(camera.rtsp_url)
        first = next(packet.pts for packet in packets if packet.pts is not None)
        camera.fault(Fault.TIMESTAMP_JUMP, offset=600)
        assert any(packet.pts is not None and packet.pts > first + 599 * 90_000 for packet in packets)
        camera.clear()
        assert any(packet.pts is not None and packet.pts < first + 599 * 90_000 for packet in packets)


@pytest.mark.parametrize("fault", [Fault.NO_KEYFRAME, Fault.EMPTY_FRAMES])
def test_no_picture_can_be_had(fault: Fault) -> None:
    with VirtualCamera(main=FAST) as camera:
        camera.fault(fault)
        pictures = 0
        with contextlib.suppress(av.FFmpegError):
            pictures = sum(len(packet.widths) for packet in itertools.islice(watch(camera.rtsp_url, timeout=1), 30))
    assert pictures == 0


def test_a_cut_ends_the_stream_and_the_next_connection_is_served() -> None:
    with VirtualCamera(main=FAST) as camera:
        packets = watch(camera.rtsp_url)
        next(packets)
        camera.fault(Fault.CUT)
        assert sum(1 for _ in packets) < 100
        assert take(camera.rtsp_url, 1)


def test_refused_until_it_is_cleared() -> None:
    with VirtualCamera(main=FAST) as camera:
        camera.fault(Fault.REFUSE)
        with pytest.raises(av.ConnectionRefusedError):
            take(camera.rtsp_url, 1)
        camera.clear()
        assert take(camera.rtsp_url, 1)


def test_a_redirect_to_itself_and_a_silent_camera_are_errors_in_time() -> None:
    with VirtualCamera(main=FAST) as camera:
        for fault in (Fault.REDIRECT_LOOP, Fault.SILENT):
            camera.fault(fault)
            with pytest.raises(av.FFmpegError):
                next(watch(camera.rtsp_url, timeout=1))
            camera.clear()


def test_the_right_password_alone_is_served() -> None:
    with VirtualCamera(lockout_after=2) as camera:
        wrong = camera.rtsp_url.replace(camera.password, "GUESS")
        for error in (av.HTTPUnauthorizedError, av.HTTPUnauthorizedError, av.HTTPForbiddenError):
            with pytest.raises(error):
                take(wrong, 1)
        assert camera.wrong_guesses == 2
        with pytest.raises(av.HTTPForbiddenError):  # locked out: the right one is refused too
            take(camera.rtsp_url, 1)


def test_a_spec_that_can_not_be_is_refused(tmp_path: Path) -> None:
    for wrong in ({"gop": 3}, {"scene": "beach"}, {"video": tmp_path / "none.mp4"}):
        with pytest.raises(InputError, match=next(iter(wrong))):
            StreamSpec(**wrong)


def test_the_time_of_day_runs_on_without_a_break() -> None:
    with VirtualCamera(main=FAST, sub=None, wall_clock=True) as camera:
        seen = take(camera.rtsp_url, 80)
    numbers = [number for number in stamps(seen) if number is not None]
    assert len(numbers) >= 75
    assert max(numbers[50:]) < 25  # what is encoded as it is shown is a second long
    times = [packet.pts for packet in seen if packet.pts is not None]
    assert all(0 < after - before < 90_000 for before, after in itertools.pairwise(times))
