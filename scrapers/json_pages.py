"""Reading JSON whose every field may be missing or of another type than expected."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeAlias

__all__ = ["Json", "get", "names_of", "read_object", "rows_of"]

_MOST_DIGITS: Final = 30

Json: TypeAlias = Any
"""What a site sent: of any type until a record is checked."""


def read_object(body: bytes) -> dict[str, Any] | None:
    """JSON object of a body; None for anything else, an HTML page or cut text say.

    JSON is UTF-8, UTF-16 or UTF-32 whatever a header says (RFC 8259, section 8.1).  What is no
    number to JSON, ``NaN`` say, and whole numbers too long to mean anything, count as missing.
    """
    try:
        found = json.loads(body, parse_constant=_missing, parse_int=_whole)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _missing(_: str) -> None:
    return None


def _whole(digits: str) -> int | None:
    return int(digits) if len(digits) <= _MOST_DIGITS else None


def rows_of(page: Mapping[str, Any]) -> Sequence[Mapping[str, Any]] | None:
    """Objects of ``results``; None where that is no list of objects."""
    rows = page.get("results")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        return None
    return rows


def get(value: object, *path: str) -> Json:
    """What stands at the end of a path of keys; None where a step is missing."""
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def names_of(values: Json) -> Json:
    """The ``name`` of each object of a list; what is no list is left for the check to name."""
    if not isinstance(values, list):
        return values
    return tuple(get(value, "name") for value in values)
