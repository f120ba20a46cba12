"""The engines' names; here, so that the list of weights can be read without numpy."""

from __future__ import annotations

from typing import Literal

EngineName = Literal["opencv", "dlib"]
