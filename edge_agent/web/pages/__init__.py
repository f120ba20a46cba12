"""What people see; one module a place. Pages read: what they change goes through the API."""

from __future__ import annotations

from fastapi import APIRouter

from edge_agent.web.pages import (
    account,
    classes,
    console,
    devices,
    entry,
    evidence,
    first,
    inspect,
    kiosk,
    me,
    office,
    station,
    teach,
)

router = APIRouter()
for module in (kiosk, entry, first, account, teach, station, console, classes, evidence, devices, office, inspect, me):
    router.include_router(module.router)
