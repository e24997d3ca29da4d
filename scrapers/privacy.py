"""Logs without persons: items are never logged, and urls lose the handles in them."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Sequence
from typing import Final

from scrapy import Request, Spider
from scrapy.http import Response
from scrapy.logformatter import LogFormatter, LogFormatterResult
from twisted.python.failure import Failure

__all__ = ["QuietLogFormatter", "install_redaction", "redact"]

HIDDEN: Final = "[user]"
_DROPPED: Final = "A record was not kept: %(kind)s"
_FAILED: Final = "A record of type %(item)s could not be processed"


class QuietLogFormatter(LogFormatter):
    """Scrapy's log lines without what was scraped."""

    def crawled(self, request: Request, response: Response, spider: Spider) -> LogFormatterResult:
        """Line of an answer; nothing is put together when nobody reads it."""
        if not logging.getLogger("scrapy.core.engine").isEnabledFor(logging.DEBUG):
            return None  # type: ignore[return-value]  # Scrapy's own way to leave a line out
        return super().crawled(request, response, spider)

    def scraped(
        self, item: object, response: Response | Failure | None, spider: Spider
    ) -> LogFormatterResult:
        """No line."""
        del item, response, spider
        return None  # type: ignore[return-value]  # as above

    def dropped(
        self,
        item: object,
        exception: BaseException,
        response: Response | Failure | None,
        spider: Spider,
    ) -> LogFormatterResult:
        """Line that names the exception's kind alone."""
        del item, response, spider
        return {
            "level": logging.WARNING,
            "msg": _DROPPED,
            "args": {"kind": type(exception).__name__},
        }

    def item_error(
        self,
        item: object,
        exception: BaseException,
        response: Response | Failure | None,
        spider: Spider,
    ) -> LogFormatterResult:
        """Line that names the item's type alone."""
        del exception, response, spider
        return {"level": logging.ERROR, "msg": _FAILED, "args": {"item": type(item).__name__}}


def redact(text: str, patterns: Sequence[re.Pattern[str]]) -> str:
    """The text with every match of the patterns hidden."""
    for pattern in patterns:
        text = pattern.sub(HIDDEN, text)
    return text


def install_redaction(patterns: Sequence[str]) -> Callable[[], None]:
    """Hide every match of the patterns in all log records of this process, tracebacks too.

    Returns
    -------
    What takes the redaction off again.
    """
    compiled = [re.compile(pattern) for pattern in patterns]
    make = logging.getLogRecordFactory()
    formatter = logging.Formatter()

    def make_redacted(*args: object, **kwargs: object) -> logging.LogRecord:
        record = make(*args, **kwargs)
        message = record.getMessage()
        hidden = redact(message, compiled)
        if hidden != message:
            record.msg, record.args = hidden, ()
        if record.exc_info:
            record.exc_text = redact(formatter.formatException(record.exc_info), compiled)
        return record

    logging.setLogRecordFactory(make_redacted)
    return lambda: logging.setLogRecordFactory(make)
