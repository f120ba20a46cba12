"""Replays a loop of access units to one client, in time, with fresh timestamps, and with the faults in force."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from dataclasses import dataclass, field

from edge_agent.simulator import rtp
from edge_agent.simulator.device import Device, Profile
from edge_agent.simulator.faults import Fault
from edge_agent.simulator.loop import AccessUnit, Loop

_REPORT_EVERY_S = 5.0
_MAX_BACKLOG = 8 * 1024 * 1024  # a client that reads nothing for this long is dropped, as cameras do
_TOO_LATE_S = 2.0
_A_LAW_1_KHZ = bytes.fromhex("34212134b4a1a1b4")  # ITU-T G.711, table 5
_AUDIO_PACKET = 320  # samples, 40 ms


@dataclass(slots=True)
class _Video:
    """The state of one client's video track. Ticks are of the 90 kHz clock, from the track's start."""

    device: Device
    channel: int
    base: int = field(default_factory=lambda: secrets.randbits(32))
    ssrc: int = field(default_factory=lambda: secrets.randbits(32))
    sequence: int = field(default_factory=lambda: secrets.randbits(16))
    whole: bool = True  # every picture since the last keyframe was sent, so that the next one can be decoded

    def packets(self, unit: AccessUnit, ticks: int) -> bytes:
        """What goes on the wire for this picture: nothing, if a fault swallows it."""
        board = self.device.board
        if board.active(Fault.FREEZE):
            self.whole = False
            return b""
        if unit.key and board.active(Fault.NO_KEYFRAME):
            return b""
        self.whole = self.whole or unit.key
        if not self.whole:
            return b""
        if board.active(Fault.TIMESTAMP_MISSING):
            ticks = 0
        ticks += rtp.CLOCK_RATE * int(board.option(Fault.TIMESTAMP_JUMP, "offset", default=3600, idle=0))
        chunks = (b"",) if board.active(Fault.EMPTY_FRAMES) else unit.payloads
        data = rtp.interleaved(
            self.channel, chunks, sequence=self.sequence, timestamp=self.base + ticks & 0xFFFFFFFF, ssrc=self.ssrc
        )
        self.sequence += len(chunks)
        return data

    def report(self, ticks: int) -> bytes:
        timestamp = self.base + ticks & 0xFFFFFFFF
        return rtp.sender_report(self.channel + 1, wall=self.device.wall(), timestamp=timestamp, ssrc=self.ssrc)


async def play_video(device: Device, profile: Profile, channel: int, writer: asyncio.StreamWriter) -> None:
    """Begins with the keyframe of the GOP that is on, as a camera that makes one for each new client.

    The loop lies on the wall clock, so the picture is at most a GOP behind what `Device.jpeg` shows.
    """
    clock = asyncio.get_running_loop().time
    video = _Video(device, channel)
    begun, ticks, report_due = clock(), 0, 0.0
    with contextlib.suppress(ConnectionError):
        while True:  # one turn for each loop that the profile shows: a fault or the clock puts another in its place
            loop, started = profile.loop, clock()
            ticks = max(ticks, round((started - begun) * rtp.CLOCK_RATE))
            first = _current_gop(device, loop)
            step = rtp.CLOCK_RATE // loop.spec.fps
            sent = 0
            while profile.loop is loop:
                due = started + sent / loop.spec.fps
                await asyncio.sleep(due - clock())
                if profile.loop is not loop:
                    break
                index = (first + sent) % len(loop.units)
                unit = loop.units[index]
                if clock() - due > _TOO_LATE_S:
                    video.whole = False
                else:
                    writer.write(video.packets(unit, ticks + (unit.pts - index) * step))
                if clock() >= report_due and not device.board.active(Fault.FREEZE):
                    writer.write(video.report(ticks))
                    report_due = clock() + _REPORT_EVERY_S
                if writer.transport.get_write_buffer_size() > _MAX_BACKLOG:
                    writer.transport.abort()
                    return
                sent += 1
                ticks += step


def _current_gop(device: Device, loop: Loop) -> int:
    """The index of the unit that begins the GOP that is on."""
    return int(device.wall() / loop.spec.gop) * loop.gop_frames % len(loop.units)


async def play_audio(device: Device, _: Profile, channel: int, writer: asyncio.StreamWriter) -> None:
    """A tone in G.711 A-law, 8 kHz: what the common cameras send."""
    clock = asyncio.get_running_loop().time
    ssrc, timestamp, sequence = secrets.randbits(32), secrets.randbits(32), secrets.randbits(16)
    samples = _A_LAW_1_KHZ * (_AUDIO_PACKET // len(_A_LAW_1_KHZ))
    started, sent = clock(), 0
    with contextlib.suppress(ConnectionError):
        while not writer.transport.is_closing():
            await asyncio.sleep(started + sent * _AUDIO_PACKET / 8000 - clock())
            if not device.board.active(Fault.FREEZE):
                writer.write(
                    rtp.interleaved(
                        channel,
                        [samples],
                        sequence=sequence + sent,
                        ssrc=ssrc,
                        payload_type=8,
                        timestamp=timestamp + sent * _AUDIO_PACKET & 0xFFFFFFFF,
                    )
                )
            sent += 1
