"""Why something was refused: one list of codes for messages, commands and uploads."""

from __future__ import annotations

from enum import StrEnum

from edge_agent.errors import InputError


class Code(StrEnum):
    """Every code of the contract; `MEANING` says what each tells the other side to do."""

    MALFORMED = "malformed"
    TOO_LARGE = "too_large"
    BAD_SIGNATURE = "bad_signature"
    UNKNOWN_AGENT = "unknown_agent"
    WRONG_AGENT = "wrong_agent"
    MISSING = "missing"
    FORK = "fork"
    BAD_EPOCH = "bad_epoch"
    EXPIRED = "expired"
    STALE = "stale"
    NOT_OWNER = "not_owner"
    NOT_FOUND = "not_found"
    UNSUPPORTED = "unsupported"
    INVALID = "invalid"
    FAILED = "failed"
    HASH_DIFFERS = "hash_differs"


MEANING = {
    Code.MALFORMED: "Not what the contract describes: garbage, a torn frame, a field that is missing or wrong.",
    Code.TOO_LARGE: "Above a limit of the contract, a decompression bomb included.",
    Code.BAD_SIGNATURE: "The signature, its key or its purpose is not the right one.",
    Code.UNKNOWN_AGENT: "No agent of that name in that tenant, or its key was revoked.",
    Code.WRONG_AGENT: "The content names another agent or tenant than its topic or its receiver.",
    Code.MISSING: "Facts before these have not arrived: send them again.",
    Code.FORK: "The centre holds another fact at this place: kept in quarantine, begin a new epoch.",
    Code.BAD_EPOCH: "An epoch that no `epoch.started` fact has opened.",
    Code.EXPIRED: "The command came after its expiry.",
    Code.STALE: "What is stored is as new or newer than what the command brings.",
    Code.NOT_OWNER: "The document belongs to the other side (RULES, reading 17).",
    Code.NOT_FOUND: "The class, lesson, camera or file named does not exist here.",
    Code.UNSUPPORTED: "A command or a version that this side does not know.",
    Code.INVALID: "Well formed, but against a rule; the reason names the field.",
    Code.FAILED: "Tried, and failed; the reason says why.",
    Code.HASH_DIFFERS: "The bytes that arrived are not those that were announced: the upload was thrown away.",
}


class RefusedError(InputError):
    """What arrived can't be taken; `code` is what the other side is told."""

    def __init__(self, code: Code, message: str, *, do: str = "") -> None:
        super().__init__(message, do=do)
        self.code = code
