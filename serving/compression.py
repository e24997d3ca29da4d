"""Answers compressed for clients that ask for gzip."""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from starlette.types import Message

__all__ = ["accepts_gzip", "compressed"]

_WORTH_BYTES: Final = 1024
_LEVEL: Final = 1
_GZIP_WINDOW: Final = 31
_TEXT: Final = re.compile(
    rb"text/.+|(?:application|image)/(?:[^;]+\+)?(?:json|xml|javascript)", re.IGNORECASE
)
_NO: Final = re.compile(r"q=0(?:\.0{0,3})?")


@lru_cache(maxsize=256)
def accepts_gzip(accept_encoding: bytes) -> bool:
    """Whether an Accept-Encoding has gzip, or anything, and not at ``q=0``."""
    weights = {}
    for part in accept_encoding.decode("latin-1").lower().split(","):
        coding, _, weight = part.partition(";")
        weights[coding.strip()] = not _NO.fullmatch(weight.strip())
    return weights.get("gzip", weights.get("*", False))


def compressed(start: Message, body: bytes) -> tuple[Message, bytes]:
    """Head and body of a whole answer, compressed where that is worth it.

    What is no text, such as a picture, is packed already.

    A compressed answer's ETag is weak: its bytes are not those that the strong one names.
    """
    headers: list[tuple[bytes, bytes]] = list(start["headers"])
    if len(body) < _WORTH_BYTES or not _is_packable(dict(headers)):
        return start, body
    packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, _GZIP_WINDOW)
    packed = packer.compress(body) + packer.flush()
    changed = {b"content-length": b"%d" % len(packed)}
    kept = [
        (name, b"W/" + value if name == b"etag" else changed.get(name, value))
        for name, value in headers
    ]
    return {**start, "headers": [*kept, (b"content-encoding", b"gzip")]}, packed


def _is_packable(headers: Mapping[bytes, bytes]) -> bool:
    media_type = headers.get(b"content-type", b"").partition(b";")[0].strip()
    return b"content-encoding" not in headers and bool(_TEXT.fullmatch(media_type))
