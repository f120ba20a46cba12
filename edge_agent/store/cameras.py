"""Bound cameras and what is known of them now."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import datetime, timedelta

from edge_agent.errors import NotFoundError
from edge_agent.model.camera import Camera, CameraState
from edge_agent.model.kinds.capture import CameraPicture, CameraStateChanged
from edge_agent.store.database import from_micros, to_micros
from edge_agent.store.rows import from_row, insert, to_row
from edge_agent.store.signs import read_heard
from edge_agent.store.writer import Transaction

UNHEARD_CAUSE = "unheard"
UNHEARD = timedelta(seconds=10)
"""A camera not heard for so long is offline, whatever was last written: DESIGN, invariant 8."""


@dataclass(frozen=True, slots=True)
class Known:
    """A camera's state at the moment of reading, `heard` being its last sign of life."""

    camera: str
    state: CameraState
    heard: datetime | None
    cause: str
    picture: str


def save_camera(tx: Transaction, camera: Camera) -> None:
    """Store the row; the fact (bound, changed, unbound) is the caller's, who knows what happened."""
    row = to_row(camera)
    tx.execute(insert("cameras", row, replace="id"), row)


def get_camera(connection: sqlite3.Connection, camera: str) -> Camera:
    row = connection.execute("SELECT * FROM cameras WHERE id = ?", (camera,)).fetchone()
    if row is None:
        raise NotFoundError(f"{camera}：设备未绑定 / not bound.", do="请先绑定摄像机。See: edge-agent cameras list")
    return from_row(Camera, row)


def list_cameras(connection: sqlite3.Connection, *, room: str = "", inactive: bool = False) -> list[Camera]:
    where = "" if inactive else " AND active"
    rows = connection.execute(
        f"SELECT * FROM cameras WHERE (? = '' OR room = ?){where} ORDER BY room, name, id",  # noqa: S608 - a constant
        (room, room),
    )
    return [from_row(Camera, row) for row in rows]


def set_state(
    tx: Transaction, camera: str, state: CameraState, *, cause: str = "", last_heard: datetime | None = None
) -> bool:
    """Note a state; a fact only where it changed. Give whether it did.

    `last_heard` is for one that is heard no more; an online camera is heard now, and later by `signs.note_heard`.
    """
    now = tx.stamp.wall
    last_heard = now if state is CameraState.ONLINE else last_heard
    heard = None if last_heard is None else to_micros(last_heard)
    before = known_state(tx.connection, camera)
    tx.execute(
        "INSERT INTO camera_states(camera, state, at, heard, cause) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT(camera) DO UPDATE SET state = excluded.state, at = excluded.at,"
        " heard = coalesce(excluded.heard, heard), cause = excluded.cause",
        (camera, state.value, to_micros(now), heard, cause),
    )
    changed = before != (state, cause)
    if changed:
        tx.append(CameraStateChanged(camera=camera, state=state.value, at=now, cause=cause))
    return changed


def known_state(connection: sqlite3.Connection, camera: str) -> tuple[CameraState, str]:
    """Give what was written last, with its cause."""
    row = connection.execute("SELECT state, cause FROM camera_states WHERE camera = ?", (camera,)).fetchone()
    return (CameraState.UNKNOWN, "") if row is None else (CameraState(row["state"]), row["cause"])


def set_picture(tx: Transaction, picture: CameraPicture) -> None:
    """Note what a camera shows, with its fact."""
    tx.append(picture)
    tx.execute("UPDATE camera_states SET picture = ? WHERE camera = ?", (picture.judgement, picture.camera))


def known(connection: sqlite3.Connection, now: datetime) -> dict[str, Known]:
    """Give each camera's state; one that claims to be online and was not heard lately is offline."""
    found, signs = {}, read_heard(connection)
    for row in connection.execute("SELECT * FROM camera_states"):
        written = None if row["heard"] is None else from_micros(row["heard"])
        heard = max((at for at in (written, signs.get(row["camera"])) if at is not None), default=None)
        state, cause = CameraState(row["state"]), row["cause"]
        if state is CameraState.ONLINE and (heard is None or now - heard > UNHEARD):
            state, cause = CameraState.OFFLINE, UNHEARD_CAUSE
        found[row["camera"]] = Known(row["camera"], state, heard, cause, row["picture"])
    return found
