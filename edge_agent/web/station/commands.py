"""What a station's page asks for."""

from __future__ import annotations

import base64
import binascii
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints, TypeAdapter, ValidationError

from edge_agent.errors import InputError
from edge_agent.furniture.forms import Form, Identifier, Name, Text

_Picture = Annotated[str, StringConstraints(min_length=1, max_length=450_000)]


class Open(Form):
    """Begin with a trainee; an earlier visit of this station ends."""

    do: Literal["open"]
    trainee: Identifier


class Consent(Form):
    """The trainee's own ticks: two purposes, each for itself."""

    do: Literal["consent"]
    recognise: bool
    upload: bool = False
    guardian: bool = False


class Card(Form):
    """Both sides as JPEG in base64, and the number that stands on it."""

    do: Literal["card"]
    front: _Picture
    back: _Picture
    number: Name


class Review(Form):
    """人工审核: the operator compared card and person."""

    do: Literal["review"]
    accepted: bool
    reason: Text = ""


class ByHand(Form):
    do: Literal["by_hand"]


class Close(Form):
    do: Literal["close"]


Command = Open | Consent | Card | Review | ByHand | Close
_COMMANDS: TypeAdapter[Command] = TypeAdapter(Annotated[Command, Field(discriminator="do")])


def read_command(text: Any) -> Command:
    """Raises `InputError` that names the field."""
    try:
        return _COMMANDS.validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        raise InputError(f"{'.'.join(map(str, first['loc']))}: {first['msg']} (指令格式错误).") from None


def picture(encoded: str, side: str) -> bytes:
    try:
        return base64.b64decode(encoded, validate=True)
    except binascii.Error:
        raise InputError(f"{side}: not a picture (照片格式错误).", do="Photograph it again.") from None
