"""What the centre's pages call: JSON with the form's token; each change stands on the record of actions."""

from __future__ import annotations

from fastapi import APIRouter

from edge_agent.central.api import devices, samples, sessions, staff, tables, training

PREFIX = "/api/v1"
router = APIRouter(prefix=PREFIX)
for each in (sessions, staff, devices, training, tables, samples):
    router.include_router(each.router)
