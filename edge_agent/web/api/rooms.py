"""Rooms, and the kiosks that stand in them."""

from __future__ import annotations

import secrets
from dataclasses import replace

from fastapi import APIRouter

from edge_agent.store import cameras, kiosks, sessions, training
from edge_agent.store.kiosks import Kiosk
from edge_agent.store.writer import Transaction
from edge_agent.web.api.base import Done, Form, Identifier, Instant, Name, Text, Told
from edge_agent.web.auth.login import CODE_LASTS
from edge_agent.web.guard import Administrator, Staff

router = APIRouter(tags=["rooms"])


class RoomForm(Form):
    name: Name


class RoomTold(Told):
    id: str
    name: str


class KioskForm(Form):
    """`room` is empty at an entrance that serves all rooms; `camera` is empty for the browser's own."""

    name: Name
    room: Text = ""
    camera: Text = ""


class KioskTold(Told):
    id: str
    name: str
    room: str
    camera: str
    active: bool
    seen: Instant | None


class CodeTold(Told):
    """`code` is typed on the tablet, once, within ten minutes."""

    id: str
    code: str


@router.get("/rooms")
def rooms(visitor: Staff) -> list[RoomTold]:
    with visitor.reading() as connection:
        found = training.list_rooms(connection)
    return [RoomTold(id=each, name=name) for each, name in found.items()]


@router.post("/rooms", status_code=201)
def create_room(form: RoomForm, visitor: Administrator) -> Done:
    identifier = f"r-{secrets.token_hex(4)}"
    visitor.site.writer.run(lambda tx: training.save_room(tx, identifier, form.name, by=visitor.by))
    return Done(id=identifier)


@router.put("/rooms/{room}")
def rename_room(room: Identifier, form: RoomForm, visitor: Administrator) -> Done:
    def rename(tx: Transaction) -> None:
        training.get_room(tx.connection, room)
        training.save_room(tx, room, form.name, by=visitor.by)

    visitor.site.writer.run(rename)
    return Done(id=room)


@router.delete("/rooms/{room}")
def close_room(room: Identifier, visitor: Administrator) -> Done:
    """Take a room out of use; what happened in it stays."""

    def close(tx: Transaction) -> None:
        name = training.get_room(tx.connection, room)
        training.save_room(tx, room, name, by=visitor.by, active=False)

    visitor.site.writer.run(close)
    return Done(id=room)


@router.get("/kiosks")
def list_kiosks(visitor: Staff) -> list[KioskTold]:
    with visitor.reading() as connection:
        found = kiosks.list_kiosks(connection)
    return [KioskTold.model_validate(each) for each in found]


@router.post("/kiosks", status_code=201)
def create_kiosk(form: KioskForm, visitor: Administrator) -> CodeTold:
    """Add a kiosk and give its pairing code."""
    kiosk = Kiosk(kiosks.new_kiosk_id(), form.name, form.room, form.camera)
    return CodeTold(id=kiosk.id, code=visitor.site.writer.run(lambda tx: _save(tx, kiosk, visitor.by)))


@router.put("/kiosks/{kiosk}")
def change_kiosk(kiosk: Identifier, form: KioskForm, visitor: Administrator) -> Done:
    """Give a kiosk another name, room or camera; its page takes it over when it connects again."""

    def change(tx: Transaction) -> None:
        known = kiosks.get_kiosk(tx.connection, kiosk)
        _check(tx, changed := replace(known, name=form.name, room=form.room, camera=form.camera))
        kiosks.save_kiosk(tx, changed, by=visitor.by)

    visitor.site.writer.run(change)
    return Done(id=kiosk)


@router.post("/kiosks/{kiosk}/code")
def new_code(kiosk: Identifier, visitor: Administrator) -> CodeTold:
    """Give a new pairing code; the device that was paired is logged out when it is used."""

    def make(tx: Transaction) -> str:
        return _save(tx, kiosks.get_kiosk(tx.connection, kiosk), visitor.by)

    return CodeTold(id=kiosk, code=visitor.site.writer.run(make))


@router.delete("/kiosks/{kiosk}")
def remove_kiosk(kiosk: Identifier, visitor: Administrator) -> Done:
    def remove(tx: Transaction) -> None:
        known = kiosks.get_kiosk(tx.connection, kiosk)
        kiosks.save_kiosk(tx, replace(known, active=False), by=visitor.by)
        sessions.revoke_all(tx, kiosk, by=visitor.by)

    visitor.site.writer.run(remove)
    return Done(id=kiosk)


def _save(tx: Transaction, kiosk: Kiosk, by: str) -> str:
    _check(tx, kiosk)
    kiosks.save_kiosk(tx, kiosk, by=by)
    return sessions.make_code(tx, "pairing", subject=kiosk.id, lasts=CODE_LASTS)


def _check(tx: Transaction, kiosk: Kiosk) -> None:
    if kiosk.room:
        training.get_room(tx.connection, kiosk.room)
    if kiosk.camera:
        cameras.get_camera(tx.connection, kiosk.camera)
