"""The pages of the office and the district. A handler takes a person's scope, asks a view, and fills a template."""

from __future__ import annotations

from fastapi import APIRouter

from edge_agent.central.pages import entry, files, office, samples, training, watch

router = APIRouter()
for each in (entry, watch, training, samples, office, files):
    router.include_router(each.router)
