"""Cameras: those of the next lessons must be heard."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from edge_agent.model.camera import CameraState
from edge_agent.upkeep.health.finding import Finding, Level
from edge_agent.upkeep.health.view import View

SOON = timedelta(hours=1)
"""Within this time of a lesson a silent camera is critical: the first check before a lesson is an hour ahead."""

_STATES = {
    CameraState.UNKNOWN: ("状态未知", "has not been heard yet"),
    CameraState.OFFLINE: ("离线", "is offline"),
    CameraState.REFUSED: ("拒绝登录（密码错误）", "refuses the password"),
    CameraState.LOCKED: ("已锁定（密码错误次数过多）", "is locked after wrong passwords"),
}


class CameraCheck:
    name = "camera"
    title = "摄像机 / cameras"

    def judge(self, view: View) -> Iterator[Finding]:
        if not view.cameras:
            yield Finding(
                "camera:none",
                Level.CRITICAL,
                "未绑定任何摄像机",
                "No camera is bound.",
                "在“设备管理”中绑定摄像机",
                "Bind one: edge-agent cameras bind",
            )
        for identifier, camera in view.cameras.items():
            state = CameraState.UNKNOWN if camera.known is None else camera.known.state
            if state is CameraState.ONLINE:
                yield from self._picture(
                    identifier, camera.name, "ok" if camera.known is None else camera.known.picture
                )
                continue
            soon = camera.wanted_at is not None and camera.wanted_at - view.stamp.wall <= SOON
            zh, en = _STATES[state]
            yield Finding(
                f"camera:{identifier}",
                Level.CRITICAL if soon else Level.WARNING,
                f"摄像机“{camera.name}”{zh}",
                f"Camera {camera.name} {en}.",
                f"检查电源与网线，再运行 edge-agent cameras test {identifier}",
                f"Check its power and cable, then run: edge-agent cameras test {identifier}",
            )

    def _picture(self, identifier: str, name: str, picture: str) -> Iterator[Finding]:
        words = {
            "black": ("画面全黑", "shows black"),
            "frozen": ("画面卡住", "is frozen"),
            "covered": ("镜头被遮挡", "is covered"),
        }
        if picture in words:
            zh, en = words[picture]
            yield Finding(
                f"picture:{identifier}",
                Level.WARNING,
                f"摄像机“{name}”{zh}",
                f"Camera {name} {en}.",
                "到教室查看镜头",
                "Look at the lens in the room.",
            )
