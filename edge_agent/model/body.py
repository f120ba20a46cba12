"""The bytes of a fact: made once, stored, hashed and sent as they are.

A fact can't be mended, so a value that is not of its field's declared type is refused here, before anything is written.
The writer of a kind is compiled from those types at its first use, as dataclasses makes `__init__`: a fact then costs
some 4 us, a third of the json module with a `default`, and every trainee at the door waits for it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from functools import cache
from json.encoder import encode_basestring
from math import isfinite
from types import NoneType
from typing import Any, Literal, get_args, get_origin, get_type_hints

from edge_agent.model.fact import VERSION, Payload
from edge_agent.model.stamp import Stamp, instant

Write = Callable[[Any], str]


class Envelope:
    """What surrounds the payloads of one transaction: agent, epoch and clock are the same for all, and written once."""

    __slots__ = ("_before", "_clock")

    def __init__(self, *, agent: str, epoch: int, stamp: Stamp) -> None:
        self._before = f'{{"v":{VERSION},"agent":{encode_basestring(agent)},"epoch":{epoch},"seq":'
        self._clock = (
            f',"clock":{{"wall":"{instant(stamp.wall)}","boot_id":{encode_basestring(stamp.boot_id)},'
            f'"boottime":{_number(round(stamp.boottime, 3))},"trust":"{stamp.trust.value}",'
            f'"max_error":{_number(round(stamp.max_error, 6))}}},"policy":'
        )

    def body(self, seq: int, payload: Payload, *, policy: str, by: str) -> bytes:
        """Give the UTF-8 bytes of one fact; raises `ValueError` that names the field whose value can't stand in it."""
        text = encode_basestring
        return (
            f'{self._before}{seq},"kind":{text(payload.KIND)}{self._clock}{text(policy)},"by":{text(by)},'
            f'"data":{_object(payload)}}}'
        ).encode()


_WRONG = (TypeError, AttributeError, ValueError)


def _object(value: Any) -> str:
    kind: Any = type(value)
    try:
        return _compiled(kind)(value)
    except _WRONG as error:
        raise ValueError(f"{kind.__name__}.{_culprit(value)} can't be written: {error}") from error


@cache
def _compiled(kind: Any) -> Write:
    """Give one expression that writes all fields: a loop over them takes twice as long."""
    writers = _writers(kind)
    named = {f"write_{name}": write for name, write in writers.items()}
    fields_ = ",".join(f'"{name}":{{write_{name}(value.{name})}}' for name in writers)
    return eval(f"lambda value: f'{{{{{fields_}}}}}'", named)  # type: ignore[no-any-return]  # noqa: S307 - made of our own field names


@cache
def _writers(kind: Any) -> dict[str, Write]:
    hints = get_type_hints(kind)
    return {field.name: _writer(hints[field.name]) for field in fields(kind)}


def _culprit(value: Any) -> str:
    """Name the field that can't be written."""
    kind: Any = type(value)
    for name, write in _writers(kind).items():
        try:
            write(getattr(value, name))
        except _WRONG:
            return name
    return "?"


def _writer(hint: Any) -> Write:
    """Give what writes a value of a declared type and refuses another; `TypeError` for a type that no fact may have."""
    origin, arguments = get_origin(hint), get_args(hint)
    if NoneType in arguments:
        (inner,) = (_writer(each) for each in arguments if each is not NoneType)
        return lambda value: "null" if value is None else inner(value)
    if origin is Literal:
        return _one_of({value: encode_basestring(value) for value in arguments})
    if origin is tuple:
        item = _writer(arguments[0])
        return lambda value: "[" + ",".join([item(each) for each in _exactly(tuple, value)]) + "]"
    if origin is dict:
        key, item = map(_writer, arguments)
        return lambda value: "{" + ",".join([f"{key(name)}:{item(each)}" for name, each in value.items()]) + "}"
    if is_dataclass(hint):
        return lambda value: _object(_exactly(hint, value))
    if hint in _PLAIN:
        return _PLAIN[hint]
    raise TypeError(f"a fact can't hold {hint}")


def _one_of(known: dict[str, str]) -> Write:
    def write(value: str) -> str:
        try:
            return known[value]
        except KeyError:
            raise ValueError(f"{value!r} is none of {', '.join(known)}") from None

    return write


def _exactly(kind: Any, value: Any) -> Any:
    if type(value) is not kind:
        raise TypeError(f"it is of type {type(value).__name__}, not {kind.__name__}")
    return value


def _number(value: Any) -> str:
    if type(value) is int:
        return int.__repr__(value)
    if not isfinite(value):
        raise ValueError(f"{value} has no JSON form")
    return float.__repr__(value)


_PLAIN: dict[Any, Write] = {
    str: encode_basestring,
    int: lambda value: int.__repr__(_exactly(int, value)),
    float: _number,
    bool: lambda value: "true" if _exactly(bool, value) else "false",
    datetime: lambda value: f'"{instant(value)}"',
    date: lambda value: f'"{_exactly(date, value).isoformat()}"',
}
