"""Staff at the device's API, version 1: the same calls that the pages make."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import requests

from edge_agent.errors import DeviceError

_SECONDS = 30.0


@dataclass(frozen=True)
class Operator:
    """Somebody at `address` (http://host:port); without a token only what anybody may do."""

    address: str
    token: str = ""

    def call(self, method: str, path: str, **form: Any) -> Any:
        """Give the answer's JSON; raises `DeviceError` with the problem's words."""
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        url = f"{self.address}/api/v1{path}"
        try:
            answer = requests.request(method, url, json=form or None, headers=headers, timeout=_SECONDS)
            told = answer.json()
        except requests.RequestException as error:
            raise DeviceError(f"{method} {path}: {error}") from error
        if not answer.ok:
            raise DeviceError(f"{method} {path}: {told.get('detail', answer.reason)}", do=told.get("do", ""))
        return told

    def post(self, path: str, **form: Any) -> Any:
        return self.call("POST", path, **form)

    def logged_in(self, path: str, **form: Any) -> Operator:
        """Give the same place for whoever logs in there: `/setup` and `/sessions` tell a token."""
        return Operator(self.address, self.post(path, **form)["token"])

    def first_login(self, phone: str, password: str) -> Operator:
        """Log in with the first password, a phone's last six digits, and change it, as one must at once."""
        first = phone[-6:]
        person = self.logged_in("/sessions", login=phone, password=first)
        person.call("PUT", "/me/password", old=first, new=password)
        return person

    def add_kiosk(self, room: str) -> str:
        """Add a kiosk to a room; give its pairing code."""
        return str(self.post("/kiosks", name=f"终端 {room}", room=room)["code"])

    def approve(self, training: str) -> None:
        """Submit a class, every warning ticked, and approve it."""
        warnings = [each["code"] for each in self.call("GET", f"/classes/{training}/warnings")]
        self.post(f"/classes/{training}/actions", action="submit", ticked=warnings)
        self.post(f"/classes/{training}/actions", action="approve")

    def appoint(self, teacher: str, *, name: str, phone: str) -> None:
        """Give a teacher an instructor's account."""
        self.post("/accounts", role="instructor", login=phone, name=name, person=teacher)

    def pair(self, code: str) -> str:
        """Make this a kiosk; give its cookie."""
        answer = requests.post(f"{self.address}/api/v1/sessions/kiosk", json={"code": code}, timeout=_SECONDS)
        answer.raise_for_status()
        return "; ".join(f"{name}={value}" for name, value in answer.cookies.items())

    def healthy(self) -> bool:
        try:
            return requests.get(f"{self.address}/healthz", timeout=_SECONDS).ok
        except requests.ConnectionError:
            return False
