"""设备管理: find, bind, test, name and unbind cameras. A password is tried once, on the device named alone.

What speaks with cameras, and what seals or opens a password, is asked of `capture`: it alone can read their key, and a
camera on a plug is its own.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import Field

from edge_agent.cameras.requests import DISCOVER, TEST, ask, ask_bind, inquire_cameras
from edge_agent.cameras.wish import Wish
from edge_agent.model.camera import Camera, CameraKind, CameraState
from edge_agent.store import cameras, training
from edge_agent.store.cameras import Known
from edge_agent.web.actions.picture import live_picture
from edge_agent.web.api.base import Done, Form, Identifier, Instant, Name, Pages, Slice, Text, Told
from edge_agent.web.guard import Administrator, Office

router = APIRouter(tags=["cameras"])

Password = Annotated[str, Field(max_length=128)]


class SearchForm(Form):
    """`targets` are hosts or subnets that are asked one by one, where multicast is lost."""

    targets: Annotated[list[Name], Field(max_length=16)] = Field(default_factory=list)


class FoundTold(Told):
    host: str
    maker: str
    model: str
    serial: str
    local: bool


class BindForm(Form):
    """By `serial` and `code` from the label; or by `host`, `rtsp` address, `usb` device or `csi` number."""

    room: Identifier
    name: Text = ""
    serial: Text = ""
    code: Password = ""
    host: Text = ""
    user: Text = ""
    password: Password = ""
    rtsp: Text = ""
    sub: Text = ""
    usb: Text = ""
    csi: Annotated[int | None, Field(ge=0, le=7)] = None
    channel: Annotated[int, Field(ge=-1, le=256)] = 0
    audio: bool = False


class CameraChange(Form):
    """`revision` is the one that the form was made from."""

    name: Name
    room: Identifier
    revision: Annotated[int, Field(ge=1)]


class CameraTold(Told):
    id: str
    name: str
    kind: CameraKind
    room: str
    host: str
    serial: str
    maker: str
    model: str
    codec: str
    audio: bool
    state: CameraState
    cause: str
    heard: Instant | None
    picture: str
    revision: int


class ReportTold(Told):
    camera: str
    ok: bool
    words: str
    do: str
    skew: float | None
    warnings: list[str]


def told(camera: Camera, known: Known | None) -> CameraTold:
    return CameraTold(
        id=camera.id,
        name=camera.name,
        kind=camera.kind,
        room=camera.room,
        host=camera.host,
        serial=camera.serial,
        maker=camera.maker,
        model=camera.model,
        codec=camera.codec,
        audio=camera.audio,
        state=known.state if known else CameraState.UNKNOWN,
        cause=known.cause if known else "",
        heard=known.heard if known else None,
        picture=known.picture if known else "",
        revision=camera.revision,
    )


@router.get("/cameras")
def list_cameras(visitor: Office, paging: Pages) -> Slice[CameraTold]:
    with visitor.reading() as connection:
        found = cameras.list_cameras(connection)
        known = cameras.known(connection, visitor.now)
    return paging.slice(found, lambda each: told(each, known.get(each.id)))


@router.post("/cameras/search")
def search(form: SearchForm, visitor: Administrator) -> list[FoundTold]:
    """Search the LAN for cameras; takes some seconds."""
    answer = inquire_cameras(
        visitor.site.writer, lambda tx: ask(tx, DISCOVER, {"targets": form.targets}, by=visitor.by)
    )
    return [FoundTold.model_validate(each) for each in answer["found"]]


@router.post("/cameras", status_code=201)
def bind(form: BindForm, visitor: Administrator) -> Done:
    """Bind a camera to a room; it ends in a picture, or in what is wrong."""
    with visitor.reading() as connection:
        training.get_room(connection, form.room)
    wish = Wish(**form.model_dump())
    answer = inquire_cameras(visitor.site.writer, lambda tx: ask_bind(tx, wish, by=visitor.by))
    camera = answer["bound"][0]["camera"]["id"]
    return Done(id=camera, go=f"/console/cameras/{camera}")


@router.patch("/cameras/{camera}")
def change(camera: Identifier, form: CameraChange, visitor: Administrator) -> Done:
    """Give a camera another name or room. Raises 409 where somebody else has changed it meanwhile."""
    with visitor.reading() as connection:
        training.get_room(connection, form.room)
    visitor.site.registry.rename(camera, name=form.name, room=form.room, seen=form.revision, by=visitor.by)
    return Done(id=camera)


@router.post("/cameras/{camera}/test")
def test(camera: Identifier, visitor: Administrator) -> ReportTold:
    """Say what is wrong with a camera; one that moved is found again by its serial number."""
    with visitor.reading() as connection:
        cameras.get_camera(connection, camera)
    answer = inquire_cameras(visitor.site.writer, lambda tx: ask(tx, TEST, {"cameras": [camera]}, by=visitor.by))
    (report,) = answer["reports"]
    return ReportTold.model_validate(report)


@router.get("/cameras/{camera}/picture", response_class=Response, responses={200: {"content": {"image/jpeg": {}}}})
def picture(camera: Identifier, visitor: Office) -> Response:
    """Give a picture of now."""
    with visitor.reading() as connection:
        known = cameras.get_camera(connection, camera)
    return Response(live_picture(visitor.site.live_socket, known.id), media_type="image/jpeg")


@router.delete("/cameras/{camera}")
def unbind(camera: Identifier, visitor: Administrator) -> Done:
    """Unbind a camera; what it recorded stays."""
    visitor.site.registry.unbind(camera, by=visitor.by)
    return Done(id=camera, go="/console/cameras")
