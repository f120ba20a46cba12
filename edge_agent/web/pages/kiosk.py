"""The kiosk's own pages: the camera, pairing, and the way to the instructor."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import RedirectResponse, Response

from edge_agent.store import accounts, training
from edge_agent.store.accounts import Role
from edge_agent.store.kiosks import Kiosk
from edge_agent.web.guard import KIOSK_COOKIE, Anyone, View, kiosk_of

router = APIRouter(prefix="/kiosk")


@router.get("")
def kiosk(view: Anyone) -> Response:
    device = _device(view)
    if device is None:
        return view.page("kiosk/pair.html")
    with view.reading() as connection:
        room = training.list_rooms(connection).get(device.room, "")
    return view.page("kiosk/kiosk.html", kiosk=device, room=room, zone=view.zone.key)


@router.get("/staff")
def staff(view: Anyone) -> Response:
    """Ask for an instructor's PIN. Names of staff only, and only of those who set one."""
    if _device(view) is None:
        return RedirectResponse("/kiosk", 303)
    with view.reading() as connection:
        known = accounts.list_accounts(connection, Role.INSTRUCTOR, Role.ADMINISTRATOR)
    return view.page("kiosk/staff.html", people=[each for each in known if each.active and each.pin])


def _device(view: View) -> Kiosk | None:
    token = view.request.cookies.get(KIOSK_COOKIE, "")
    return kiosk_of(view.site, token) if token else None
