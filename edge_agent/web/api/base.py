"""What all of the API shares: forms, pages of a list, problems."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Query, Request
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, PlainSerializer, StringConstraints

from edge_agent.web.guard import View
from edge_agent.web.security import LARGEST_BODY, is_local

T = TypeVar("T")
S = TypeVar("S")
MOST = 500
"""Items a page at most."""


def _printable(text: str) -> str:
    if any(ord(letter) < ord(" ") and letter not in "\n\t" for letter in text):
        raise ValueError("contains control characters (含有控制字符)")
    return text


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


Text = Annotated[str, StringConstraints(strip_whitespace=True, max_length=500), AfterValidator(_printable)]
"""A line or a few that a person typed."""

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80), AfterValidator(_printable)]
Identifier = Annotated[str, StringConstraints(min_length=1, max_length=80, pattern=r"^[\w./:-]+$")]
Secret = Annotated[str, StringConstraints(min_length=1, max_length=128), AfterValidator(_printable)]
Instant = Annotated[AwareDatetime, PlainSerializer(_instant, return_type=str)]


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


class Slice(Told, Generic[T]):
    """A page of a list."""

    items: list[T]
    total: int
    offset: int


class Paging(BaseModel):
    offset: int = Field(default=0, ge=0, le=1_000_000)
    limit: int = Field(default=100, ge=1, le=MOST)

    def slice(self, found: Sequence[S], told: Callable[[S], T]) -> Slice[T]:
        items = [told(each) for each in found[self.offset : self.offset + self.limit]]
        return Slice(items=items, total=len(found), offset=self.offset)


Pages = Annotated[Paging, Query()]

_WORDS = {
    400: "The request can't be read.",
    401: "Not logged in, or a wrong password.",
    403: "The role, the rule or the form's token does not allow it.",
    404: "No such thing here.",
    409: "It changed meanwhile, or contradicts what is stored.",
    413: f"More than {LARGEST_BODY >> 20} MB.",
    415: "Not the kind of content that is expected.",
    422: "A field is wrong; nothing was changed.",
    502: "A camera, a model or another device does not do what it should.",
    507: "The disk or the database refuses.",
}
PROBLEM_TYPE = "application/problem+json"
PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {
        "description": words,
        "content": {PROBLEM_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    for status, words in _WORDS.items()
}

PUBLIC: dict[str, Any] = {"security": []}
"""For what nobody is logged in yet."""


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


def at_the_device(view: View) -> bool:
    """Say whether the request comes from the device's own screen."""
    return is_local(view.address)
