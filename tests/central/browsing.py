"""A person at the centre, without a browser: what the pages' script sends, and what somebody else might send."""

from __future__ import annotations

from typing import Any

import httpx

from edge_agent.central.pages.guard import COOKIE
from edge_agent.central.staff.accounts import Role, Scope
from edge_agent.central.staff.login import log_in
from edge_agent.furniture.shield import FORM_HEADER, csrf_token
from tests.central.city import PASSWORD, City


class Person:
    """Somebody with a session; without a role, nobody."""

    def __init__(self, city: City, role: Role | None = None, scope: Scope | None = None) -> None:
        self.city = city
        self.client = httpx.Client(base_url=city.url, timeout=30)
        self.token = ""
        if role is not None:
            name = f"{role.value}-{(scope or Scope()).value or 'all'}"
            city.person(name, role, scope)
            self.token = log_in(city.centre.database, name, PASSWORD, address="", now=city.now)
            self.client.cookies.set(COOKIE, self.token)
        city.visitors.append(self.client)

    def get(self, path: str, **headers: str) -> httpx.Response:
        return self.client.get(path, headers=headers)

    def send(
        self, method: str, path: str, body: object = None, *, csrf: str | None = None, **rest: Any
    ) -> httpx.Response:
        """Send what a form of the page sends."""
        headers = {FORM_HEADER: csrf_token(self.token) if csrf is None else csrf} | rest.pop("headers", {})
        if body is not None:
            rest["json"] = body
        return self.client.request(method, path, headers=headers, **rest)
