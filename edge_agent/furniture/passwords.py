"""Passwords and PINs: Argon2id, and what is too easy."""

from __future__ import annotations

import threading
from itertools import pairwise

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from edge_agent.errors import InputError

SHORTEST = 8
PIN_DIGITS = 6
FIRST_DIGITS = 6
"""The first password: the last six characters of the phone number or resident id (the manual's own rule)."""

# OWASP's second choice for Argon2id (19 MiB, 2 passes, 1 lane): a Raspberry Pi checks one in about 100 ms.
_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_turn = threading.Semaphore(2)
_NOBODY = _hasher.hash("nobody")


def hash_password(password: str) -> str:
    with _turn:
        return _hasher.hash(password)


def verify(stored: str, password: str) -> bool:
    """Compare; where there is nothing stored it takes as long, so that an account can't be told from none."""
    with _turn:
        try:
            _hasher.verify(stored or _NOBODY, password)
        except (VerifyMismatchError, InvalidHashError):
            return False
    return bool(stored)


def first_password(login: str) -> str:
    """Give the first password of an account, valid until the person changes it."""
    if len(login) < FIRST_DIGITS:
        raise InputError(
            f"login: {login} is too short (账号应为手机号或身份证号).", do="Use the phone number or the resident id."
        )
    return login[-FIRST_DIGITS:].upper()


def check_password(password: str, *, login: str) -> None:
    """Refuse what is guessed first; raises `InputError` that says why."""
    if len(password) < SHORTEST:
        raise InputError(f"password: too short (密码至少 {SHORTEST} 位).", do="Choose a longer one.")
    if password.casefold() in login.casefold() or len(set(password)) < SHORTEST // 2 or _is_run(password):
        raise InputError("password: too easy to guess (密码过于简单).", do="Choose another one.")


def check_pin(pin: str, *, login: str) -> None:
    if len(pin) != PIN_DIGITS or not pin.isascii() or not pin.isdigit():
        raise InputError(f"pin: not {PIN_DIGITS} digits (PIN 为 {PIN_DIGITS} 位数字).")
    if len(set(pin)) < PIN_DIGITS // 2 or _is_run(pin) or pin in login:
        raise InputError("pin: too easy to guess (PIN 过于简单).", do="Choose another one.")


def _is_run(text: str) -> bool:
    """Say whether it only counts up or down: 12345678, fedcba."""
    steps = {ord(after) - ord(before) for before, after in pairwise(text)}
    return steps in ({1}, {-1})
