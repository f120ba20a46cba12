"""设备管理: cameras, the binding wizard, one camera."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response

from edge_agent.evidence.words import cause_text
from edge_agent.store import cameras, training
from edge_agent.web.guard import Administrator, Office
from edge_agent.web.words import words

router = APIRouter(prefix="/console/cameras")


@router.get("")
def devices(visitor: Office) -> Response:
    with visitor.reading() as connection:
        found = cameras.list_cameras(connection)
        known = cameras.known(connection, visitor.now)
        rooms = training.list_rooms(connection)
    return visitor.page("console/cameras.html", cameras=found, known=known, rooms=rooms)


@router.get("/bind")
def wizard(visitor: Administrator) -> Response:
    """绑定设备: 序列号 and 验证码 from the label, or an address; it ends in a picture."""
    with visitor.reading() as connection:
        rooms = training.list_rooms(connection)
    return visitor.page("console/bind.html", rooms=rooms)


@router.get("/{camera}")
def device(camera: str, visitor: Office) -> Response:
    with visitor.reading() as connection:
        found = cameras.get_camera(connection, camera)
        known = cameras.known(connection, visitor.now).get(camera)
        rooms = training.list_rooms(connection)
    cause = cause_text(known.cause, words(visitor.language).gettext) if known else ""
    return visitor.page("console/camera.html", camera=found, known=known, cause=cause, rooms=rooms)
