"""Opaque cursors and counts: what a client may ask for and what it is told when it may not."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from typing import Final

from scrapers.replica.sketchfab.rules import MAX_COUNT

__all__ = ["BadParameterError", "decode_cursor", "encode_cursor", "read_count", "read_number"]

_CURSOR: Final = re.compile(r"p=(\d{1,9})")
_NUMBER: Final = re.compile(r"\d{1,9}", re.ASCII)


class BadParameterError(ValueError):
    """A query parameter that the site answers with 400."""


def encode_cursor(offset: int) -> str:
    """Cursor of the page that starts at `offset`."""
    return base64.urlsafe_b64encode(f"p={offset}".encode()).decode()


def decode_cursor(cursor: str) -> int:
    """Offset that a cursor stands for; 0 for an empty one.

    Raises
    ------
    BadParameterError : a cursor that `encode_cursor` did not make.
    """
    if not cursor:
        return 0
    try:
        text = base64.urlsafe_b64decode(cursor).decode()
    except (binascii.Error, ValueError) as err:
        raise BadParameterError("cursor: invalid") from err
    match = _CURSOR.fullmatch(text)
    if match is None:
        raise BadParameterError("cursor: invalid")
    return int(match[1])


def read_count(query: Mapping[str, str]) -> int:
    """Rows of a page: ``count``, capped as the real site does; `MAX_COUNT` when not given.

    Raises
    ------
    BadParameterError : no whole number of at least 1.
    """
    return min(read_number(query, "count", default=MAX_COUNT, least=1), MAX_COUNT)


def read_number(query: Mapping[str, str], name: str, *, default: int, least: int = 0) -> int:
    """Whole number of a query parameter; `default` when it is absent.

    Raises
    ------
    BadParameterError : no whole number of at most nine digits, or one below `least`.
    """
    text = query.get(name, str(default))
    if not _NUMBER.fullmatch(text) or int(text) < least:
        raise BadParameterError(f"{name}: a whole number of at least {least} is required")
    return int(text)
