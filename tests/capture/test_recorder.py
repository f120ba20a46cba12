"""A feed and a tape against virtual cameras with every fault."""

from __future__ import annotations

import itertools
from datetime import timedelta
from pathlib import Path

import pytest

from edge_agent.capture import feed as feed_module
from edge_agent.capture import reader
from edge_agent.capture.causes import Cause
from edge_agent.capture.continuity import Status
from edge_agent.model.media import MediaKind
from edge_agent.simulator import Codec, Fault, StreamSpec, VirtualCamera
from edge_agent.store.files import MediaFiles, Pending
from tests.capture.rig import missing, play, recording, wait_for

SPEC = StreamSpec(width=320, height=180, fps=25, kbps=200, seconds=10)
LOOP = SPEC.fps * SPEC.seconds


def test_between_two_segments_nothing_seems_lost(tmp_path: Path) -> None:
    """A slow card takes its time for a new file; who looks meanwhile must not take that for a loss."""
    seen: list[Status] = []
    files = MediaFiles(tmp_path)

    def create() -> Pending:
        seen.append(rig.tape.continuity.look())
        return files.create(MediaKind.RECORDING, ".mp4")

    with VirtualCamera(main=SPEC) as camera, recording(camera.rtsp_url, tmp_path, length=1, create=create) as rig:
        rig.wait_closed(2)
    assert seen[0].since is None
    assert {look.since for look in seen[1:]} == {rig.closed[0][0].start}
    assert {look.lost for look in seen} == {None}


@pytest.mark.parametrize("codec", ["h264", "h265"])
def test_segments_follow_each_other_without_a_lost_picture(tmp_path: Path, codec: Codec) -> None:
    spec = StreamSpec(codec=codec, width=320, height=180, fps=25, kbps=200, seconds=10)
    with VirtualCamera(main=spec) as camera, recording(camera.rtsp_url, tmp_path, length=2) as rig:
        rig.wait_closed(3)
    played = [play(path) for _, path in rig.closed]
    assert missing([stamp for one in played for stamp in one.stamps], LOOP) == 0
    for (before, _), (after, _) in itertools.pairwise(rig.closed):
        assert before.cause is None
        assert before.end == after.start
    assert rig.causes[-1] is Cause.STOPPED
    assert {one.times[0] for one in played} == {0.0}
    for (recorded, _), one in list(zip(rig.closed, played, strict=True))[1:-1]:
        assert (recorded.end - recorded.start).total_seconds() == pytest.approx(one.length + 1 / 25, abs=0.1)


def test_the_tags_in_the_header_tell_what_a_torn_file_was(tmp_path: Path) -> None:
    with VirtualCamera(main=SPEC) as camera, recording(camera.rtsp_url, tmp_path) as rig:
        rig.wait_since()
        (part,) = (tmp_path / "recording" / ".tmp").iterdir()
        torn = part.read_bytes()
    assert b"camera" in torn
    assert b"c1" in torn


def test_b_frames_are_kept_in_order(tmp_path: Path) -> None:
    with VirtualCamera(main=SPEC) as camera:
        camera.fault(Fault.B_FRAMES)
        with recording(camera.rtsp_url, tmp_path, length=2) as rig:
            rig.wait_closed(2)
    whole = [play(path) for _, path in rig.closed[:2]]  # the last one may end between a P-frame and its B-frames
    assert missing([stamp for one in whole for stamp in one.stamps], LOOP) == 0
    steps = [after - before for one in whole for before, after in itertools.pairwise(one.times)]
    assert steps == pytest.approx([1 / 25] * len(steps), abs=0.001)


def test_timestamps_that_jump_stay_on_the_axis_and_begin_a_segment(tmp_path: Path) -> None:
    with VirtualCamera(main=SPEC) as camera, recording(camera.rtsp_url, tmp_path) as rig:
        rig.wait_since()
        camera.fault(Fault.TIMESTAMP_JUMP, offset=600)
        rig.wait_closed(1)
        rig.wait_since()
    played = [play(path) for _, path in rig.closed]
    assert max(one.length for one in played) < 10
    assert missing([stamp for one in played for stamp in one.stamps], LOOP) == 0


def test_timestamps_that_stand_still_follow_the_arrival(tmp_path: Path) -> None:
    with VirtualCamera(main=SPEC) as camera:
        camera.fault(Fault.TIMESTAMP_MISSING)
        with recording(camera.rtsp_url, tmp_path) as rig:
            rig.wait_since(2)
    ((recorded, path),) = rig.closed
    assert play(path).length == pytest.approx((recorded.end - recorded.start).total_seconds(), abs=0.5)


def test_another_picture_size_begins_a_segment(tmp_path: Path) -> None:
    with VirtualCamera(main=SPEC) as camera, recording(camera.rtsp_url, tmp_path) as rig:
        rig.wait_since()
        camera.fault(Fault.RESOLUTION)
        rig.wait_closed(1)
        rig.wait_since()
    played = [play(path) for _, path in rig.closed]
    assert [set(one.sizes) for one in played] == [{(320, 180)}, {(480, 272)}]
    assert [recorded.shape.width for recorded, _ in rig.closed] == [320, 480]
    assert rig.closed[0][0].end == rig.closed[1][0].start


