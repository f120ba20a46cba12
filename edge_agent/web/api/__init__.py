"""The API, version 1: everything that the pages do, as JSON. One module a noun; `/api/v1/openapi.json` describes it."""

from __future__ import annotations

from fastapi import APIRouter

from edge_agent.web.api import (
    accounts,
    attendance,
    cameras,
    classes,
    copies,
    exports,
    imports,
    inspections,
    lessons,
    me,
    recordings,
    rooms,
    sessions,
    setup,
    supplements,
    support,
    system,
    trainees,
    wifi,
)
from edge_agent.web.api.base import PROBLEMS

PREFIX = "/api/v1"

router = APIRouter(prefix=PREFIX, responses=PROBLEMS)
for module in (
    *(setup, sessions, accounts, me, classes, trainees, lessons, attendance),
    *(imports, rooms, cameras, recordings, exports, supplements, copies, inspections, system, support, wifi),
):
    router.include_router(module.router)
