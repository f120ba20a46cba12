"""What `edge-agent cameras` prints for a person: readable on 80 columns, where a Chinese character takes two."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Column, Table

from edge_agent.cameras.brands import hint
from edge_agent.cameras.check import Report
from edge_agent.cameras.desk import Bound
from edge_agent.cameras.found import Found
from edge_agent.cameras.picture import FirstPicture
from edge_agent.evidence.words import cause_text
from edge_agent.model.camera import Camera, CameraState
from edge_agent.store.cameras import Known

_STATES = {
    CameraState.UNKNOWN: "未知 / unknown",
    CameraState.ONLINE: "在线 / online",
    CameraState.OFFLINE: "离线 / offline",
    CameraState.REFUSED: "拒绝登录 / refused",
    CameraState.LOCKED: "已锁定 / locked",
}
_PICTURES = {
    "black": "画面全黑 / black picture",
    "frozen": "画面卡住 / frozen picture",
    "covered": "镜头被遮挡 / covered lens",
}
_TO_MENTION_S = 2.0  # a camera tells whole seconds


def print_list(cameras: Sequence[Camera], states: Mapping[str, Known]) -> None:
    """Two lines a camera: what people call it, and what commands do."""
    if not cameras:
        print("没有绑定摄像机 / no camera is bound. 搜索 / search: edge-agent cameras discover")
        return
    table = Table(
        Column("摄像机\ncamera", overflow="fold", min_width=15),
        Column("教室\nroom", overflow="fold", min_width=6),
        Column("地址、序列号\naddress, serial", overflow="fold", min_width=24),
        Column("状态\nstate", overflow="fold", min_width=18),
        box=SIMPLE_HEAD,
        pad_edge=False,
    )
    for one in cameras:
        where = f"{one.kind.value.upper()} {_shown_address(one)}".strip()
        table.add_row(
            f"{one.name}\n[dim]{one.id}[/dim]",
            one.room,
            f"{where}\n{one.serial}".strip(),
            "\n".join(_state_lines(states.get(one.id))),
        )
    Console(highlight=False).print(table)


def _shown_address(camera: Camera) -> str:
    """Of a camera on a plug, which plug: its size and rate are of no interest here."""
    if camera.host:
        return camera.host
    return camera.main.partition(":")[2].partition("?")[0]


def _state_lines(known: Known | None) -> list[str]:
    if known is None:
        return [_STATES[CameraState.UNKNOWN]]
    lines = [_STATES[known.state]]
    if known.cause:
        lines.append(f"{cause_text(known.cause)} / {known.cause.replace('_', ' ')}")
    if known.state is CameraState.ONLINE and known.picture in _PICTURES:
        lines.append(_PICTURES[known.picture])
    return lines


def print_found(found: Sequence[Found]) -> None:
    if not found:
        print(
            "没有找到摄像机 / no camera was found.\n"
            "  检查电源和网线，在摄像机里启用 ONVIF；或指定地址、网段：\n"
            "  Check power and cable, enable ONVIF in the camera; or name a host or a subnet:\n"
            "  edge-agent cameras discover 192.168.1.0/24"
        )
        return
    table = Table(
        Column("地址 / address", overflow="fold", min_width=15),
        Column("序列号 / serial", overflow="fold", min_width=12),
        Column("厂家 型号 / maker, model", overflow="fold", ratio=1),
        Column("ONVIF", no_wrap=True),
        box=SIMPLE_HEAD,
        pad_edge=False,
    )
    for one in found:
        table.add_row(
            _door(one), one.serial or "—", f"{one.maker} {one.model}".strip() or "—", "✓" if one.xaddr else "✗"
        )
    Console(highlight=False).print(table)
    for one in found:
        if text := hint(one):
            print(f"{one.host}：{text.removeprefix(one.host).strip()}")
    print(f"{len(found)} 台 / found")
    if any(one.xaddr for one in found):
        print("绑定 / bind: edge-agent cameras bind --room 教室 --serial 序列号 --code 验证码")


def _door(found: Found) -> str:
    """With the port where it is not the web's own: behind one address there may be several devices."""
    port = urlsplit(found.xaddr).port if found.xaddr else None
    return found.host if port in {None, 80} else f"{found.host}:{port}"


def print_bound(one: Bound) -> None:
    camera = one.camera
    made = f"{camera.maker} {camera.model} {camera.serial}".strip()
    print(f"已绑定 / bound: {camera.id}  {camera.name}  教室 / room {camera.room}")
    if made:
        print(f"  {made}")
    print(f"  {_picture(one.picture)}")
    if one.skew is not None and (one.clock_set or abs(one.skew) > _TO_MENTION_S):
        done = "已校准 / set right" if one.clock_set else "未能校准 / could not be set"
        print(f"  时钟偏差 / clock off by {one.skew:+.1f} s，{done}")


def print_report(report: Report) -> None:
    print(f"{'✓' if report.ok else '✗'} {report.camera}  {report.name}")
    for text, picture in (("主码流 / main", report.main), ("子码流 / sub", report.sub)):
        if picture is not None:
            print(f"  {text}: {_picture(picture)}")
    for line in (report.words, report.do, *report.warnings):
        if line:
            print(f"  {line}")


def _picture(picture: FirstPicture) -> str:
    shown = f"{picture.codec} {picture.width}x{picture.height}"
    return f"{shown}，首帧 / first picture {picture.milliseconds} ms"
