"""Puts playback behind this service's logins: recordings, pictures, downloads and live video, for the staff."""

from __future__ import annotations

from fastapi import APIRouter, WebSocket, WebSocketException

from edge_agent.model.lesson import Lesson
from edge_agent.model.span import Span
from edge_agent.playback.router import Stage, create_router
from edge_agent.rules.windows import lesson_times
from edge_agent.store import accounts, sessions, training
from edge_agent.store.accounts import Role
from edge_agent.store.database import Connection
from edge_agent.web.guard import COOKIE, allow
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
        with site.readers() as connection:
            session = sessions.find_session(connection, socket.cookies.get(COOKIE, ""), site.now().wall)
            known = session is not None and session.role in STAFF
            account = accounts.get(connection, session.account) if session and known else None
        if account is None or not account.active or account.must_change:
            raise WebSocketException(NOT_ALLOWED)

    stage = Stage(
        reading=site.readers,
        files=site.files,
        live_socket=site.live_socket,
        now=lambda: site.now().wall,
        span_of=span_of,
    )
    return create_router(stage, guards=[allow(*STAFF)], socket_guards=[may_watch])
