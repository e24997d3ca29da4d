"""What is wrong with finished pictures: near blank, too dark, or two that look the same."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

__all__ = ["look_alikes", "unreadable"]

_GRID: Final = 16
_LEAST_INK: Final = 0.02
_DARKEST: Final = 60
_SAME_EDGES: Final = 28  # of 256 bits
_SAME_COLOURS: Final = 5.0  # mean difference of 8 x 8 patches, of 255


def unreadable(pictures: Mapping[str, bytes]) -> list[str]:
    """One sentence for each picture with too little ink, or so dark that nothing is seen."""
    faults = []
    for name, packed in pictures.items():
        pixels = np.asarray(_opened(packed), dtype=np.float32)
        ink = float((pixels.min(axis=2) < 245).mean())  # noqa: PLR2004 - nearly white
        if ink < _LEAST_INK:
            faults.append(f"{name}: ink on {ink:.1%} of it, at least {_LEAST_INK:.0%} is due")
        if pixels.mean() < _DARKEST:
            faults.append(
                f"{name}: mean brightness {pixels.mean():.0f}, at least {_DARKEST} is due"
            )
    return faults


def look_alikes(pictures: Mapping[str, bytes]) -> list[tuple[str, str]]:
    """Pairs of names whose pictures agree in edges (difference hash) and in rough colours."""
    names = list(pictures)
    if not names:
        return []
    images = [_opened(packed) for packed in pictures.values()]
    edges = np.stack([_edges(image) for image in images])
    patches = np.stack([_patches(image) for image in images])
    pairs = []
    for first in range(len(names)):
        differing = (edges[first + 1 :] != edges[first]).sum(axis=1)
        apart = np.abs(patches[first + 1 :] - patches[first]).mean(axis=1)
        same = np.flatnonzero((differing < _SAME_EDGES) & (apart < _SAME_COLOURS))
        pairs += [(names[first], names[first + 1 + int(other)]) for other in same]
    return pairs


def _opened(packed: bytes) -> Image.Image:
    with Image.open(io.BytesIO(packed)) as image:
        return image.convert("RGB")


def _edges(image: Image.Image) -> NDArray[np.bool_]:
    grey = image.convert("L").resize((_GRID + 1, _GRID), Image.Resampling.LANCZOS)
    values = np.asarray(grey, dtype=np.int16)
    return (values[:, 1:] > values[:, :-1]).ravel()


def _patches(image: Image.Image) -> NDArray[np.float32]:
    return np.asarray(image.resize((8, 8), Image.Resampling.BOX), dtype=np.float32).ravel()
