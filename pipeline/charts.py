"""Charts of a snapshot as SVG text, each with a title and its content in words.

The same figures give the same bytes: no date, salted ids, no state shared with `pyplot`.
Text stays text, so that the charts are small and can be searched.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import polars as pl
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter, PercentFormatter

from pipeline.snapshot.contents import Chart

__all__ = ["draw_charts"]

_SIZE_INCHES: Final = (7.2, 4.0)
_STYLE: Final[dict[Any, Any]] = {
    "svg.hashsalt": "likewise",
    "svg.fonttype": "none",
    "text.parse_math": False,
    "font.family": "sans-serif",
    "font.size": 11.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "grid.color": "#e3e3e3",
}
# Okabe & Ito 2008: told apart with colour-blind eyes.
_BLUE: Final = "#0072b2"
_ORANGE: Final = "#d55e00"
_WHOLE: Final = "{x:,.0f}"
_K: Final = 10
_MONTHS_FOR_LABELS: Final = 12


def draw_charts(
    likes: pl.DataFrame, evaluation: pl.DataFrame, models: pl.DataFrame
) -> Sequence[Chart]:
    """Every chart that the figures allow, in the order in which they are shown.

    Parameters
    ----------
    likes : curated likes; without a known time there is no chart by month.
    evaluation : columns of the snapshot table; without rows there are no charts of quality.
    models : columns of the snapshot table: labels and order.
    """
    with rc_context(_STYLE):
        charts = [_popularity_chart(likes), _likes_per_person_chart(likes)]
        if likes.get_column("liked_at").count():
            charts.append(_likes_by_month_chart(likes))
        if not _at_k(evaluation, models, "NDCG").is_empty():
            charts.append(_accuracy_chart(evaluation, models))
            if not _at_k(evaluation, models, "coverage").is_empty():
                charts.append(_coverage_chart(evaluation, models))
    return charts


def _popularity_chart(likes: pl.DataFrame) -> Chart:
    """Likes of each item by its rank, both axes logarithmic."""
    counts = _counts(likes, "item_id")
    figure, axes = _axes("Rank of the item", "Likes")
    axes.plot(np.arange(1, len(counts) + 1), counts, color=_BLUE, linewidth=2)
    _logarithmic(axes)
    tenth = max(1, len(counts) // 10)
    share = counts[:tenth].sum() / counts.sum()
    words = (
        f"{len(counts):,} liked items by rank: the first has {counts[0]:,} likes, the middle one "
        f"{counts[len(counts) // 2]:,}. The most liked tenth holds {share:.0%} of all likes."
    )
    return _chart("popularity", "Few items have most of the likes", words, figure)


def _likes_per_person_chart(likes: pl.DataFrame) -> Chart:
    """How many people like how many items, both axes logarithmic."""
    counts = _counts(likes, "user_id")
    bins = np.unique(np.geomspace(1, counts[0] + 1, 24).astype(int))
    figure, axes = _axes("Likes of a person", "People")
    axes.hist(counts, bins=bins.tolist(), color=_BLUE, edgecolor="white")
    _logarithmic(axes)
    words = (
        f"{len(counts):,} people by their number of likes: half of them have "
        f"{int(np.median(counts)):,} or fewer, the most active one {counts[0]:,}."
    )
    return _chart("likes_per_person", "Likes of each person", words, figure)


def _likes_by_month_chart(likes: pl.DataFrame) -> Chart:
    """Likes of each month, of those whose time is known."""
    months = (
        likes.select(pl.col("liked_at").drop_nulls().dt.truncate("1mo").alias("month"))
        .group_by("month")
        .len("likes")
        .sort("month")
        .upsample("month", every="1mo")
        .with_columns(pl.col("likes").fill_null(0))
    )
    labels = months.get_column("month").dt.strftime("%Y-%m").to_list()
    values = months.get_column("likes").to_numpy()
    figure, axes = _axes("Month (UTC)", "Likes")
    axes.bar(np.arange(len(values)), values, color=_BLUE)
    axes.yaxis.set_major_formatter(_WHOLE)
    step = -(-len(labels) // _MONTHS_FOR_LABELS)
    axes.set_xticks(np.arange(0, len(labels), step), labels[::step], rotation=45, ha="right")
    words = (
        f"{values.sum():,} likes with a known time, from {labels[0]} to {labels[-1]}; "
        f"most in {labels[int(values.argmax())]}: {values.max():,}."
    )
    return _chart("likes_by_month", "Likes by month", words, figure)


def _accuracy_chart(evaluation: pl.DataFrame, models: pl.DataFrame) -> Chart:
    """NDCG@10 of each model with its 95 % interval."""
    rows = _at_k(evaluation, models, "NDCG")
    means = rows.get_column("mean").to_numpy()
    low = rows.get_column("low").fill_null(rows.get_column("mean")).to_numpy()
    high = rows.get_column("high").fill_null(rows.get_column("mean")).to_numpy()
    places = np.arange(len(means))[::-1]
    figure, axes = _axes(f"NDCG@{_K}, with its 95 % interval", None)
    axes.barh(places, means, color=_BLUE, height=0.6)
    spans = np.maximum(np.vstack([means - low, high - means]), 0.0)  # (2, n_models)
    axes.errorbar(means, places, xerr=spans, fmt="none", ecolor=_ORANGE, capsize=4)
    axes.set_yticks(places, rows.get_column("label").to_list())
    axes.set_xlim(left=0)
    parts = [
        f"{row['label']} {row['mean']:.3f}"
        + (f" ({row['low']:.3f} to {row['high']:.3f})" if row["low"] is not None else "")
        for row in rows.iter_rows(named=True)
    ]
    words = f"NDCG@{_K} on held-out likes, by model: {', '.join(parts)}."
    return _chart("accuracy", "How well held-out likes are found", words, figure)


def _coverage_chart(evaluation: pl.DataFrame, models: pl.DataFrame) -> Chart:
    """NDCG@10 of each model against the share of the catalogue that it recommends."""
    accuracy = _at_k(evaluation, models, "NDCG")
    coverage = _at_k(evaluation, models, "coverage").select("model", pl.col("mean").alias("share"))
    rows = accuracy.join(coverage, on="model", maintain_order="left")
    figure, axes = _axes(f"Share of the catalogue in some list of {_K}", f"NDCG@{_K}")
    axes.scatter(rows.get_column("share"), rows.get_column("mean"), s=60, color=_BLUE)
    axes.xaxis.set_major_formatter(PercentFormatter(1.0))
    axes.margins(0.2)
    for row in rows.iter_rows(named=True):
        axes.annotate(
            row["label"], (row["share"], row["mean"]), xytext=(7, 5), textcoords="offset points"
        )
    parts = [
        f"{row['label']} shows {row['share']:.1%} of the catalogue at NDCG@{_K} {row['mean']:.3f}"
        for row in rows.iter_rows(named=True)
    ]
    return _chart("coverage", "Accuracy and breadth of each model", f"{'; '.join(parts)}.", figure)


def _at_k(evaluation: pl.DataFrame, models: pl.DataFrame, metric: str) -> pl.DataFrame:
    """Rows of a metric at k = 10 with the model's label, in the order of models."""
    names = models.select("model", "label", "position").sort("position")
    rows = evaluation.filter((pl.col("metric") == metric) & (pl.col("k") == _K))
    return names.join(rows, on="model", maintain_order="left")


def _counts(likes: pl.DataFrame, column: str) -> np.ndarray[tuple[int], np.dtype[np.uint32]]:
    """Likes of each value of the column, most first."""
    return likes.group_by(column).len("likes").get_column("likes").sort(descending=True).to_numpy()


def _axes(x_label: str, y_label: str | None) -> tuple[Figure, Axes]:
    figure = Figure(figsize=_SIZE_INCHES, layout="constrained")
    axes = figure.add_subplot()
    axes.set_xlabel(x_label)
    axes.set_ylabel(y_label or "")
    return figure, axes


def _logarithmic(axes: Axes) -> None:
    """Both axes logarithmic, with whole numbers for people."""
    axes.set_xscale("log")
    axes.set_yscale("log")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(_WHOLE)
        axis.set_minor_formatter(NullFormatter())


def _chart(name: str, title: str, alternative: str, figure: Figure) -> Chart:
    text = io.StringIO()
    metadata = {"Date": None, "Title": title, "Description": alternative}
    figure.savefig(text, format="svg", metadata=metadata)
    svg = text.getvalue()
    return Chart(name, title, alternative, svg[svg.index("<svg") :])
