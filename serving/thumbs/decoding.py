"""Pictures made small in a process that has no rights; what comes back is a small WebP."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from serving.errors import PictureRefusedError

__all__ = ["SIZES", "is_webp", "webp_of"]

SIZES: Final = (64, 320, 640)
"""Pixels of the longer side that there are, ascending."""

_DECODER: Final = Path(__file__).with_name("decoder.py")
_LONGEST_S: Final = 8.0
_MOST_BYTES: Final = 2**20
_WHY: Final = {
    10: "it is no GIF, JPEG, PNG or WebP",
    11: "it has more than 40 million pixels",
    12: "it is damaged",
    13: "it takes more memory than a picture may",
}


def webp_of(picture: bytes, size: int) -> bytes:
    """WebP of a picture within a square of ``size`` pixels, never enlarged, without metadata.

    Raises
    ------
    PictureRefusedError : it is none that is taken, is damaged, or takes too much.
    """
    command = [sys.executable, "-I", str(_DECODER), str(size)]
    # Files, not pipes: the limit of what a process may write holds for files alone.
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as made:
        given.write(picture)
        given.seek(0)
        try:
            done = subprocess.run(
                command,
                stdin=given,
                stdout=made,
                stderr=subprocess.DEVNULL,
                cwd="/",
                env={},
                timeout=_LONGEST_S,
                check=False,
            )
        except subprocess.TimeoutExpired as err:
            raise PictureRefusedError("it takes too long to decode") from err
        if done.returncode:
            raise PictureRefusedError(_WHY.get(done.returncode, "its decoder was stopped"))
        made.seek(0)
        small = made.read(_MOST_BYTES + 1)
    if not is_webp(small):
        raise PictureRefusedError("what was made of it is no WebP")
    return small


def is_webp(made: bytes) -> bool:
    """Whether bytes are one WebP file and nothing after it."""
    whole = len(made) <= _MOST_BYTES and len(made) == int.from_bytes(made[4:8], "little") + 8
    return whole and made[:4] == b"RIFF" and made[8:12] == b"WEBP"
