"""`python3 -m edge_agent.appliance`: install, upgrade, uninstall, bundle for `install.sh`, credentials at each boot."""

from __future__ import annotations

import argparse
import os
import platform
import socket
import sys
import tempfile
from pathlib import Path

from edge_agent.appliance import bundle, credentials
from edge_agent.appliance.host import Systemd
from edge_agent.appliance.install import install, uninstall
from edge_agent.appliance.layout import Layout
from edge_agent.appliance.source import CHECKOUT, Source
from edge_agent.appliance.stick import find_stick, join_centre
from edge_agent.appliance.talk import RefusalError, say


def main() -> int:
    args = _arguments()
    try:
        match args.command:
            case "install":
                _install(args)
            case "uninstall":
                layout = _layout(args)
                uninstall(layout, Systemd(layout))
                say(
                    f"已卸载；证据 {layout.database.parent} 与配置 {layout.config.parent} 保留",
                    "uninstalled; evidence and configuration stay",
                )
            case "credentials":
                credentials.keep(_layout(args))
            case "bundle":
                file = bundle.make(Source(CHECKOUT), args.output, machine=args.machine, python=args.python)
                say(f"安装包 {file}", "bundle written")
    except RefusalError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def _install(args: argparse.Namespace) -> None:
    layout = _layout(args)
    with tempfile.TemporaryDirectory(prefix="edge-agent-") as scratch, find_stick(args.stick, layout.root) as stick:
        source = bundle.unpack(args.offline, Path(scratch)) if args.offline else Source(CHECKOUT)
        provision = stick.provision() if stick else None  # what is wrong with it is said before anything is done
        config = args.config
        if config is None and stick is not None and not layout.config.exists():
            config = stick.config
        release = install(source, layout, Systemd(layout, screen=args.screen), config, now=args.now)
        say(f"{release.folder.name} 已安装并运行", "installed and running")
        if provision is not None and not layout.provisioned:
            command = layout.root / "usr/local/bin/edge-agent" if layout.live else release.command
            join_centre(provision, command, layout.config)
    _tell_how_to_go_on(layout)


def _tell_how_to_go_on(layout: Layout) -> None:
    web = {"port": 8080, "tls_port": 8443, **layout.settings().get("web", {})}
    say(f"在本机打开 http://localhost:{web['port']}", "open it on this device")
    say(f"在其他设备打开 https://{socket.gethostname()}.local:{web['tls_port']}", "open it on other devices")
    code = layout.database.with_name("first-run-code")
    if code.exists():
        say(f"首次使用代码 {code.read_text().strip()}", "the code of the first run")
    say(
        f"防火墙：局域网可访问 TCP {web['port']}、{web['tls_port']}；本机可访问摄像机与中心端",
        f"firewall: let the LAN reach TCP {web['port']} and {web['tls_port']}, this device the cameras and the centre",
    )


def _layout(args: argparse.Namespace) -> Layout:
    layout = Layout(args.root.resolve())
    if layout.live and os.geteuid() != 0:
        raise RefusalError("安装需要管理员权限：sudo ./install.sh", "Installing needs root: sudo ./install.sh")
    return layout


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="install.sh", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name in ("install", "uninstall", "credentials"):
        command = commands.add_parser(name)
        command.add_argument("--root", type=Path, default=Path("/"), help="目标根目录（制作镜像）/ root of an image")
        if name == "install":
            command.add_argument("--offline", type=Path, help="离线安装包 / a bundle; nothing is fetched")
            command.add_argument("--config", type=Path, help="配置文件 / the configuration to put there")
            command.add_argument("--stick", type=Path, help="U 盘上的文件夹 / the folder of a USB stick")
            command.add_argument("--screen", action="store_true", help="屏幕显示签到页 / show the kiosk on the screen")
            command.add_argument("--now", action="store_true", help="不等下课 / don't wait for the end of a lesson")
    command = commands.add_parser("bundle")
    command.add_argument("--output", type=Path, default=Path(), help="目录 / folder")
    command.add_argument("--machine", choices=["x86_64", "aarch64"], default=platform.machine())
    command.add_argument(
        "--python", choices=["3.11", "3.12", "3.13"], default=".".join(platform.python_version_tuple()[:2])
    )
    return parser.parse_args()


sys.exit(main())
