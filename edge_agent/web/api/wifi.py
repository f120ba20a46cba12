"""无线网络 of the device, for the first run and after a move."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from pydantic import StringConstraints

from edge_agent.errors import NotFoundError
from edge_agent.model.kinds.system import SettingsChanged
from edge_agent.web.api.base import Done, Form, Told
from edge_agent.web.guard import Administrator

router = APIRouter(tags=["system"])


class NetworkTold(Told):
    """`signal` in per cent."""

    ssid: str
    signal: int
    secured: bool
    used: bool


class NetworksTold(Told):
    """`available` is false where the device has no radio, or another program than NetworkManager for it."""

    available: bool
    items: list[NetworkTold]


class JoinForm(Form):
    """An SSID is 1 to 32 bytes; an open network has no password."""

    ssid: Annotated[str, StringConstraints(min_length=1, max_length=32, pattern=r"^[^\x00-\x1f\x7f]+$")]
    password: Annotated[str, StringConstraints(max_length=63, pattern=r"^[^\x00-\x1f\x7f]*$")] = ""


@router.get("/system/wifi")
def networks(visitor: Administrator) -> NetworksTold:
    """Look for networks in reach; it takes some seconds."""
    wifi = visitor.site.wifi
    if not wifi.is_there():
        return NetworksTold(available=False, items=[])
    return NetworksTold(available=True, items=[NetworkTold.model_validate(each) for each in wifi.networks()])


@router.put("/system/wifi")
def join(form: JoinForm, visitor: Administrator) -> Done:
    """Join a network; the password is NetworkManager's from then on, and nowhere else."""
    wifi = visitor.site.wifi
    if not wifi.is_there():
        raise NotFoundError("This device has no Wi-Fi (本机没有可用的无线网卡).", do="Use a cable.")
    wifi.join(form.ssid, form.password)
    visitor.site.writer.append(SettingsChanged(keys=("wifi",)), by=visitor.by)
    return Done(id=form.ssid)
