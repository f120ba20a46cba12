"""ONVIF's device and media services, as far as a recorder asks them, and the ways in which cameras get them wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from xml.etree.ElementTree import Element
from xml.sax.saxutils import escape

import defusedxml.ElementTree as SafeTree

from edge_agent.simulator.accounts import Verdict
from edge_agent.simulator.device import Device, Profile
from edge_agent.simulator.faults import Fault

_ENVELOPE = "http://www.w3.org/2003/05/soap-envelope"
_SECURITY = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
_UTILITY = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
_DEVICE = "http://www.onvif.org/ver10/device/wsdl"
_MEDIA = "http://www.onvif.org/ver10/media/wsdl"
_MEDIA2 = "http://www.onvif.org/ver20/media/wsdl"
_PREFIXES = {
    "env": _ENVELOPE,
    "tds": _DEVICE,
    "trt": _MEDIA,
    "tr2": _MEDIA2,
    "tt": "http://www.onvif.org/ver10/schema",
    "ter": "http://www.onvif.org/ver10/error",
}
_ODD_PREFIXES = {"env": "SOAP-ENV", "tds": "ns1", "trt": "ns7", "tr2": "_2", "tt": "a.b-c"}
_PUBLIC = {"GetSystemDateAndTime", "GetServices", "GetCapabilities"}  # the specification's PRE_AUTH class


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    body: bytes
    challenge: str = ""


@dataclass(frozen=True, slots=True)
class _Call:
    name: str
    body: Element

    def text(self, name: str) -> str:
        """The text of the first descendant of this local name."""
        return next((e.text or "" for e in self.body.iter() if _local(e) == name), "")


def answer(device: Device, request: bytes, authorization: str | None = None) -> Reply:
    """One SOAP request, with HTTP's Authorization header; status and envelope."""
    try:
        root = SafeTree.fromstring(request)
        body = root.find(f"{{{_ENVELOPE}}}Body")
        call = _Call(_local(body[0]), body[0]) if body is not None and len(body) else None
    except (SafeTree.ParseError, ValueError):
        call = None
    if call is None:
        return _fault("Sender", "ter:WellFormed", "No SOAP call could be read")
    if (refusal := _refusal(device, call, root, authorization)) is not None:
        return refusal
    second = call.body.tag.startswith(f"{{{_MEDIA2}}}")
    operation = (_OPERATIONS_2 if second and device.media2 else _OPERATIONS).get(call.name)
    if operation is None:
        return _fault("Receiver", "ter:ActionNotSupported", f"{call.name} is not implemented")
    content = operation(device, call)
    if content is None:
        return _fault("Sender", "ter:InvalidArgVal", f"{call.name}: no such profile")
    return Reply(200, _spoil(device, _envelope(content)))


def _refusal(device: Device, call: _Call, root: Element, authorization: str | None) -> Reply | None:
    if call.name in _PUBLIC or (call.name == "GetDeviceInformation" and device.tells_serial):
        return None
    if device.onvif_login == "digest":
        verdict = device.accounts.digest("POST", authorization)
    else:
        verdict = device.accounts.token(_token(root), device.now())
    match verdict:
        case Verdict.WELCOME:
            return None
        case Verdict.LOCKED:
            refusal = _fault("Sender", "ter:NotAuthorized", "The account is locked")
        case Verdict.ANONYMOUS | Verdict.WRONG:
            refusal = _fault("Sender", "ter:NotAuthorized", "Sender not authorized")
    if device.onvif_login == "digest":
        return Reply(401, refusal.body, device.accounts.challenge(qop=True))
    return refusal


def _local(element: Element) -> str:
    return element.tag.rpartition("}")[2]


def _token(root: Element) -> Mapping[str, str] | None:
    element = root.find(f"{{{_ENVELOPE}}}Header/{{{_SECURITY}}}Security/{{{_SECURITY}}}UsernameToken")
    return None if element is None else {_local(child): (child.text or "").strip() for child in element}


