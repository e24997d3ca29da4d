"""Bodies far larger than they look, made without ever holding one in memory."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

__all__ = ["BOMB_BYTES", "HUGE_BYTES", "gzip_bomb", "huge_body"]

BOMB_BYTES: Final = 1 << 30
"""What the gzip bomb unpacks to, before the page itself."""
HUGE_BYTES: Final = 500 * 1024 * 1024
_PIECE: Final = b" " * (1 << 20)  # blanks: what follows them is still good JSON
_GZIP_HEAD: Final = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff"
_RAW: Final = -zlib.MAX_WBITS


def gzip_bomb(page: bytes) -> bytes:
    """About 1 MB of gzip that unpacks to `BOMB_BYTES` of blanks and the page."""
    blanks, crc = _packed_blanks()
    packer = zlib.compressobj(9, zlib.DEFLATED, _RAW)
    tail = packer.compress(page) + packer.flush(zlib.Z_FINISH)
    crc, size = zlib.crc32(page, crc), BOMB_BYTES + len(page)
    ends = crc.to_bytes(4, "little") + (size % 2**32).to_bytes(4, "little")
    return _GZIP_HEAD + blanks + tail + ends


def huge_body(page: bytes) -> Iterator[bytes]:
    """`HUGE_BYTES` of blanks in pieces, then the page."""
    for _ in range(HUGE_BYTES // len(_PIECE)):
        yield _PIECE
    yield page


@lru_cache(maxsize=1)
def _packed_blanks() -> tuple[bytes, int]:
    """Deflated blanks that other blocks may follow, and their checksum.

    A full flush forgets what came before, so a packed piece may stand again and again.
    """
    packer = zlib.compressobj(9, zlib.DEFLATED, _RAW)
    piece = packer.compress(_PIECE) + packer.flush(zlib.Z_FULL_FLUSH)
    times, crc = BOMB_BYTES // len(_PIECE), 0
    for _ in range(times):
        crc = zlib.crc32(_PIECE, crc)
    return piece * times, crc
