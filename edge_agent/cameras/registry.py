"""The bound cameras: rows, their sealed logins, and the facts that say what happened to them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import fields, replace
from secrets import token_hex

from edge_agent.cameras.address import Login, place
from edge_agent.cameras.causes import Cause
from edge_agent.errors import ConflictError, NotFoundError, StorageError
from edge_agent.model.camera import Camera, CameraKind, CameraState
from edge_agent.model.kinds.capture import CameraBound, CameraChanged, CameraClock, CameraUnbound
from edge_agent.model.lesson import Lesson
from edge_agent.secrets import SecretBox
from edge_agent.store.cameras import get_camera, known_state, list_cameras, save_camera, set_state
from edge_agent.store.database import Connection
from edge_agent.store.lessons import associate
from edge_agent.store.secrets import find_secret, forget_secret, save_secret
from edge_agent.store.writer import Transaction, Writer

KEY_FILE = "secrets.key"  # in the data folder
_SECRET_FIELDS = {"id", "secret", "active", "revision"}  # what `camera.changed` does not tell


class Registry:
    """Without the key of the passwords (`box`) nothing can be bound, and no password read; all else can be done."""

    def __init__(self, writer: Writer, box: SecretBox | None = None) -> None:
        self._writer = writer
        self._key = box

    @property
    def _box(self) -> SecretBox:
        if self._key is None:
            raise StorageError("摄像机密码的密钥不在此服务 / this service has no key of the cameras' passwords.")
        return self._key

    def bind(self, camera: Camera, login: Login | None, *, by: str) -> Camera:
        """Stores a camera. One that was bound before keeps its id, and with it its lessons and recordings."""
        return self._writer.run(lambda tx: self._bind(tx, camera, login, by))

    def _bind(self, tx: Transaction, camera: Camera, login: Login | None, by: str) -> Camera:
        known = next((one for one in list_cameras(tx.connection, inactive=True) if _same(one, camera)), None)
        bound = camera if known is None else _again(known, camera)
        bound = replace(bound, secret=self._keep_login(tx, bound, login), active=True)
        if known is not None and known.active:
            self._change(tx, known, bound, by=by, password=bound.secret != known.secret)
            return bound
        save_camera(tx, bound)
        tx.append(
            CameraBound(
                camera=bound.id,
                room=bound.room,
                source=bound.kind.value,
                name=bound.name,
                serial=bound.serial,
                maker=bound.maker,
                model=bound.model,
                codec=bound.codec,
            ),
            by=by,
        )
        return bound

    def change(self, camera: Camera, *, by: str) -> bool:
        """Stores another name, room, address or profile; whether anything was different."""
        return self._writer.run(lambda tx: self._change(tx, get_camera(tx.connection, camera.id), camera, by=by))

    def rename(self, camera: str, *, name: str, room: str, seen: int, by: str) -> None:
        """Gives a camera another name and room.

        `seen` is the revision that the form was made from: `ConflictError` where somebody else was faster.
        """

        def job(tx: Transaction) -> None:
            known = get_camera(tx.connection, camera)
            if known.revision != seen:
                raise ConflictError(
                    f"Camera {camera} was changed meanwhile (设备已被他人修改，请刷新页面后重试).",
                    do="Load it again and repeat it.",
                )
            self._change(tx, known, replace(known, name=name, room=room), by=by)

        self._writer.run(job)

    def _change(self, tx: Transaction, old: Camera, new: Camera, *, by: str, password: bool = False) -> bool:
        what = {
            field.name: str(getattr(new, field.name))
            for field in fields(Camera)
            if field.name not in _SECRET_FIELDS and getattr(new, field.name) != getattr(old, field.name)
        }
        if password:
            what["password"] = ""
        if not what:
            return False
        save_camera(tx, replace(new, revision=old.revision + 1))
        tx.append(CameraChanged(camera=new.id, what=what), by=by)
        return True

    def unbind(self, camera: str, *, by: str, reason: str = "") -> Camera:
        """The row stays for what it recorded; its password goes."""

        def job(tx: Transaction) -> Camera:
            old = get_camera(tx.connection, camera)
            if not old.active:
                raise NotFoundError(f"{camera}：已解绑 / not bound any more.")
            gone = replace(old, active=False, secret="")
            save_camera(tx, gone)
            forget_secret(tx, old.secret)
            tx.append(CameraUnbound(camera=camera, reason=reason), by=by)
            return gone

        return self._writer.run(job)

    def associate(self, lesson: str, cameras: Sequence[str], *, by: str, seen: int | None = None) -> Lesson:
        """关联设备, as `store.lessons.associate` does it."""
        return self._writer.run(lambda tx: associate(tx, lesson, cameras, by=by, seen=seen))

    def note_clock(self, camera: str, skew: float, *, corrected: bool) -> None:
        self._writer.append(CameraClock(camera=camera, skew=skew, corrected=corrected))

    def note_identity(self, camera: str, *, other: bool) -> None:
        """Note that another camera answers in its place, or that this is over."""

        def job(tx: Transaction) -> None:
            known = known_state(tx.connection, camera)
            named = known == (CameraState.OFFLINE, Cause.OTHER_SERIAL)
            if other and not named:
                set_state(tx, camera, CameraState.OFFLINE, cause=Cause.OTHER_SERIAL)
            elif named and not other:
                set_state(tx, camera, CameraState.UNKNOWN)

        self._writer.run(job)

    def read_letter(self, name: str, letter: bytes) -> str:
        """A secret that another service handed over; see `requests`."""
        return self._box.open_letter(name, letter)

    def login(self, connection: Connection, camera: Camera) -> Login | None:
        """Raises `StorageError` where the key is not the one that the login was sealed with."""
        if not camera.secret or (box := find_secret(connection, camera.secret)) is None:
            return None
        opened = json.loads(self._box.open(camera.secret, box))
        return Login(opened["user"], opened["password"])

    def _keep_login(self, tx: Transaction, camera: Camera, login: Login | None) -> str:
        """Give the name of the sealed login: another password has another name, so that the row tells of the change."""
        try:
            if login is not None and login == self.login(tx.connection, camera):
                return camera.secret
        except StorageError:
            pass  # sealed with a key that is lost: to bind it again is the way out
        forget_secret(tx, camera.secret)
        if login is None:
            return ""
        name = f"camera/{camera.id}/{token_hex(4)}"
        save_secret(tx, name, self._box.seal(name, json.dumps({"user": login.user, "password": login.password})))
        return name


def _same(known: Camera, other: Camera) -> bool:
    """The same picture source: by serial number or endpoint, and channel; by its address where either tells neither."""
    if known.serial and other.serial:
        return (known.serial, known.channel) == (other.serial, other.channel)
    if known.endpoint and other.endpoint:
        return (known.endpoint, known.channel) == (other.endpoint, other.channel)
    return place(known.main) == place(other.main)


def _again(known: Camera, camera: Camera) -> Camera:
    """What is stored of a camera that is bound once more.

    A plain RTSP address tells less than ONVIF did: what is known of the device stays, or it could neither be found
    again nor be tested.
    """
    if known.kind is CameraKind.ONVIF and camera.kind is CameraKind.RTSP:
        name = known.name if camera.name == camera.host else camera.name  # the host stands for a name not given
        camera = replace(
            known, name=name, room=camera.room, sub=camera.sub or known.sub, audio=camera.audio, codec=camera.codec
        )
    return replace(camera, id=known.id, secret=known.secret)
