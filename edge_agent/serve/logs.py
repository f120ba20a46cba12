"""How the services log: lines for a person, priorities for the journal, or an object a line for a collector."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime

from edge_agent.settings import LogFormat, notification_socket

_TEXT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
_JOURNAL = "%(name)s: %(message)s"  # the journal has time and unit
_LEVELS = {logging.CRITICAL: 2, logging.ERROR: 3, logging.WARNING: 4, logging.INFO: 6, logging.DEBUG: 7}


class JournalFormatter(logging.Formatter):
    """Each line begins with its priority, as sd-daemon(3) has it: `journalctl --priority warning` finds the rest."""

    def format(self, record: logging.LogRecord) -> str:
        mark = f"<{_LEVELS.get(record.levelno, 6)}>"
        return "\n".join(mark + line for line in super().format(record).splitlines())


class JsonFormatter(logging.Formatter):
    """`time` in UTC, `level`, `service`, `logger`, `message`, and `trace` where something broke."""

    def __init__(self, service: str) -> None:
        super().__init__()
        self._service = service

    def format(self, record: logging.LogRecord) -> str:
        told = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "service": self._service,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            told["trace"] = self.formatException(record.exc_info)
        return json.dumps(told, ensure_ascii=False)


def begin_log(service: str, form: LogFormat) -> None:
    """Send this process's log to stderr; `auto` is the journal's form under a service manager, else lines to read."""
    handler = logging.StreamHandler()
    if form == "json":
        handler.setFormatter(JsonFormatter(service))
    elif form == "auto" and notification_socket():
        handler.setFormatter(JournalFormatter(_JOURNAL))
    else:
        handler.setFormatter(logging.Formatter(_TEXT))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    logging.getLogger("apscheduler").setLevel(logging.WARNING)  # it tells of every run of every job
