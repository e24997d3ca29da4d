"""Names of points in charts: none upon another, each beside its point or led to it by a line."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Final

from matplotlib.axes import Axes

__all__ = ["INK", "label_beside", "label_points"]

INK: Final = "#4f4941"
_LABEL_GAP: Final = 0.085
"""Of the height of the axes: as much as a line of text takes."""


def label_points(axes: Axes, points: Sequence[tuple[float, float]], labels: Sequence[str]) -> None:
    """Labels at points that have room around them; those of all others stand beside the axes."""
    named: dict[tuple[float, float], list[str]] = {}
    for point, label in zip(points, labels, strict=True):
        named.setdefault(point, []).append(label)
    points, labels = list(named), ["\n".join(names) for names in named.values()]
    low, high = axes.get_ylim()
    left, right = axes.get_xlim()
    room = 0.7 * _LABEL_GAP * (high - low)
    crowded = []
    for place, (x, y) in enumerate(points):
        others = (other for n, (_, other) in enumerate(points) if n != place)
        if any(abs(other - y) < room for other in others):
            crowded.append(place)
            continue
        on_left = x > (left + right) / 2
        axes.annotate(
            labels[place],
            (x, y),
            xytext=(-8 if on_left else 8, 0),
            textcoords="offset points",
            ha="right" if on_left else "left",
            va="center",
        )
    if crowded:
        label_beside(axes, [points[n] for n in crowded], [labels[n] for n in crowded])


def label_beside(axes: Axes, points: Sequence[tuple[Any, Any]], labels: Sequence[str]) -> None:
    """Labels right of the axes at the height of their points, none upon another, with leaders."""
    low, high = axes.get_ylim()
    order = sorted(range(len(points)), key=lambda place: points[place][1])
    heights = [(points[place][1] - low) / (high - low) for place in order]
    n_lines = [labels[place].count("\n") + 1 for place in order]
    line = min(_LABEL_GAP, 1.0 / sum(n_lines))
    gaps = [line * (one + other) / 2 for one, other in pairwise(n_lines)]
    for here, gap in enumerate(gaps, 1):
        heights[here] = max(heights[here], heights[here - 1] + gap)
    heights[-1] = min(heights[-1], 1.0)
    for here, gap in reversed(list(enumerate(gaps))):
        heights[here] = min(heights[here], heights[here + 1] - gap)
    for place, height in zip(order, heights, strict=True):
        axes.annotate(
            labels[place],
            points[place],
            xytext=(1.03, height),
            textcoords="axes fraction",
            va="center",
            annotation_clip=False,
            arrowprops={
                "arrowstyle": "-",
                "color": INK,
                "linewidth": 0.5,
                "relpos": (0.0, 0.5),
            },
        )
