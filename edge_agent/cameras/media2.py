"""The second media service (ONVIF profile T): the one that knows H.265."""

from __future__ import annotations

from dataclasses import replace
from xml.etree.ElementTree import Element
from xml.sax.saxutils import escape

from edge_agent.cameras.causes import CameraError, Cause
from edge_agent.cameras.conversation import Conversation
from edge_agent.cameras.device import Profile, codec_of


async def profiles(talk: Conversation, at: str, *, limit: int) -> list[Profile]:
    """Those with a video encoder that can be recorded, with their addresses as the device tells them."""
    answer = await talk.ask_media2(at, "GetProfiles", "<m:Type>All</m:Type>")
    rows = [row for row in answer.iter() if _name(row) == "Profiles"][:limit]
    return [await _with_addresses(talk, at, profile) for row in rows if (profile := _profile(row)) is not None]


async def _with_addresses(talk: Conversation, at: str, profile: Profile) -> Profile:
    token = f"<m:ProfileToken>{escape(profile.token)}</m:ProfileToken>"
    stream = await talk.ask_media2(at, "GetStreamUri", f"<m:Protocol>RTSP</m:Protocol>{token}")
    try:
        snapshot = _text(await talk.ask_media2(at, "GetSnapshotUri", token), "Uri")
    except CameraError as error:
        if error.cause is not Cause.BAD_ANSWER:
            raise
        snapshot = ""  # optional in the specification
    return replace(profile, uri=_text(stream, "Uri"), snapshot=snapshot)


def _profile(row: Element) -> Profile | None:
    encoder = _find(row, "VideoEncoder")
    codec = None if encoder is None else codec_of(_text(encoder, "Encoding"))
    if encoder is None or codec is None:
        return None
    source = _find(row, "VideoSource")
    return Profile(
        token=row.get("token", ""),
        name=_text(row, "Name"),
        source="" if source is None else _text(source, "SourceToken"),
        codec=codec,
        width=_number(encoder, "Width"),
        height=_number(encoder, "Height"),
        fps=_number(encoder, "FrameRateLimit"),
        kbps=_number(encoder, "BitrateLimit"),
    )


def _name(element: Element) -> str:
    return element.tag.rpartition("}")[2]


def _find(element: Element, name: str) -> Element | None:
    return next((one for one in element.iter() if _name(one) == name), None)


def _text(element: Element, name: str) -> str:
    found = _find(element, name)
    return "" if found is None else (found.text or "").strip()


def _number(element: Element, name: str) -> int:
    try:
        return int(float(_text(element, name)))
    except ValueError:
        return 0
