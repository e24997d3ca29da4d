"""Log lines as JSON objects, one a line."""

from __future__ import annotations

import logging
import traceback
from datetime import UTC, datetime
from typing import Any, Final

import orjson

__all__ = ["JsonFormatter", "crash_fields", "log_as_json"]

_FRAMES: Final = 8


def crash_fields(err: BaseException) -> dict[str, Any]:
    """What broke and where; not the message, which may hold what was asked for."""
    frames = traceback.extract_tb(err.__traceback__)[-_FRAMES:]
    return {
        "error": type(err).__name__,
        "frames": [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames],
    }


class JsonFormatter(logging.Formatter):
    """A record as one JSON object: instant, level, event and the record's own ``fields``."""

    def format(self, record: logging.LogRecord) -> str:
        """Line of a record, without its end."""
        line = {
            "at": datetime.fromtimestamp(record.created, UTC),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
            **(crash_fields(record.exc_info[1]) if record.exc_info and record.exc_info[1] else {}),
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
