"""Pictures of drawings: SVG to a square WebP on white, fitted whole with an even margin."""

from __future__ import annotations

import io
import subprocess
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageChops

from scrapers.replica.drawings.errors import DrawingsError

__all__ = ["Picture", "render"]

_TIMEOUT_S = 60
_LARGEST_PX = 3000
_WHITE = (255, 255, 255)
_INK = 10  # difference to white that counts as drawn


@dataclass(frozen=True)
class Picture:
    """How a picture is made.

    Parameters
    ----------
    side_px : side of the square.
    margin : white on each side, as a share of the side.
    quality : of WebP, 1 to 100.
    """

    side_px: int = 320
    margin: float = 0.06
    quality: int = 88

    def __post_init__(self) -> None:
        if not (16 <= self.side_px <= 1024 and 0 <= self.margin < 0.4 and 1 <= self.quality <= 100):  # noqa: PLR2004
            raise ValueError(f"{self}: side_px 16 to 1024, margin 0 to 0.4, quality 1 to 100")

    @property
    def inner_px(self) -> int:
        """Side of the square that the drawing fills."""
        return round(self.side_px * (1 - 2 * self.margin))


def render(svg: Path, picture: Picture) -> bytes:
    """WebP of a drawing.

    Raises
    ------
    DrawingsError : ``rsvg-convert`` is missing or refuses the file, or nothing is drawn.
    """
    twice = 2 * picture.inner_px
    page, box = _drawn(svg, twice)
    extent = max(box[2] - box[0], box[3] - box[1])
    if extent < twice * 0.9:  # a small drawing on a large page: again, larger
        page, box = _drawn(svg, min(round(twice * twice / extent), _LARGEST_PX))
    drawing = page.crop(box)
    scale = picture.inner_px / max(drawing.size)
    size = (max(1, round(drawing.width * scale)), max(1, round(drawing.height * scale)))
    ground = Image.new("RGB", (picture.side_px, picture.side_px), _WHITE)
    corner = ((picture.side_px - size[0]) // 2, (picture.side_px - size[1]) // 2)
    ground.paste(drawing.resize(size, Image.Resampling.LANCZOS), corner)
    packed = io.BytesIO()
    ground.save(packed, "WEBP", quality=picture.quality, method=6)
    return packed.getvalue()


def _drawn(svg: Path, side_px: int) -> tuple[Image.Image, tuple[int, int, int, int]]:
    """Page of a drawing on white, and the box of what is drawn on it."""
    size = str(side_px)
    command = ["rsvg-convert", "--keep-aspect-ratio", "-w", size, "-h", size, "--", str(svg)]
    try:
        done = subprocess.run(command, capture_output=True, timeout=_TIMEOUT_S, check=True)
    except FileNotFoundError as err:
        raise DrawingsError("rsvg-convert is missing:", ["install librsvg2-bin"]) from err
    except subprocess.SubprocessError as err:
        raise DrawingsError("A drawing cannot be rendered:", [f"{svg}: {err}"]) from err
    with Image.open(io.BytesIO(done.stdout)) as image:
        layer = image.convert("RGBA")
    page = Image.new("RGBA", layer.size, (*_WHITE, 255))
    page.alpha_composite(layer)
    flat = page.convert("RGB")
    ink = ImageChops.difference(flat, Image.new("RGB", flat.size, _WHITE)).convert("L")
    box = ink.point(lambda value: 255 if value > _INK else 0).getbbox()
    if box is None:
        raise DrawingsError("A drawing cannot be rendered:", [f"{svg}: nothing is drawn"])
    return flat, box
