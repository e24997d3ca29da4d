"""Contact sheets: numbered small pictures, to be looked at before they ship."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from PIL import Image, ImageDraw

__all__ = ["write_sheets"]

_COLUMNS: Final = 12
_ROWS: Final = 10
_TILE_PX: Final = 110
_LABEL_PX: Final = 14


def write_sheets(pictures: Mapping[str, bytes], folder: Path) -> int:
    """Number of sheets written; ``index.txt`` beside them gives the name of each number."""
    folder.mkdir(parents=True, exist_ok=True)
    names = list(pictures)
    index = "".join(f"{number} {name}\n" for number, name in enumerate(names))
    (folder / "index.txt").write_text(index, encoding="utf-8")
    starts = range(0, len(names), _COLUMNS * _ROWS)
    for sheet, start in enumerate(starts):
        shown = names[start : start + _COLUMNS * _ROWS]
        image = _sheet([pictures[name] for name in shown], start)
        image.save(folder / f"sheet-{sheet:02d}.png")
    return len(starts)


def _sheet(pictures: list[bytes], start: int) -> Image.Image:
    height = _TILE_PX + _LABEL_PX
    image = Image.new("RGB", (_COLUMNS * _TILE_PX, _ROWS * height), "white")
    draw = ImageDraw.Draw(image)
    for place, packed in enumerate(pictures):
        left, top = place % _COLUMNS * _TILE_PX, place // _COLUMNS * height
        with Image.open(io.BytesIO(packed)) as picture:
            small = picture.convert("RGB").resize((_TILE_PX, _TILE_PX))
        image.paste(small, (left, top + _LABEL_PX))
        draw.text((left + 2, top + 1), str(start + place), fill="red")
        draw.rectangle((left, top, left + _TILE_PX, top + height), outline="#dddddd")
    return image
