"""`edge-agent cameras`: find, bind, list, test, associate and unbind cameras."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict
from typing import Annotated, Any

import typer

from edge_agent.cameras.answers import serve_requests
from edge_agent.cameras.brands import told
from edge_agent.cameras.causes import CameraError
from edge_agent.cameras.desk import CameraDesk
from edge_agent.cameras.wish import Wish
from edge_agent.cli.camera_words import print_bound, print_found, print_list, print_report
from edge_agent.cli.operator import operator
from edge_agent.serve.agent import open_agent
from edge_agent.settings import load_settings
from edge_agent.store.cameras import Known, known

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Multicast = Annotated[bool, typer.Option(help="Ask all of this computer's networks by multicast.")]
ALL_CHANNELS = -1
ASK = "-"


@contextmanager
def _desk() -> Iterator[CameraDesk]:
    settings = load_settings()
    with open_agent(settings) as agent, closing(CameraDesk(settings, agent.writer, agent.clock)) as desk:
        yield desk


@app.command()
def discover(
    targets: Annotated[list[str] | None, typer.Argument(help="Hosts, HOST:PORT or subnets, asked one by one.")] = None,
    multicast: Multicast = True,
    as_json: AsJson = False,
) -> None:
    """搜索摄像机 / search for cameras; no password is sent."""
    with _desk() as desk:
        found = asyncio.run(desk.discover(targets or (), multicast=multicast))
    if as_json:
        print(json.dumps({"found": [told(one) for one in found]}, ensure_ascii=False))
        return
    print_found(found)


@app.command("bind")
def bind_command(
    room: Annotated[str, typer.Option(help="教室 / the room it hangs in.")],
    name: Annotated[str, typer.Option(help="设备名称 / its name; by default its model.")] = "",
    serial: Annotated[str, typer.Option(help="序列号 / the serial number on its label.")] = "",
    code: Annotated[str, typer.Option(help="验证码 / the verification code on its label.")] = "",
    host: Annotated[str, typer.Option(help="Its address, with the ONVIF port if that is unusual.")] = "",
    user: Annotated[str, typer.Option(help="Its ONVIF user, `admin` if only a password is given.")] = "",
    password: Annotated[str, typer.Option(help="That user's password; `-` asks for it.")] = "",
    rtsp: Annotated[str, typer.Option(help="A plain RTSP address, rtsp://user:password@host/path.")] = "",
    sub: Annotated[str, typer.Option(help="With --rtsp: the substream's address, for live viewing.")] = "",
    usb: Annotated[str, typer.Option(help="A USB camera's device, as in /dev/v4l/by-id.")] = "",
    csi: Annotated[int | None, typer.Option(help="A CSI camera's number on a Raspberry Pi.")] = None,
    channel: Annotated[int, typer.Option(min=0, help="A recorder's channel, from 1.")] = 0,
    all_channels: Annotated[bool, typer.Option(help="All of a recorder's channels, for this room.")] = False,
    audio: Annotated[bool, typer.Option(help="Record its sound too.")] = False,
    search: Annotated[list[str] | None, typer.Option(help="Hosts, HOST:PORT or subnets to search as well.")] = None,
    multicast: Multicast = True,
    as_json: AsJson = False,
) -> None:
    """绑定摄像机 / bind a camera to a room; the password is tried once, on that device alone."""
    wish = Wish(
        room=room,
        name=name,
        serial=serial,
        code=code,
        host=host,
        user=user,
        password=typer.prompt("密码 / password", hide_input=True) if password == ASK else password,
        rtsp=rtsp,
        sub=sub,
        usb=usb,
        csi=csi,
        channel=ALL_CHANNELS if all_channels else channel,
        audio=audio,
        search=tuple(search or ()),
    )
    with _desk() as desk:
        bound = asyncio.run(desk.bind(wish, by=operator(), multicast=multicast))
    if as_json:
        print(json.dumps({"bound": [_plain(asdict(one)) for one in bound]}, ensure_ascii=False))
        return
    for one in bound:
        print_bound(one)


@app.command("list")
def list_command(
    room: Annotated[str, typer.Option(help="Only this room's.")] = "",
    as_json: AsJson = False,
) -> None:
    """已绑定的摄像机 / the bound cameras and what is known of them now."""
    settings = load_settings()
    with open_agent(settings) as agent, closing(CameraDesk(settings, agent.writer, agent.clock)) as desk:
        cameras = desk.cameras(room=room)
        with agent.reading() as connection:
            states = known(connection, agent.clock.stamp().wall)
    if as_json:
        rows = [{**_plain(asdict(one)), **_state(states.get(one.id))} for one in cameras]
        print(json.dumps({"cameras": rows}, ensure_ascii=False))
        return
    print_list(cameras, states)


@app.command("test")
def check_command(
    cameras: Annotated[list[str] | None, typer.Argument(help="Ids, names or serial numbers; all without any.")] = None,
    set_clock: Annotated[bool, typer.Option(help="Set a camera's clock that is wrong.")] = True,
    search: Annotated[bool, typer.Option(help="Look for a camera that has another address now.")] = True,
    as_json: AsJson = False,
) -> None:
    """检测摄像机 / say in words what is wrong with a camera, and how long its first picture takes."""
    with _desk() as desk:
        reports = asyncio.run(desk.test(cameras or (), set_clock=set_clock, search=search, by=operator()))
    if as_json:
        print(json.dumps({"reports": [{"ok": one.ok, **asdict(one)} for one in reports]}, ensure_ascii=False))
    else:
        for one in reports:
            print_report(one)
    if not all(one.ok for one in reports):
        raise typer.Exit(CameraError.exit_code)


@app.command()
def associate(
    lesson: Annotated[str, typer.Argument(help="课程 / the lesson's id.")],
    cameras: Annotated[list[str] | None, typer.Argument(help="Its cameras; none gives it its room's again.")] = None,
    as_json: AsJson = False,
) -> None:
    """关联设备 / give a lesson cameras of its own, also while it runs."""
    with _desk() as desk:
        chosen = [one.id for one in desk.cameras(cameras)] if cameras else []
        saved = desk.registry.associate(lesson, chosen, by=operator())
    if as_json:
        print(json.dumps({"lesson": saved.id, "revision": saved.revision, "cameras": saved.cameras}))
    else:
        print(f"{saved.id}: {', '.join(saved.cameras) or '教室的摄像机 / the cameras of its room'}")


@app.command()
def unbind(
    camera: Annotated[str, typer.Argument(help="Its id, name or serial number.")],
    reason: Annotated[str, typer.Option(help="原因 / why.")] = "",
    as_json: AsJson = False,
) -> None:
    """解绑摄像机 / unbind a camera; what it recorded stays, its password is deleted."""
    with _desk() as desk:
        gone = [desk.registry.unbind(one.id, by=operator(), reason=reason) for one in desk.cameras([camera])]
    if as_json:
        print(json.dumps({"unbound": [one.id for one in gone]}))
    else:
        for one in gone:
            print(f"已解绑 / unbound: {one.id}  {one.name}")


@app.command(hidden=True)
def answer() -> None:
    """What the recorder runs when the console asks: see `edge_agent.cameras.requests`."""
    settings = load_settings()
    with open_agent(settings) as agent, closing(CameraDesk(settings, agent.writer, agent.clock)) as desk:
        serve_requests(desk, agent.writer)


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    """Without the name of the secret: it tells nothing, and nobody should look for it."""
    return {
        name: _plain(value) if isinstance(value, dict) else value for name, value in row.items() if name != "secret"
    }


def _state(state: Known | None) -> dict[str, str]:
    return {"state": "unknown", "cause": ""} if state is None else {"state": state.state.value, "cause": state.cause}
