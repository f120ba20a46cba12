"""The three forms of the log."""

from __future__ import annotations

import json
import logging
import sys

from edge_agent.serve.logs import JournalFormatter, JsonFormatter


def record(level: int, message: str, *, broken: bool = False) -> logging.LogRecord:
    exc_info = None
    if broken:
        try:
            int("why")
        except ValueError:
            exc_info = sys.exc_info()
    return logging.LogRecord("edge_agent.x", level, "x.py", 1, message, None, exc_info)


def test_every_line_of_the_journal_bears_its_priority() -> None:
    text = JournalFormatter("%(name)s: %(message)s").format(record(logging.ERROR, "one\ntwo", broken=True))
    assert text.startswith("<3>edge_agent.x: one\n<3>two\n<3>Traceback")
    assert all(line.startswith("<3>") for line in text.splitlines())
    assert JournalFormatter("%(message)s").format(record(logging.WARNING, "w")) == "<4>w"


def test_an_object_a_line_for_a_collector() -> None:
    text = JsonFormatter("sync").format(record(logging.INFO, "课程\n开始", broken=True))
    assert "\n" not in text
    told = json.loads(text)
    assert (told["service"], told["level"], told["message"]) == ("sync", "info", "课程\n开始")
    assert "ValueError: invalid literal" in told["trace"]
