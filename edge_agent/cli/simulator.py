"""`edge-agent simulator`: virtual devices, for demonstrations and for trying what a fault does."""

from __future__ import annotations

import json
import sys
import threading
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer

from edge_agent.errors import InputError
from edge_agent.simulator import Codec, Fault, StreamSpec, VirtualCamera

app = typer.Typer(no_args_is_help=True, help="Virtual devices. 虚拟设备。")


@app.callback()
def _group() -> None:
    """Keeps `camera` a command of its own while it is the only one."""


@app.command()
def camera(
    serial: Annotated[str, typer.Option(help="Serial number; further cameras count on from it.")] = "VC0000001",
    user: Annotated[str, typer.Option(help="Its account.")] = "admin",
    password: Annotated[str, typer.Option(help="The verification code on its label.")] = "ABCDEF",  # noqa: S107 - a virtual one
    codec: Annotated[Codec, typer.Option(help="How both streams are encoded.")] = "h264",
    size: Annotated[str, typer.Option(help="The main stream's, WIDTHxHEIGHT.")] = "1280x720",
    fps: Annotated[int, typer.Option(min=1, max=60)] = 15,
    kbps: Annotated[int, typer.Option(min=50, help="The main stream's bit rate.")] = 1500,
    seconds: Annotated[int, typer.Option(min=1, max=300, help="Length of the picture's loop.")] = 20,
    noise: Annotated[int, typer.Option(min=0, max=255, help="Sensor noise, to reach the bit rate.")] = 4,
    video: Annotated[Path | None, typer.Option(help="A video file to show in a loop, not the drawn classroom.")] = None,
    audio: Annotated[bool, typer.Option(help="With a tone in G.711.")] = False,
    wall_clock: Annotated[bool, typer.Option(help="Show the time of day; encodes all the time.")] = False,
    channels: Annotated[int, typer.Option(min=1, max=64, help="More than one makes it a recorder (NVR).")] = 1,
    count: Annotated[int, typer.Option(min=1, max=64, help="How many cameras.")] = 1,
    host: Annotated[str, typer.Option(help="The address to serve on.")] = "127.0.0.1",
    rtsp_port: Annotated[int, typer.Option(help="The first camera's; 0 takes free ones.")] = 0,
    http_port: Annotated[int, typer.Option(help="The first camera's; 0 takes free ones.")] = 0,
    multicast: Annotated[bool, typer.Option(help="Be found by WS-Discovery on the network of --host.")] = True,
    fault: Annotated[list[str] | None, typer.Option(help="A fault to begin with, NAME or NAME:SECONDS.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One line of JSON a camera.")] = False,
) -> None:
    """A virtual ONVIF camera with RTSP. Faults are typed in: `freeze 5`, `clear`, `help`; end with Ctrl-D or Ctrl-C."""
    width, height = _size(size)
    main = StreamSpec(
        codec=codec,
        width=width,
        height=height,
        fps=fps,
        kbps=kbps,
        seconds=seconds,
        noise=noise,
        video=video,
        label=serial if count == 1 else "",  # more of them share one picture, which is encoded once
    )
    sub = StreamSpec(codec=codec, fps=min(fps, 10), kbps=min(kbps, 300), seconds=seconds, video=video)
    with ExitStack() as running:
        cameras = [
            running.enter_context(
                VirtualCamera(
                    serial=_counted(serial, index),
                    user=user,
                    password=password,
                    main=main,
                    sub=sub,
                    channels=channels,
                    audio=audio,
                    wall_clock=wall_clock,
                    host=host,
                    rtsp_port=rtsp_port and rtsp_port + index,
                    http_port=http_port and http_port + index,
                    discovery="multicast" if multicast else "unicast",
                )
            )
            for index in range(count)
        ]
        for one in cameras:
            _print(one, as_json=as_json)
        for text in fault or []:
            _command(cameras, text.replace(":", " "))
        _listen(cameras)


def _size(text: str) -> tuple[int, int]:
    width, _, height = text.partition("x")
    if not (width.isdigit() and height.isdigit()) or int(width) % 2 or int(height) % 2:
        raise InputError(f"--size {text}: not a picture size.", do="Write two even numbers, as in 1280x720.")
    return int(width), int(height)


def _counted(serial: str, index: int) -> str:
    stem = serial.rstrip("0123456789")
    digits = serial[len(stem) :] or "1"
    return serial if index == 0 else f"{stem}{int(digits) + index:0{len(digits)}}"


def _print(one: VirtualCamera, *, as_json: bool) -> None:
    told = {
        "serial": one.serial,
        "user": one.user,
        "password": one.password,
        "onvif": one.onvif_url,
        "rtsp": one.rtsp_url,
        "snapshot": one.snapshot_url,
        "discovery": f"{one.onvif_host}:{one.discovery_port}",
    }
    if as_json:
        print(json.dumps(told), flush=True)
        return
    there = f"{one.onvif_host}:{one.onvif_port}"
    told["find"] = f"edge-agent cameras discover{'' if one.multicast else f' {there}'}"
    told["bind"] = f"edge-agent cameras bind --room ROOM --host {there} --serial {one.serial} --code {one.password}"
    print("\n".join(f"{name:10}{value}" for name, value in told.items()), flush=True)


def _listen(cameras: list[VirtualCamera]) -> None:
    """Reads commands; where nobody can type (a container, a service), it runs until it is told to end."""
    try:
        for line in sys.stdin:
            try:
                _command(cameras, line)
            except InputError as error:
                print(error, flush=True)
        if not sys.stdin.isatty():
            threading.Event().wait()
    except KeyboardInterrupt:
        print(flush=True)


def _command(cameras: list[VirtualCamera], line: str) -> None:
    name, _, rest = line.strip().partition(" ")
    if not name:
        return
    if name == "help":
        print("clear [NAME], or NAME [SECONDS], where NAME is one of:", ", ".join(Fault), flush=True)
        return
    try:
        seconds = float(rest) if rest and name != "clear" else None
    except ValueError:
        raise InputError(f"{rest}: not a number of seconds.") from None
    for one in cameras:
        if name == "clear":
            one.clear(rest or None)
        else:
            one.fault(name, seconds)
