"""The words of every problem an import can have, a module a subject.

`docs/intake.md` lists them; a test holds both together. No text repeats a resident id.
"""

from __future__ import annotations

from collections.abc import Mapping

from edge_agent.intake.words.cells import CELLS
from edge_agent.intake.words.files import FILES
from edge_agent.intake.words.lessons import LESSONS
from edge_agent.intake.words.message import Message
from edge_agent.intake.words.people import PEOPLE

MESSAGES: Mapping[str, Message] = FILES | CELLS | LESSONS | PEOPLE
