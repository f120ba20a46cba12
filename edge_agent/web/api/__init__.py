"""The API, version 1: everything that the pages do, as JSON. One module a noun; `/api/v1/openapi.json` describes it."""

from __future__ import annotations

from fastapi import APIRouter

from edge_agent.web.api import accounts, attendance, lessons, sessions, setup
from edge_agent.web.api.base import PROBLEMS

PREFIX = "/api/v1"

router = APIRouter(prefix=PREFIX, responses=PROBLEMS)
for module in (setup, sessions, accounts, lessons, attendance):
    router.include_router(module.router)
