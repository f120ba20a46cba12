"""Rows to frozen values and back, driven by the dataclass's own fields: one mapping for every aggregate."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime, time
from enum import Enum
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from edge_agent.store.database import from_micros, to_micros

T = TypeVar("T")


def columns(kind: type[Any]) -> tuple[str, ...]:
    """Give the field names of a dataclass."""
    return tuple(field.name for field in fields(kind))


def to_row(value: Any, **extra: Any) -> dict[str, Any]:
    """Give a dataclass's fields as SQLite values, with `extra` columns."""
    return {name: _plain(getattr(value, name)) for name in columns(type(value))} | extra


def from_row(kind: type[T], row: sqlite3.Row, renamed: Mapping[str, str] | None = None) -> T:
    """Make a value from a row's columns; `renamed` maps fields to columns of another name."""
    read = _FIELDS[kind]
    if renamed:
        values = {name: row[renamed.get(name, name)] for name in read.names}
    else:
        values = {name: row[name] for name in read.names}
    for name, convert in read.converted:
        values[name] = convert(values[name])
    return kind(**values)


def insert(table: str, row: Mapping[str, Any], *, replace: str = "") -> str:
    """Give an INSERT with named values; `replace` names the key columns whose row is overwritten."""
    names = ", ".join(row)
    sql = f"INSERT INTO {table}({names}) VALUES ({', '.join(f':{name}' for name in row)})"  # noqa: S608 - names of ours
    if replace:
        keys = set(replace.split(", "))
        sql += f" ON CONFLICT({replace}) DO UPDATE SET " + ", ".join(
            f"{name} = excluded.{name}" for name in row if name not in keys
        )
    return sql


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, datetime):
        return to_micros(value)
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, tuple | dict):
        return json.dumps(value, ensure_ascii=False)
    return value


def _reader(hint: Any) -> Callable[[Any], Any] | None:
    """Give what makes a column's value the field's; None where they are the same."""
    options = [option for option in get_args(hint) or (hint,) if option is not type(None)]
    kind = get_origin(hint) if get_origin(hint) is tuple else options[0]
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind
    return _READERS.get(kind)


def _optional(read: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda value: None if value is None else read(value)


_READERS: Mapping[Any, Callable[[Any], Any]] = {
    bool: bool,
    datetime: _optional(from_micros),
    date: _optional(date.fromisoformat),
    time: _optional(time.fromisoformat),
    tuple: lambda value: tuple(json.loads(value)),
}


@dataclass(frozen=True, slots=True)
class _Reading:
    """A dataclass's fields, and how to convert those whose columns hold something else: most hold the value itself."""

    names: tuple[str, ...]
    converted: tuple[tuple[str, Callable[[Any], Any]], ...]


class _Fields(dict[type[Any], _Reading]):
    """How to read each field of a dataclass, worked out once a class: `get_type_hints` is slow."""

    def __missing__(self, kind: type[Any]) -> _Reading:
        hints, names = get_type_hints(kind), columns(kind)
        converted = tuple((name, read) for name in names if (read := _reader(hints[name])))
        self[kind] = _Reading(names, converted)
        return self[kind]


_FIELDS = _Fields()
