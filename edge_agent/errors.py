"""Errors that say what to do.

Every error that a person may see has a message that names the field, row, file or camera, and `do`: the next
step. The CLI prints both and exits with `exit_code`; the web answers with `status`.
"""

from __future__ import annotations


class EdgeAgentError(Exception):
    """What happened, and what to do about it."""

    exit_code = 1
    status = 500

    def __init__(self, message: str, *, do: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.do = do

    def __str__(self) -> str:
        return f"{self.message} {self.do}".strip()


class InputError(EdgeAgentError):
    """A file, form, command or frame that can't be taken; nothing was changed."""

    exit_code = 2
    status = 422


class NotFoundError(EdgeAgentError):
    """The thing named does not exist here."""

    exit_code = 2
    status = 404


class ConflictError(EdgeAgentError):
    """The thing changed under the caller, or contradicts what is stored."""

    exit_code = 3
    status = 409


class ForbiddenError(EdgeAgentError):
    """The role, the rule or the sealed mode does not allow it."""

    exit_code = 3
    status = 403


class StorageError(EdgeAgentError):
    """The disk or the database refuses: full, damaged, from a newer version."""

    exit_code = 4
    status = 507


class DiskFullError(StorageError):
    """No space is left; where there is a ballast, giving it up may help."""


class DeviceError(EdgeAgentError):
    """A camera, a model or another device does not do what it should."""

    exit_code = 5
    status = 502


def unknown(identifier: str, zh: str, en: str) -> NotFoundError:
    """Say that no `zh`, in English `en`, has this id."""
    return NotFoundError(
        f"{identifier}: {zh}不存在 / no such {en}.",
        do="请刷新后重试，或核对编号。Reload and try again, or check the id.",
    )