def test_another_codec_begins_a_segment(tmp_path: Path) -> None:
    with VirtualCamera(main=SPEC) as camera, recording(camera.rtsp_url, tmp_path) as rig:
        rig.wait_since()
        camera.fault(Fault.CODEC)
        camera.fault(Fault.CUT)
        rig.wait_closed(1)
        rig.wait_since()
    assert [play(path).codecs for _, path in rig.closed] == [("h264",), ("hevc",)]


@pytest.mark.parametrize(
    ("fault", "cause"), [(Fault.CUT, Cause.CLOSED), (Fault.REBOOT, Cause.CLOSED), (Fault.FREEZE, Cause.TIMEOUT)]
)
def test_recording_goes_on_when_the_camera_returns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: Fault, cause: Cause
) -> None:
    monkeypatch.setattr("edge_agent.cameras.sources.READ_SECONDS", 0.5)
    with VirtualCamera(main=SPEC) as camera, recording(camera.rtsp_url, tmp_path) as rig:
        rig.wait_since()
        camera.fault(fault, seconds=None if fault is Fault.CUT else 2)
        rig.wait_closed(1)
        rig.wait_since()
    assert rig.causes == [cause, Cause.STOPPED]
    (before, first), (after, second) = rig.closed
    assert before.end < after.start < before.end + timedelta(seconds=10)
    assert play(first).length > 0.8
    assert play(second).length > 0.8


def test_wrong_passwords_are_not_tried_until_the_camera_locks_out(tmp_path: Path) -> None:
    with VirtualCamera(main=SPEC, lockout_after=3) as camera:
        wrong = camera.rtsp_url.replace(camera.password, "GUESS")
        with recording(wrong, tmp_path) as rig:
            wait_for(lambda: rig.feed.cause is Cause.UNAUTHORIZED, "the refusal")
        assert camera.wrong_guesses == 1


@pytest.mark.parametrize(
    ("fault", "cause"),
    [
        (Fault.REFUSE, Cause.REFUSED),
        (Fault.SILENT, Cause.TIMEOUT),
        (Fault.REDIRECT_LOOP, Cause.TIMEOUT),
        (Fault.NO_KEYFRAME, Cause.NO_KEYFRAME),
        (Fault.EMPTY_FRAMES, Cause.TIMEOUT),
    ],
)
def test_a_camera_that_gives_nothing_is_named_and_recorded_once_it_gives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: Fault, cause: Cause
) -> None:
    monkeypatch.setattr("edge_agent.cameras.sources.OPEN_SECONDS", 1.0)
    monkeypatch.setattr("edge_agent.cameras.sources.READ_SECONDS", 1.0)
    monkeypatch.setattr(reader, "KEYFRAME_WAIT", 1.0)
    with VirtualCamera(main=SPEC) as camera:
        camera.fault(fault)
        with recording(camera.rtsp_url, tmp_path) as rig:
            wait_for(lambda: rig.feed.cause is not None, "a cause")
            assert rig.feed.cause is cause
            camera.clear()
            rig.wait_since()
    assert [play(path).length > 0.8 for _, path in rig.closed] == [True]


def test_a_stream_whose_keyframes_cease_is_asked_for_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else its segment would not end before the lesson."""
    monkeypatch.setattr(reader, "KEYFRAME_WAIT", 2.5)
    with VirtualCamera(main=SPEC) as camera, recording(camera.rtsp_url, tmp_path) as rig:
        rig.wait_since()
        camera.fault(Fault.NO_KEYFRAME)
        rig.wait_closed(1)
        camera.clear()
        rig.wait_since()
    assert rig.causes == [Cause.NO_KEYFRAME, Cause.STOPPED]
    assert all(play(path).length > 0.8 for _, path in rig.closed)


def test_a_keyframe_every_ten_seconds_is_enough(tmp_path: Path) -> None:
    with VirtualCamera(main=SPEC) as camera:
        camera.fault(Fault.LONG_GOP)
        with recording(camera.rtsp_url, tmp_path, length=2) as rig:
            rig.wait_closed(1)
    assert play(rig.closed[0][1]).length == pytest.approx(10, abs=0.5)


def test_sound_becomes_aac_beside_the_picture(tmp_path: Path) -> None:
    with (
        VirtualCamera(main=SPEC, audio=True) as camera,
        recording(camera.rtsp_url, tmp_path, length=2, audio=True) as rig,
    ):
        rig.wait_closed(2)
    assert [play(path).codecs for _, path in rig.closed] == [("h264", "aac")] * len(rig.closed)
    assert all(recorded.audio for recorded, _ in rig.closed)


def test_sound_is_left_out_unless_wanted(tmp_path: Path) -> None:
    with VirtualCamera(main=SPEC, audio=True) as camera, recording(camera.rtsp_url, tmp_path) as rig:
        rig.wait_since()
    assert play(rig.closed[0][1]).codecs == ("h264",)


def test_reading_in_bursts_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed_module, "STEADY", 0.0)
    with VirtualCamera(main=SPEC) as camera, recording(camera.rtsp_url, tmp_path, length=3) as rig:
        rig.wait_closed(2)
    assert missing([stamp for _, path in rig.closed for stamp in play(path).stamps], LOOP) == 0


def test_a_keyframe_is_held_and_gives_a_picture(tmp_path: Path) -> None:
    with VirtualCamera(main=SPEC) as camera, recording(camera.rtsp_url, tmp_path) as rig:
        wait_for(lambda: rig.feed.keyframe is not None, "a keyframe")
        keyframe = rig.feed.keyframe
        assert keyframe is not None
        assert keyframe.picture().shape == (180, 320, 3)