def _envelope(content: str) -> str:
    names = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in _PREFIXES.items())
    return f'<?xml version="1.0" encoding="UTF-8"?><env:Envelope {names}><env:Body>{content}</env:Body></env:Envelope>'


def _fault(side: str, code: str, reason: str) -> Reply:
    content = (
        f"<env:Fault><env:Code><env:Value>env:{side}</env:Value><env:Subcode><env:Value>{code}</env:Value></env:Subcode>"
        f'</env:Code><env:Reason><env:Text xml:lang="en">{reason}</env:Text></env:Reason></env:Fault>'
    )
    return Reply(400 if side == "Sender" else 500, _envelope(content).encode())


def _spoil(device: Device, text: str) -> bytes:
    board = device.board
    if board.active(Fault.ODD_XML):
        for prefix, odd in _ODD_PREFIXES.items():
            text = text.replace(f"{prefix}:", f"{odd}:").replace(f":{prefix}=", f":{odd}=")
        text = text.replace("><", ">\r\n\t<").replace("?>", "?>\r\n<!-- gSOAP -->", 1)
        return b"\xef\xbb\xbf" + text.encode()
    if board.active(Fault.XML_BOMB):
        levels = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))
        head, _, rest = text.partition("?>")
        return (
            f'{head}?><!DOCTYPE x [<!ENTITY e0 "ha">{levels}]>{rest.replace("</env:Body>", "&e9;</env:Body>")}'.encode()
        )
    if board.active(Fault.TRUNCATED_SOAP):
        return text[: len(text) * 2 // 3].encode()
    if board.active(Fault.NOT_SOAP):
        return b"<!DOCTYPE html><html><head><title>Login</title></head><body><br>Welcome</body></html>"
    return text.encode()


def _base(device: Device) -> str:
    return f"http://{device.told_host()}:{device.http_port}"


def _date_and_time(device: Device, _: _Call) -> str:
    now = device.now()
    return (
        "<tds:GetSystemDateAndTimeResponse><tds:SystemDateAndTime><tt:DateTimeType>Manual</tt:DateTimeType>"
        "<tt:DaylightSavings>false</tt:DaylightSavings><tt:TimeZone><tt:TZ>CST-8</tt:TZ></tt:TimeZone><tt:UTCDateTime>"
        f"<tt:Time><tt:Hour>{now.hour}</tt:Hour><tt:Minute>{now.minute}</tt:Minute><tt:Second>{now.second}</tt:Second>"
        f"</tt:Time><tt:Date><tt:Year>{now.year}</tt:Year><tt:Month>{now.month}</tt:Month><tt:Day>{now.day}</tt:Day>"
        "</tt:Date></tt:UTCDateTime></tds:SystemDateAndTime></tds:GetSystemDateAndTimeResponse>"
    )


def _set_date_and_time(device: Device, call: _Call) -> str | None:
    fields = [call.text(name) for name in ("Year", "Month", "Day", "Hour", "Minute", "Second")]
    if not all(text.isdigit() for text in fields):
        return None
    year, month, day, hour, minute, second = map(int, fields)
    wanted = datetime(year, month, day, tzinfo=UTC) + timedelta(hours=hour, minutes=minute, seconds=second)
    device.board.clear(Fault.CLOCK_SKEW)
    device.clock_offset += wanted.timestamp() - device.wall()
    return "<tds:SetSystemDateAndTimeResponse/>"


def _information(device: Device, _: _Call) -> str:
    return (
        f"<tds:GetDeviceInformationResponse><tds:Manufacturer>{escape(device.manufacturer)}</tds:Manufacturer>"
        f"<tds:Model>{escape(device.model)}</tds:Model><tds:FirmwareVersion>{escape(device.firmware)}</tds:FirmwareVersion>"
        f"<tds:SerialNumber>{escape(device.told_serial())}</tds:SerialNumber><tds:HardwareId>1</tds:HardwareId>"
        "</tds:GetDeviceInformationResponse>"
    )


def _services(device: Device, _: _Call) -> str:
    rows = "".join(
        f"<tds:Service><tds:Namespace>{namespace}</tds:Namespace><tds:XAddr>{_base(device)}/onvif/{path}</tds:XAddr>"
        "<tds:Version><tt:Major>2</tt:Major><tt:Minor>60</tt:Minor></tds:Version></tds:Service>"
        for namespace, path in (
            (_DEVICE, "device_service"),
            (_MEDIA, "media_service"),
            *([(_MEDIA2, "media2_service")] if device.media2 else []),
        )
    )
    return f"<tds:GetServicesResponse>{rows}</tds:GetServicesResponse>"


def _capabilities(device: Device, _: _Call) -> str:
    return (
        "<tds:GetCapabilitiesResponse><tds:Capabilities>"
        f"<tt:Device><tt:XAddr>{_base(device)}/onvif/device_service</tt:XAddr></tt:Device>"
        f"<tt:Media><tt:XAddr>{_base(device)}/onvif/media_service</tt:XAddr><tt:StreamingCapabilities>"
        "<tt:RTPMulticast>false</tt:RTPMulticast><tt:RTP_TCP>true</tt:RTP_TCP><tt:RTP_RTSP_TCP>true</tt:RTP_RTSP_TCP>"
        "</tt:StreamingCapabilities></tt:Media></tds:Capabilities></tds:GetCapabilitiesResponse>"
    )


def _scopes(device: Device, _: _Call) -> str:
    rows = "".join(
        f"<tds:Scopes><tt:ScopeDef>Fixed</tt:ScopeDef><tt:ScopeItem>{scope}</tt:ScopeItem></tds:Scopes>"
        for scope in scopes(device)
    )
    return f"<tds:GetScopesResponse>{rows}</tds:GetScopesResponse>"


def scopes(device: Device) -> list[str]:
    prefix = "onvif://www.onvif.org"
    return [
        f"{prefix}/type/video_encoder",
        f"{prefix}/Profile/Streaming",
        f"{prefix}/name/{device.manufacturer}",
        f"{prefix}/hardware/{device.model}",
    ]


def _profiles(device: Device, _: _Call) -> str:
    """As the specification has it, H.265 is for the second media service, where there is one."""
    shown = [p for p in _shown(device) if not (device.media2 and p.loop.spec.codec == "h265")]
    return f"<trt:GetProfilesResponse>{''.join(map(_profile, shown))}</trt:GetProfilesResponse>"


def _shown(device: Device) -> list[Profile]:
    return [] if device.board.active(Fault.NO_PROFILES) else device.profiles


def _profiles_2(device: Device, _: _Call) -> str:
    return f"<tr2:GetProfilesResponse>{''.join(map(_profile_2, _shown(device)))}</tr2:GetProfilesResponse>"


def _profile_2(profile: Profile) -> str:
    spec = profile.loop.spec
    return (
        f'<tr2:Profiles token="{profile.token}" fixed="true"><tr2:Name>{profile.name}</tr2:Name><tr2:Configurations>'
        f'<tr2:VideoSource token="VSC_{profile.source}"><tt:Name>{profile.source}</tt:Name><tt:UseCount>2</tt:UseCount>'
        f"<tt:SourceToken>{profile.source}</tt:SourceToken></tr2:VideoSource>"
        f'<tr2:VideoEncoder token="VEC_{profile.token}"><tt:Name>{profile.token}</tt:Name><tt:UseCount>1</tt:UseCount>'
        f"<tt:Encoding>{spec.codec.upper()}</tt:Encoding><tt:Resolution><tt:Width>{spec.width}</tt:Width>"
        f'<tt:Height>{spec.height}</tt:Height></tt:Resolution><tt:RateControl ConstantBitRate="true">'
        f"<tt:FrameRateLimit>{spec.fps}</tt:FrameRateLimit><tt:BitrateLimit>{spec.kbps}</tt:BitrateLimit>"
        "</tt:RateControl><tt:Quality>4</tt:Quality></tr2:VideoEncoder></tr2:Configurations></tr2:Profiles>"
    )


def _profile(profile: Profile) -> str:
    spec = profile.loop.spec
    return (
        f'<trt:Profiles token="{profile.token}" fixed="true"><tt:Name>{profile.name}</tt:Name>'
        f'<tt:VideoSourceConfiguration token="VSC_{profile.source}"><tt:Name>{profile.source}</tt:Name>'
        f"<tt:UseCount>2</tt:UseCount><tt:SourceToken>{profile.source}</tt:SourceToken>"
        f'<tt:Bounds x="0" y="0" width="{spec.width}" height="{spec.height}"/></tt:VideoSourceConfiguration>'
        f'<tt:VideoEncoderConfiguration token="VEC_{profile.token}"><tt:Name>{profile.token}</tt:Name>'
        f"<tt:UseCount>1</tt:UseCount><tt:Encoding>{spec.codec.upper()}</tt:Encoding><tt:Resolution>"
        f"<tt:Width>{spec.width}</tt:Width><tt:Height>{spec.height}</tt:Height></tt:Resolution><tt:Quality>4</tt:Quality>"
        f"<tt:RateControl><tt:FrameRateLimit>{spec.fps}</tt:FrameRateLimit><tt:EncodingInterval>1</tt:EncodingInterval>"
        f"<tt:BitrateLimit>{spec.kbps}</tt:BitrateLimit></tt:RateControl>"
        "<tt:SessionTimeout>PT60S</tt:SessionTimeout></tt:VideoEncoderConfiguration></trt:Profiles>"
    )


def _video_sources(device: Device, _: _Call) -> str:
    sources = {profile.source: profile.loop.spec for profile in reversed(device.profiles)}
    rows = "".join(
        f'<trt:VideoSources token="{name}"><tt:Framerate>{spec.fps}</tt:Framerate><tt:Resolution>'
        f"<tt:Width>{spec.width}</tt:Width><tt:Height>{spec.height}</tt:Height></tt:Resolution></trt:VideoSources>"
        for name, spec in sorted(sources.items())
    )
    return f"<trt:GetVideoSourcesResponse>{rows}</trt:GetVideoSourcesResponse>"


def _media_uri(name: str, uri: str) -> str:
    return (
        f"<trt:{name}Response><trt:MediaUri><tt:Uri>{uri}</tt:Uri><tt:InvalidAfterConnect>false</tt:InvalidAfterConnect>"
        "<tt:InvalidAfterReboot>false</tt:InvalidAfterReboot><tt:Timeout>PT0S</tt:Timeout></trt:MediaUri>"
        f"</trt:{name}Response>"
    )


def _uri(device: Device, call: _Call) -> str | None:
    """The first media service wraps the address; the second does not."""
    profile = device.by_token(call.text("ProfileToken"))
    if profile is None:
        return None
    if call.name == "GetStreamUri":
        uri = f"rtsp://{device.told_host()}:{device.rtsp_port}{profile.path}"
    else:
        uri = f"{_base(device)}/snapshot{profile.path}"
    if call.body.tag.startswith(f"{{{_MEDIA2}}}"):
        return f"<tr2:{call.name}Response><tr2:Uri>{uri}</tr2:Uri></tr2:{call.name}Response>"
    return _media_uri(call.name, uri)


_OPERATIONS: dict[str, Callable[[Device, _Call], str | None]] = {
    "GetSystemDateAndTime": _date_and_time,
    "SetSystemDateAndTime": _set_date_and_time,
    "GetDeviceInformation": _information,
    "GetServices": _services,
    "GetCapabilities": _capabilities,
    "GetScopes": _scopes,
    "GetProfiles": _profiles,
    "GetVideoSources": _video_sources,
    "GetStreamUri": _uri,
    "GetSnapshotUri": _uri,
}
_OPERATIONS_2: dict[str, Callable[[Device, _Call], str | None]] = {
    "GetProfiles": _profiles_2,
    "GetStreamUri": _uri,
    "GetSnapshotUri": _uri,
}
