"""What can go wrong in a crawl.

ScrapersError
├── ArgumentError
├── RecordError
├── CountError
├── LedgerError
├── SettingsError
├── BadAnswerError
└── CrawlStoppingError
    └── LeftAloneError
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from scrapy.exceptions import IgnoreRequest

__all__ = [
    "ArgumentError",
    "BadAnswerError",
    "CountError",
    "CrawlStoppingError",
    "Fault",
    "LedgerError",
    "LeftAloneError",
    "RecordError",
    "ScrapersError",
    "SettingsError",
]


class ScrapersError(Exception):
    """Base of all errors of this room."""


class ArgumentError(ScrapersError):
    """A crawl cannot start as it was asked to; the message names every fault."""

    def __init__(self, faults: Sequence[str]) -> None:
        self.faults = tuple(faults)
        listed = "".join(f"\n  - {fault}" for fault in faults)
        super().__init__(f"the crawl was not started:{listed}")


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with a record; the reason never holds the value."""

    field: str
    reason: str

    def __str__(self) -> str:
        return f"{self.field}: {self.reason}"


class RecordError(ScrapersError):
    """A record breaks the contract of `scrapers.records`; the message names every fault."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("; ".join(map(str, faults)))


class CountError(ScrapersError):
    """A text is not a count that a site would write."""


class SettingsError(ScrapersError):
    """The environment holds what cannot be; the message names every fault."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__("; ".join(faults))


class LedgerError(ScrapersError):
    """The ledger of a crawl cannot be opened, read or written; the message has the remedy."""


class BadAnswerError(ScrapersError, IgnoreRequest):
    """An answer is of no use, though another try may bring a better one; says why."""


class CrawlStoppingError(ScrapersError, IgnoreRequest):
    """A request is not made, because the crawl was told to stop."""


class LeftAloneError(CrawlStoppingError):
    """A request is not made: its host is left alone for the rest of the crawl, and says why."""
