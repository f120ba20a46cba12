"""What all of the API shares: forms, pages of a list, problems."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Query
from pydantic import AwareDatetime, BaseModel, Field, PlainSerializer

from edge_agent.furniture.forms import (
    PROBLEM_TYPE,
    Done,
    Form,
    Identifier,
    Name,
    Problem,
    Secret,
    Text,
    Told,
    first,
    secure,
)
from edge_agent.furniture.shield import LARGEST_BODY, is_local
from edge_agent.web.guard import View

__all__ = [
    "PROBLEMS",
    "PROBLEM_TYPE",
    "PUBLIC",
    "Done",
    "Form",
    "Identifier",
    "Instant",
    "Name",
    "Pages",
    "Problem",
    "Secret",
    "Slice",
    "Text",
    "Told",
    "at_the_device",
    "first",
    "secure",
]

T = TypeVar("T")
S = TypeVar("S")
MOST = 500
"""Items a page at most."""


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


Instant = Annotated[AwareDatetime, PlainSerializer(_instant, return_type=str)]


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
PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {
        "description": words,
        "content": {PROBLEM_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    for status, words in _WORDS.items()
}

PUBLIC: dict[str, Any] = {"security": []}
"""For what nobody is logged in yet."""


def at_the_device(view: View) -> bool:
    """Say whether the request comes from the device's own screen."""
    return is_local(view.address)
