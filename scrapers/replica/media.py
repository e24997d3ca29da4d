"""Pictures of a world's items in the sizes of a site, or drawn placeholders.

A world's picture is the file that ``thumbnail_url`` names inside the world's folder, else
``thumbnails/<item_id>.webp``.
"""

from __future__ import annotations

import hashlib
import html
import io
from functools import lru_cache
from pathlib import Path
from typing import Final

from PIL import Image

from scrapers.replica.world import Item

__all__ = ["Pictures", "placeholder"]

_WEBP_QUALITY: Final = 80
_MAX_CACHED: Final = 4096  # pictures of about 6 kB: 25 MB at most
_INITIALS: Final = 2


class Pictures:
    """Pictures of the items of one world, resized when first asked for."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()
        self._resized = lru_cache(maxsize=_MAX_CACHED)(_resized)

    def path(self, item: Item) -> Path | None:
        """File of an item's picture inside the world's folder; None without one."""
        named = item.thumbnail_url or f"thumbnails/{item.item_id}.webp"
        try:
            path = (self._folder / named).resolve()
            inside = path.is_relative_to(self._folder) and path.is_file()
        except (OSError, ValueError):  # a name that no file can have
            return None
        return path if inside else None

    def dimensions(self, item: Item, sizes: tuple[int, ...]) -> list[tuple[int, int]]:
        """Width and height in pixels of the item's picture, fitted into a square of each size.

        Pictures are never enlarged; a placeholder is square.
        """
        path = self.path(item)
        if path is None:
            return [(size, size) for size in sizes]
        with Image.open(path) as image:
            return [_fitted(image.size, size) for size in sizes]

    def webp(self, item: Item, size: int) -> bytes | None:
        """The item's picture as WebP within `size` pixels; None without a picture."""
        path = self.path(item)
        return None if path is None else self._resized(path, size)


def placeholder(item: Item) -> bytes:
    """SVG with the initials of the item's title on a colour that its id gives."""
    digest = hashlib.sha256(item.item_id.encode()).digest()
    hue, turn = digest[0] * 360 // 256, digest[1] * 360 // 256
    words = [word for word in item.title.split() if word[0].isalnum()]
    initials = html.escape("".join(word[0] for word in words[:_INITIALS]).upper() or "?")
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 320 320" width="320" height="320">'
        f'<rect width="320" height="320" fill="hsl({hue} 45% 38%)"/>'
        f'<g fill="hsl({hue} 55% 48%)" transform="rotate({turn} 160 160)">'
        '<circle cx="250" cy="70" r="120"/><rect x="20" y="190" width="150" height="150" rx="30"/>'
        '</g><text x="160" y="172" fill="#fff" font-family="sans-serif" font-size="112" '
        f'font-weight="600" text-anchor="middle" dominant-baseline="middle">{initials}</text>'
        "</svg>"
    ).encode()


def _fitted(dimensions: tuple[int, int], size: int) -> tuple[int, int]:
    width, height = dimensions
    scale = min(1.0, size / max(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))


def _resized(path: Path, size: int) -> bytes:
    with Image.open(path) as image:
        fitted = _fitted(image.size, size)
        if fitted == image.size and image.format == "WEBP":
            return path.read_bytes()
        smaller = image.convert("RGBA").resize(fitted, Image.Resampling.LANCZOS)
    out = io.BytesIO()
    smaller.save(out, "WEBP", quality=_WEBP_QUALITY)
    return out.getvalue()
