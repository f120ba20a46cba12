"""Problems out of their codes."""

from __future__ import annotations

from edge_agent.intake.problems import FILE, FileRefusedError, Place, Problem
from edge_agent.intake.words import MESSAGES


def problem(code: str, place: Place = FILE, /, **params: object) -> Problem:
    message = MESSAGES[code]
    return Problem(
        code,
        message.severity,
        message.zh.format(**params),
        message.en.format(**params),
        place.sheet,
        place.row,
        place.column,
        place.heading,
    )


def refuse(code: str, place: Place = FILE, /, **params: object) -> FileRefusedError:
    """Make the error of a file that can't be read as a whole."""
    return FileRefusedError(problem(code, place, **params))
