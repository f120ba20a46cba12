"""The office's tables, by name."""

from __future__ import annotations

from typing import Literal

TableKind = Literal["roster", "timetable", "classes", "teachers", "online"]
