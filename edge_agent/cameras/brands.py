"""What an operator has to know of the common brands before ONVIF lets anybody in. Read from their public manuals."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from edge_agent.cameras.found import Found


@dataclass(frozen=True, slots=True)
class Brand:
    """`marks` are what its devices call themselves; `main` and `sub` are RTSP paths, with the channel's number."""

    name: str
    marks: tuple[str, ...]
    hint: str
    default_hosts: tuple[str, ...] = ()
    main: str = ""
    sub: str = ""


BRANDS = (
    Brand(
        "海康威视 Hikvision",
        ("hikvision", "ds-2", "ip camera("),
        "ONVIF 默认关闭：配置 - 网络 - 高级配置 - 集成协议，启用 ONVIF 并添加 ONVIF 用户（与 admin 分开）。"
        " / ONVIF is off and has users of its own: Configuration - Network - Advanced - Integration Protocol.",
        ("192.168.1.64", "192.0.0.64"),
        "/Streaming/Channels/{channel}01",
        "/Streaming/Channels/{channel}02",
    ),
    Brand(
        "萤石 EZVIZ",
        ("ezviz", "cs-"),
        "验证码即 admin 的密码；新固件须先在萤石 App 里打开局域网预览（RTSP）和 ONVIF。"
        " / The label's verification code is admin's password; switch local RTSP and ONVIF on in its app first.",
        (),
        "/h264/ch{channel}/main/av_stream",
        "/h264/ch{channel}/sub/av_stream",
    ),
    Brand(
        "大华 Dahua",
        ("dahua", "dh-", "login to "),
        "ONVIF 用户与网页用户分开：设置 - 系统 - 账户 - ONVIF 用户。"
        " / ONVIF has users of its own: Setup - System - Account.",
        ("192.168.1.108",),
        "/cam/realmonitor?channel={channel}&subtype=0",
        "/cam/realmonitor?channel={channel}&subtype=1",
    ),
    Brand(
        "乐橙 Imou",
        ("imou", "lechange"),
        "标签上的安全码即 admin 的密码。 / The label's safety code is admin's password.",
        (),
        "/cam/realmonitor?channel={channel}&subtype=0",
        "/cam/realmonitor?channel={channel}&subtype=1",
    ),
    Brand(
        "宇视 Uniview",
        ("uniview", "ipc-unv", "unv"),
        "首次使用须先在网页上改掉默认密码，ONVIF 才放行。"
        " / ONVIF lets nobody in before the default password was changed.",
        ("192.168.1.13",),
        "/media/video1",
        "/media/video2",
    ),
    Brand(
        "TP-LINK",
        ("tp-link", "tplink", "tl-ipc", "tapo"),
        "先在 App 或网页里设置设备密码并打开 ONVIF；Tapo 的 ONVIF 端口是 2020。"
        " / Set the device's password and switch ONVIF on in its app; Tapo's ONVIF port is 2020.",
        ("192.168.1.60",),
        "/stream1",
        "/stream2",
    ),
)  # fmt: skip

DEFAULT_HOSTS = tuple(host for brand in BRANDS for host in brand.default_hosts)


def brand_of(*texts: str) -> Brand | None:
    """The brand that any of `texts` (maker, model, realm) speaks of."""
    said = " ".join(texts).lower()
    return next((brand for brand in BRANDS if any(mark in said for mark in brand.marks)), None)


def hint(found: Found) -> str:
    """What to do next with a device that can't be bound as it is; empty if nothing is in the way."""
    brand = brand_of(found.maker, found.model, found.realm)
    if not found.local:
        return (
            f"{found.host} 不在本机任何网段（可能是出厂地址）：给网卡加同网段地址，或用厂家工具改摄像机地址。"
            f" / It is in none of this computer's networks, maybe at its factory address: add an address of its subnet"
            f" to the network card, or change the camera's with its maker's tool."
        )
    if not found.xaddr:
        general = (
            "只有 RTSP 应答：在摄像机里启用 ONVIF，或用 --rtsp 绑定。"
            " / RTSP answers, ONVIF does not: enable it, or bind with --rtsp."
        )
        return f"{general} {brand.hint}" if brand else general
    return "" if brand is None else brand.hint


def told(found: Found) -> dict[str, Any]:
    """A device as commands and services tell it in JSON."""
    return {**asdict(found), "maker": found.maker, "model": found.model, "hint": hint(found)}
