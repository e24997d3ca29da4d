"""Announced counts as sites write them, ``1.2k`` say, and what a read count owes to them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from scrapers.errors import CountError

__all__ = ["Count", "announced_count", "is_short", "parse_count"]

_FORM: Final = re.compile(r"(\d{1,15}(?:,\d{3})*)(?:\.(\d{1,3}))?\s?([kKmM]?)", re.ASCII)
_UNITS: Final = {"": 1, "k": 1_000, "m": 1_000_000}
_SLACK: Final = 2
_SLACK_SHARE: Final = 0.01


@dataclass(frozen=True, slots=True)
class Count:
    """A count known to lie between two bounds, both included; equal bounds are exact."""

    low: int
    high: int


def parse_count(text: str) -> Count:
    """Bounds of a count as written: ``999`` is exact, ``1.2k`` stands for 1200 to 1299.

    A rounded count has one decimal at least, unwritten where it is 0, so ``1k`` stands for 1000
    to 1099.  The low bound is what is written; `is_short` allows for what rounding up adds.

    Raises
    ------
    CountError : the text is no count.
    """
    match = _FORM.fullmatch(text.strip())
    if match is None:
        raise CountError("not a count such as 1,234 or 1.2k")
    whole, decimals, unit = match[1].replace(",", ""), match[2] or "", match[3].lower()
    if not unit and decimals:
        raise CountError("a fraction of a like")
    step = Decimal(_UNITS[unit]).scaleb(-max(1, len(decimals)))
    low = Decimal(f"{whole}.{decimals or 0}") * _UNITS[unit]
    return Count(int(low), int(low + max(step, Decimal(1))) - 1)


def announced_count(like_count: object, text: object) -> Count | None:
    """Bounds of what a catalogue announces, by its text, else its number; None without either."""
    if type(text) is str:
        try:
            return parse_count(text)
        except CountError:
            return None
    return Count(like_count, like_count) if type(like_count) is int else None


def is_short(read: int, announced: Count) -> bool:
    """Whether a list holds less than was announced, by more than churn and rounding explain.

    The tolerance is max(2, 1 %); a rounded count may have been rounded up by half of its span.
    """
    rounded_up = (announced.high - announced.low + 1) // 2
    return read < announced.low - rounded_up - max(_SLACK, _SLACK_SHARE * announced.low)
