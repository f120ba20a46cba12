"""Forms and answers: what a field may hold, and how a problem is told."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints
from starlette.exceptions import HTTPException

from edge_agent.errors import EdgeAgentError
from edge_agent.furniture.words import SOURCE, is_chinese, spoken

PROBLEM_TYPE = "application/problem+json"


def _printable(text: str) -> str:
    if any(ord(letter) < ord(" ") and letter not in "\n\t" for letter in text):
        raise ValueError("contains control characters (含有控制字符)")
    return text


Text = Annotated[str, StringConstraints(strip_whitespace=True, max_length=500), AfterValidator(_printable)]
"""A line or a few that a person typed."""

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80), AfterValidator(_printable)]
Identifier = Annotated[str, StringConstraints(min_length=1, max_length=80, pattern=r"^[\w./:-]+$")]
Secret = Annotated[str, StringConstraints(min_length=1, max_length=128), AfterValidator(_printable)]


class Form(BaseModel):
    """What comes in: unknown fields are refused, so that a typing error changes nothing."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Told(BaseModel):
    """What goes out."""

    model_config = ConfigDict(from_attributes=True, frozen=True)


class Problem(Told):
    """RFC 9457: what went wrong, and what to do about it. `fields` names the wrong fields of a form."""

    status: int
    detail: str
    do: str = ""
    fields: dict[str, str] = Field(default_factory=dict)


class Done(Told):
    """The change was made. `go` is where a page goes on."""

    id: str = ""
    go: str = ""


def problem_of(error: Exception) -> Problem:
    """Give what to tell of an error; raises one that is none of ours."""
    if isinstance(error, EdgeAgentError):
        return Problem(status=error.status, detail=error.message, do=error.do)
    if isinstance(error, RequestValidationError):
        fields = first(error.errors())
        named = "; ".join(f"{name}: {message}" for name, message in fields.items())
        return Problem(status=422, detail=named, do="Mend the fields named (请检查填写的内容).", fields=fields)
    if isinstance(error, HTTPException):
        return Problem(status=error.status_code, detail=str(error.detail))
    raise error


def told(problem: Problem, language: str) -> dict[str, str]:
    """Give `detail` and `do` as an error page says them: empty where only half a sentence in that language would be."""
    texts = {name: spoken(text, language) for name, text in (("detail", problem.detail), ("do", problem.do))}
    return {name: text if language != SOURCE or is_chinese(text) else "" for name, text in texts.items()}


def secure(request: Request) -> bool:
    """Say whether a cookie must be kept to TLS: everywhere but on the device itself."""
    return request.url.scheme == "https"


def first(errors: Iterable[Any]) -> dict[str, str]:
    """Give the first error of each field of a form."""
    fields: dict[str, str] = {}
    for error in errors:
        place = ".".join(str(part) for part in error["loc"] if part not in {"body", "query", "path"})
        fields.setdefault(place or "body", str(error["msg"]))
    return fields
