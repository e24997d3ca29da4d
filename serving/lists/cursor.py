"""Cursors: where a list goes on, and in which edition of a snapshot.

An edition is a snapshot less what is denied, by one default model and version of the service.
A cursor is opaque to those who get it.  It holds an offset and a digest of the edition: in another
one the same offset would repeat items or leave some out.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from functools import lru_cache
from typing import Final

from serving.errors import ApiProblemError, invalid_request

__all__ = ["MAX_CURSOR_LENGTH", "MAX_OFFSET", "decode_cursor", "encode_cursor"]

MAX_CURSOR_LENGTH: Final = 64
MAX_OFFSET: Final = 2**31 - 1
_DIGEST_BYTES: Final = 8
_OFFSET_BYTES: Final = 4


def encode_cursor(edition: str, offset: int) -> str:
    """Cursor of the place after the first ``offset`` items of a list of an edition."""
    raw = _digest(edition) + offset.to_bytes(_OFFSET_BYTES, "big")
    return base64.urlsafe_b64encode(raw).decode()  # 12 bytes: no padding


def decode_cursor(edition: str, cursor: str | None) -> int:
    """How many items come before; 0 without a cursor.

    Raises
    ------
    ApiProblemError : 422, it is no cursor of ours; 409, it is one of another edition.
    """
    if cursor is None:
        return 0
    try:
        raw = base64.b64decode(cursor.encode(), altchars=b"-_", validate=True)
    except (ValueError, binascii.Error):
        raw = b""
    offset = int.from_bytes(raw[_DIGEST_BYTES:], "big")
    if len(raw) != _DIGEST_BYTES + _OFFSET_BYTES or offset > MAX_OFFSET:
        raise _unreadable(cursor)
    if raw[:_DIGEST_BYTES] != _digest(edition):
        raise ApiProblemError(
            409,
            "The list has been renewed since; ask again without a cursor.",
            kind="stale-cursor",
        )
    return offset


def _unreadable(cursor: str) -> ApiProblemError:
    detail = "is no cursor of this API: take next_cursor of an answer as it stands"
    return invalid_request("query", "cursor", detail, cursor[:MAX_CURSOR_LENGTH])


@lru_cache(maxsize=64)
def _digest(edition: str) -> bytes:
    return hashlib.blake2b(edition.encode(), digest_size=_DIGEST_BYTES).digest()
