"""Makes one picture small: a program of its own, that can do nothing else once it has begun.

``python -I decoder.py SIZE < picture > small.webp``.  It imports what it needs, then takes its
own rights away, and only then reads the picture: it can open no file and no socket, and has
little memory and little time.  The exit code says what was wrong (see `serving.thumbs.decoding`).
"""

from __future__ import annotations

import io
import resource
import sys
import warnings
from typing import Final

from PIL import Image, ImageOps, UnidentifiedImageError

__all__ = ["FORMATS", "main"]

FORMATS: Final = ("GIF", "JPEG", "PNG", "WEBP")
PIXELS: Final = 40_000_000
NO_PICTURE, TOO_MANY_PIXELS, DAMAGED, TOO_MUCH = 10, 11, 12, 13
_MEMORY: Final = 768 * 2**20
_CPU_S: Final = 5
_WRITTEN: Final = 2**20
_QUALITY: Final = 80
_ORIENTATION: Final = 0x0112


def warm_up() -> None:
    """Make pictures of each format small, so that all that Pillow imports on the way is there."""
    told = Image.Exif()
    told[_ORIENTATION] = 6
    for form in FORMATS:
        picture = io.BytesIO()
        mode = "P" if form in {"GIF", "PNG"} else "RGB"
        Image.new(mode, (2, 1)).save(picture, form, exif=told, transparency=0)
        smaller(picture.getvalue(), 1)


def limit() -> None:
    """Take away all rights that making a picture small does not need; for good."""
    for right, most in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_CPU, _CPU_S),
        (resource.RLIMIT_FSIZE, _WRITTEN),
        (resource.RLIMIT_AS, _MEMORY),
        (resource.RLIMIT_NOFILE, 3),
    ):
        _, hard = resource.getrlimit(right)
        most_allowed = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(right, (most_allowed, most_allowed))


def smaller(picture: bytes, size: int) -> bytes:
    """WebP of the first frame, upright and within a square of ``size`` pixels, without metadata.

    Raises
    ------
    UnidentifiedImageError : it is none of the `FORMATS`.
    Image.DecompressionBombWarning, Image.DecompressionBombError : it has too many pixels.
    OSError, SyntaxError, ValueError : it is damaged.
    """
    with Image.open(io.BytesIO(picture), formats=FORMATS) as opened:
        image: Image.Image = opened
        if image.mode in {"P", "PA", "LA", "1"}:
            image = image.convert("RGBA")
        image.thumbnail((size, size), Image.Resampling.LANCZOS, reducing_gap=2.0)
        image = ImageOps.exif_transpose(image)
        image = image.convert("RGBA" if image.has_transparency_data else "RGB")
    made = io.BytesIO()
    image.save(made, "WEBP", quality=_QUALITY, method=4, exif=b"", icc_profile=b"", xmp=b"")
    return made.getvalue()


def main(arguments: list[str]) -> int:
    """Exit code; the small picture goes to the standard output."""
    Image.MAX_IMAGE_PIXELS = PIXELS
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    warm_up()
    limit()
    try:
        made = smaller(sys.stdin.buffer.read(), int(arguments[0]))
    except UnidentifiedImageError:
        return NO_PICTURE
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        return TOO_MANY_PIXELS
    except MemoryError:
        return TOO_MUCH
    except Exception:
        return DAMAGED
    sys.stdout.buffer.write(made)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
