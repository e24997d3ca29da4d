"""Log lines as JSON objects, one a line."""

from __future__ import annotations

import logging
from datetime import UTC, datetime

import orjson

__all__ = ["JsonFormatter", "log_as_json"]


class JsonFormatter(logging.Formatter):
    """A record as one JSON object: instant, level, event and the record's own ``fields``."""

    def format(self, record: logging.LogRecord) -> str:
        """Line of a record, without its end."""
        line = {
            "at": datetime.fromtimestamp(record.created, UTC),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        return orjson.dumps(line, default=str).decode()


def log_as_json() -> None:
    """Send the log of the whole process to standard error, as JSON lines."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    for name in ("uvicorn", "uvicorn.error"):  # its start-up lines say nothing that we do not
        logging.getLogger(name).setLevel(logging.WARNING)
