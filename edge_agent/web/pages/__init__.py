"""What people see; one module a place. Pages read: what they change goes through the API."""

from __future__ import annotations

from fastapi import APIRouter

from edge_agent.web.pages import account, entry, kiosk, teach

router = APIRouter()
for module in (entry, kiosk, account, teach):
    router.include_router(module.router)
