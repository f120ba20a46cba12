"""Puts playback behind this service's logins: recordings, pictures, downloads and live video, for the staff."""

from __future__ import annotations

from fastapi import APIRouter, WebSocket, WebSocketException

from edge_agent.model.lesson import Lesson
from edge_agent.model.span import Span
from edge_agent.playback.router import Stage, create_router
from edge_agent.rules.windows import lesson_times
from edge_agent.store import training
from edge_agent.store.accounts import Role
from edge_agent.store.database import Connection
from edge_agent.web.guard import COOKIE, allow, member_of
from edge_agent.web.site import Site

STAFF = (Role.ADMINISTRATOR, Role.INSPECTOR, Role.INSTRUCTOR)
NOT_ALLOWED = 1008


def playback_router(site: Site) -> APIRouter:
    def span_of(connection: Connection, lesson: Lesson) -> Span:
        policy = site.policies(training.get_class(connection, lesson.class_id).policy).policy
        taught = lesson_times(lesson, policy).taught
        return Span(taught.start - policy.recording.pre_roll, taught.end)

    def may_watch(socket: WebSocket) -> None:
        """The shield has seen to the origin."""
        if member_of(site, socket.cookies.get(COOKIE, ""), *STAFF) is None:
            raise WebSocketException(NOT_ALLOWED)

    stage = Stage(
        reading=site.readers,
        files=site.files,
        live_socket=site.live_socket,
        now=lambda: site.now().wall,
        span_of=span_of,
    )
    return create_router(stage, guards=[allow(*STAFF)], socket_guards=[may_watch])
