"""初始化向导, and how a tablet comes to trust the device."""

from __future__ import annotations

import segno
from fastapi import APIRouter
from fastapi.responses import RedirectResponse, Response

from edge_agent.errors import NotFoundError
from edge_agent.store import cameras, kiosks, law, training
from edge_agent.web.auth.login import has_administrator
from edge_agent.web.guard import Administrator, Anyone, Office, View
from edge_agent.web.tls import Authority, find_names

router = APIRouter()


@router.get("/setup")
def setup(view: Anyone) -> Response:
    """The code and the first administrator; everything else is `/setup/steps`."""
    with view.reading() as connection:
        begun = has_administrator(connection)
    return RedirectResponse("/setup/steps", 303) if begun else view.page("entry/setup.html")


@router.get("/setup/steps")
def steps(visitor: Administrator) -> Response:
    """What is left of the first run: time, address, room, camera, kiosk, impact assessment."""
    site = visitor.site
    with visitor.reading() as connection:
        rooms = training.list_rooms(connection)
        bound = cameras.list_cameras(connection)
        paired = kiosks.list_kiosks(connection)
        assessment = law.registered(connection, configured=site.settings.faces.impact_assessment)
    return visitor.page(
        "entry/steps.html",
        stamp=site.now(),
        rooms=rooms,
        cameras=bound,
        kiosks=paired,
        assessment=assessment,
        names=find_names(site.settings.web.name),
        web=site.settings.web,
        wifi=site.wifi.is_there(),
    )


@router.get("/console/poster")
def poster(visitor: Office) -> Response:
    """A sheet for the wall: 学员端 by a QR code, for telephones in the venue's network."""
    web = visitor.site.settings.web
    reached = [each for each in find_names(web.name).addresses if not each.is_loopback and not each.is_link_local]
    hosts = [f"[{each}]" if ":" in str(each) else str(each) for each in reached]
    doors = [f"https://{host}:{web.tls_port}/me" for host in hosts if web.tls_port]
    return visitor.page(
        "console/poster.html",
        doors=[(door, segno.make(door, micro=False).svg_inline(scale=6, border=2)) for door in doors[:1]],
        others=doors[1:],
    )


@router.get("/trust")
def trust(view: Anyone) -> Response:
    """Explain the certificate, with its fingerprint and a QR code that opens this page."""
    authority = _authority(view)
    web = view.site.settings.web
    names = find_names(web.name)
    addresses = [f"https://{host}:{web.tls_port}" for host in (names.local, *map(str, names.addresses))]
    plain = [f"http://{address}:{web.port}/trust" for address in names.addresses if not address.is_loopback]
    return view.page(
        "entry/trust.html",
        fingerprint=authority.fingerprint(),
        addresses=addresses,
        qr=segno.make(plain[0], micro=False).svg_inline(scale=5, border=2) if plain else "",
        plain=plain,
    )


@router.get("/trust/ca.crt")
def certificate(view: Anyone) -> Response:
    content = _authority(view).certificate_file.read_bytes()
    disposition = {"Content-Disposition": 'attachment; filename="edge-agent-ca.crt"'}
    return Response(content, media_type="application/x-x509-ca-cert", headers=disposition)


def _authority(view: View) -> Authority:
    found = Authority(view.site.settings.store.data_dir / "tls")
    if not found.certificate_file.exists():
        raise NotFoundError("No TLS here (未启用加密访问).", do="Set web.tls_port.")
    return found
