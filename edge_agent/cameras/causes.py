"""Why a camera can't be used, in words, with the next step."""

from __future__ import annotations

from enum import StrEnum

from edge_agent.errors import DeviceError


class Cause(StrEnum):
    UNREACHABLE = "unreachable"
    REFUSED = "refused"
    TIMEOUT = "timeout"
    NOT_ONVIF = "not_onvif"
    BAD_ANSWER = "bad_answer"
    UNAUTHORIZED = "unauthorized"
    LOCKED = "locked"
    NO_PROFILE = "no_profile"
    NO_STREAM = "no_stream"
    NO_PICTURE = "no_picture"
    CODEC = "codec"
    OTHER_SERIAL = "other_serial"
    NO_DEVICE = "no_device"


_WORDS: dict[Cause, tuple[str, str]] = {
    Cause.UNREACHABLE: ("连不上 / unreachable", "检查电源、网线和地址 / Check power, cable and address."),
    Cause.REFUSED: (
        "主机在线，端口未开 / the host is there, nothing listens on this port",
        "在摄像机设置里启用 ONVIF 或 RTSP，或改端口 / Enable ONVIF or RTSP in the camera, or give another port.",
    ),
    Cause.TIMEOUT: (
        "连接后没有应答 / connected, no answer in time",
        "重启摄像机后再试 / Restart the camera and try again.",
    ),
    Cause.NOT_ONVIF: (
        "此地址不是 ONVIF 服务 / this address does not speak ONVIF",
        "启用 ONVIF，或用 RTSP 地址绑定 / Enable ONVIF, or bind its RTSP address.",
    ),
    Cause.BAD_ANSWER: (
        "应答残缺或不合规 / the answer is incomplete or not valid",
        "核对地址，升级固件 / Check the address, and update its firmware.",
    ),
    Cause.UNAUTHORIZED: (
        "用户名或密码不对 / wrong user or password",
        "核对后再试一次；多次试错会锁定 / Check it before the next try: cameras lock out.",
    ),
    Cause.LOCKED: (
        "账号已锁定 / the account is locked out",
        "等 30 分钟或重启摄像机，不要再试密码 / Wait 30 minutes or restart the camera; try no password meanwhile.",
    ),
    Cause.NO_PROFILE: (
        "没有可用的视频配置 / no usable video profile",
        "在摄像机里启用 H.264 主码流 / Enable an H.264 main stream in the camera.",
    ),
    Cause.NO_STREAM: (
        "没有这一路码流 / there is no such stream",
        "核对通道号和 RTSP 路径 / Check the channel and the RTSP path.",
    ),
    Cause.NO_PICTURE: (
        "已连接但没有画面 / connected, but no picture came",
        "检查关键帧间隔和编码设置，或重启摄像机 / Check keyframe interval and encoder, or restart the camera.",
    ),
    Cause.CODEC: (
        "编码不支持（须为 H.264 或 H.265）/ neither H.264 nor H.265",
        "在摄像机里改编码 / Change the encoder in the camera's settings.",
    ),
    Cause.OTHER_SERIAL: (
        "序列号不符，是另一台设备 / another device: its serial number differs",
        "核对标签上的序列号 / Check the serial number on the label.",
    ),
    Cause.NO_DEVICE: (
        "找不到此设备 / no such device here",
        "检查接线后运行 edge-agent cameras discover / Check its cable, then run that.",
    ),
}


class CameraError(DeviceError):
    """`where` is the camera's name, address or serial number; `detail` must bear no password."""

    def __init__(self, cause: Cause, where: str, *, detail: str = "", do: str = "") -> None:
        words, advice = _WORDS[cause]
        super().__init__(f"{where}：{words}{f' ({detail})' if detail else ''}.", do=do or advice)
        self.cause = cause


def words(cause: Cause) -> str:
    return _WORDS[cause][0]


def advice(cause: Cause) -> str:
    return _WORDS[cause][1]
