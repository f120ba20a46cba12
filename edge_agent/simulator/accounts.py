"""Who may come in: RTSP and HTTP digest, WS-UsernameToken, and the lock-out that follows wrong guesses."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, auto
from urllib.request import parse_http_list, parse_keqv_list

from edge_agent.simulator.faults import Fault, FaultBoard

REALM = "virtual-camera"
MAX_TOKEN_AGE_S = 300.0  # what the common brands allow between `Created` and their own clock


class Verdict(Enum):
    WELCOME = auto()
    ANONYMOUS = auto()
    WRONG = auto()
    LOCKED = auto()


@dataclass(slots=True)
class Accounts:
    """One user. `failures` counts wrong credentials for ever: tests prove with it that nothing was guessed."""

    user: str
    password: str
    board: FaultBoard
    lockout_after: int = 5
    lockout_seconds: float = 1800
    failures: int = 0
    _in_a_row: int = 0
    _locked_until: float = 0
    _nonce: str = field(default_factory=lambda: secrets.token_hex(16))

    def challenge(self, *, qop: bool) -> str:
        return f'Digest realm="{REALM}", nonce="{self._nonce}"' + (', qop="auth"' if qop else "")

    def digest(self, method: str, authorization: str | None) -> Verdict:
        """RFC 2617, MD5: what cameras speak."""
        if not authorization or not authorization.lower().startswith("digest "):
            return Verdict.ANONYMOUS
        given = parse_keqv_list(parse_http_list(authorization[7:]))
        if given.get("nonce") != self._nonce:
            return Verdict.ANONYMOUS
        proof = [self._nonce]
        if "qop" in given:
            proof += [given.get("nc", ""), given.get("cnonce", ""), given["qop"]]
        secret = _md5(f"{self.user}:{REALM}:{self.password}")
        expected = _md5(":".join([secret, *proof, _md5(f"{method}:{given.get('uri', '')}")]))
        right = given.get("username") == self.user and hmac.compare_digest(expected, given.get("response", ""))
        return self._judge(right=right)

    def token(self, given: Mapping[str, str] | None, now: datetime) -> Verdict:
        """`given` has Username, Password, Nonce and Created; `now` is the camera's own time, right or wrong."""
        if given is None:
            return Verdict.ANONYMOUS
        try:
            age = abs((now - datetime.fromisoformat(given["Created"])).total_seconds())
            material = base64.b64decode(given["Nonce"]) + given["Created"].encode() + self.password.encode()
            expected = base64.b64encode(hashlib.sha1(material).digest()).decode()  # noqa: S324 - WS-Security says SHA-1
            right = hmac.compare_digest(expected, given["Password"]) and given["Username"] == self.user
        except (KeyError, ValueError, TypeError):
            return self._judge(right=False)
        return self._judge(right=right and age <= MAX_TOKEN_AGE_S)

    def _judge(self, *, right: bool) -> Verdict:
        if self.board.active(Fault.LOCK_OUT) or time.monotonic() < self._locked_until:
            return Verdict.LOCKED
        if right and not self.board.active(Fault.WRONG_PASSWORD):
            self._in_a_row = 0
            return Verdict.WELCOME
        self.failures += 1
        self._in_a_row += 1
        if self._in_a_row >= self.lockout_after:
            self._locked_until = time.monotonic() + self.lockout_seconds
            self._in_a_row = 0
        return Verdict.WRONG


def _md5(text: str) -> str:
    return hashlib.md5(text.encode()).hexdigest()  # noqa: S324 - RFC 2617 says MD5
