"""What is said to the person at the keyboard: Chinese first, English beside it."""

from __future__ import annotations


class RefusalError(Exception):
    """The work can't be done; says why and what to do, in both languages."""

    def __init__(self, chinese: str, english: str) -> None:
        super().__init__(f"{chinese}\n{english}")


def say(chinese: str, english: str) -> None:
    print(f"==> {chinese} / {english}", flush=True)  # noqa: T201 - this is a command
