"""Charts of a snapshot as SVG text, each with a title and its content in words.

The same figures give the same bytes: no date, salted ids, no state shared with `pyplot`.
Text stays text, so that the charts are small and can be searched.  Their ground is clear, and
where the reader's system is dark they change colours by a media query of their own.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import polars as pl
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.dates import ConciseDateFormatter
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter, PercentFormatter

from pipeline.chart_labels import INK, label_beside, label_points
from pipeline.snapshot.contents import Chart

__all__ = ["draw_charts"]

_SIZE_INCHES: Final = (5.2, 3.7)
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
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "savefig.facecolor": "none",
    "grid.color": "#e2ddd4",
    **dict.fromkeys(("text.color", "axes.labelcolor", "xtick.color", "ytick.color"), INK),
    "axes.edgecolor": INK,
}
# Okabe & Ito 2008: told apart with colour-blind eyes.
_BLUE: Final = "#0072b2"
_ORANGE: Final = "#d55e00"
_PALE: Final = "#8fc1de"
_SERIES: Final = (_BLUE, _ORANGE, "#009e73", "#cc79a7", "#b58900", "#56b4e9")
_DARK: Final = {
    INK: "#d5cdc3",
    "#e2ddd4": "#3d3832",
    _BLUE: "#6cc0f0",
    _PALE: "#3f7da3",
    _ORANGE: "#ff9a5a",
    "#009e73": "#4fd1ab",
    "#cc79a7": "#eaa3cb",
    "#b58900": "#e6c34a",
    "#56b4e9": "#9bd6f7",
}
"""Colours that take the place of the light ones on a dark ground."""
_HITS: Final = "Hits near the top"
_WHOLE: Final = "{x:,.0f}"
_K: Final = 10
_TENFOLD: Final = "On both axes each marked step is ten times the one before."
_MONTHS_FOR_LABELS: Final = 12


def draw_charts(
    likes: pl.DataFrame,
    evaluation: pl.DataFrame,
    models: pl.DataFrame,
    history: pl.DataFrame | None = None,
) -> Sequence[Chart]:
    """Every chart that the figures allow, in the order in which they are shown.

    Parameters
    ----------
    likes : curated likes; without a known time there is no chart by month.
    evaluation : columns of the snapshot table; without rows there are no charts of quality.
    models : columns of the snapshot table: labels and order.
    history : ``evaluation_history`` of the snapshots before; without it nothing is told over time.
    """
    with rc_context(_STYLE):
        charts = [_popularity_chart(likes), _likes_per_person_chart(likes)]
        if likes.get_column("liked_at").count():
            charts.append(_likes_by_month_chart(likes))
        if not _at_k(evaluation, models, "NDCG").is_empty():
            charts.append(_accuracy_chart(evaluation, models))
            if not _at_k(evaluation, models, "coverage").is_empty():
                charts.append(_coverage_chart(evaluation, models))
            if history is not None and not history.is_empty():
                charts.append(_history_chart(evaluation, models, history))
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
        f"{counts[len(counts) // 2]:,}. The most liked tenth holds {share:.0%} of all likes. "
        f"{_TENFOLD}"
    )
    return _chart("popularity", "Few items have most of the likes", words, figure)


def _likes_per_person_chart(likes: pl.DataFrame) -> Chart:
    """How many people like how many items, both axes logarithmic."""
    counts = _counts(likes, "user_id")
    bins = np.unique(np.geomspace(1, counts[0] + 1, 24).astype(int))
    figure, axes = _axes("Likes of a person", "People")
    axes.hist(counts, bins=bins.tolist(), color=_BLUE, rwidth=0.92)
    _logarithmic(axes)
    words = (
        f"{len(counts):,} people by their number of likes: half of them have "
        f"{int(np.median(counts)):,} or fewer, the most active one {counts[0]:,}. {_TENFOLD}"
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
    rows = _at_k(evaluation, models, "NDCG").sort("mean", descending=True, nulls_last=True)
    means = rows.get_column("mean").to_numpy()
    low = rows.get_column("low").fill_null(rows.get_column("mean")).to_numpy()
    high = rows.get_column("high").fill_null(rows.get_column("mean")).to_numpy()
    places = np.arange(len(means))[::-1]
    figure, axes = _axes(f"{_HITS}, 95 % interval", None)
    axes.barh(places, means, color=_PALE, height=0.6)
    spans = np.maximum(np.vstack([means - low, high - means]), 0.0)  # (2, n_models)
    axes.errorbar(means, places, xerr=spans, fmt="none", color=INK, capsize=4)
    axes.set_yticks(places, rows.get_column("label").to_list())
    axes.set_xlim(left=0)
    parts = [
        f"{row['label']} {row['mean']:.3f}"
        + (f" ({row['low']:.3f} to {row['high']:.3f})" if row["low"] is not None else "")
        for row in rows.iter_rows(named=True)
    ]
    words = f"How near the top hidden likes come (NDCG@{_K}), by algorithm: {', '.join(parts)}."
    return _chart("accuracy", "How well hidden likes are found", words, figure)


def _coverage_chart(evaluation: pl.DataFrame, models: pl.DataFrame) -> Chart:
    """NDCG@10 of each model against the share of the catalogue that it recommends."""
    accuracy = _at_k(evaluation, models, "NDCG")
    coverage = _at_k(evaluation, models, "coverage").select("model", pl.col("mean").alias("share"))
    rows = accuracy.join(coverage, on="model", maintain_order="left")
    figure, axes = _axes("Share of items shown", _HITS)
    axes.scatter(rows.get_column("share"), rows.get_column("mean"), s=60, color=_BLUE)
    axes.xaxis.set_major_formatter(PercentFormatter(1.0))
    axes.margins(0.1)
    label_points(axes, rows.select("share", "mean").rows(), rows.get_column("label").to_list())
    parts = [
        f"{row['label']} shows {row['share']:.1%} of the catalogue at NDCG@{_K} {row['mean']:.3f}"
        for row in rows.iter_rows(named=True)
    ]
    return _chart(
        "coverage", "Accuracy and breadth of each algorithm", f"{'; '.join(parts)}.", figure
    )


def _history_chart(evaluation: pl.DataFrame, models: pl.DataFrame, history: pl.DataFrame) -> Chart:
    """NDCG@10 of each model that is published now, over the snapshots that were evaluated."""
    columns = ("model", "metric", "k", "mean", "evaluated_at")
    every = pl.concat([history.select(columns), evaluation.select(columns)]).unique()
    rows = _at_k(every, models, "NDCG").drop_nulls("mean").sort("position", "evaluated_at")
    figure, axes = _axes(None, _HITS)
    ends, labels = [], []
    for place, (_, line) in enumerate(rows.group_by("model", maintain_order=True)):
        times, means = line.get_column("evaluated_at"), line.get_column("mean")
        axes.plot(times, means, color=_SERIES[place % len(_SERIES)], marker="o", linewidth=2)
        ends.append((times[-1], means[-1]))
        labels.append(line.get_column("label")[0])
    dates = ConciseDateFormatter(axes.xaxis.get_major_locator())  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_formatter(dates)
    label_beside(axes, ends, labels)
    moments = rows.get_column("evaluated_at").unique().sort()
    best = rows.filter(pl.col("evaluated_at") == moments[-1]).sort("mean", descending=True)
    words = (
        f"NDCG@{_K} of each model in {len(moments)} evaluations, {moments[0]:%Y-%m-%d} to "
        f"{moments[-1]:%Y-%m-%d}. In the newest one {best['label'][0]} leads "
        f"with {best['mean'][0]:.3f}."
    )
    return _chart("history", "How the algorithms did over time", words, figure)


def _at_k(evaluation: pl.DataFrame, models: pl.DataFrame, metric: str) -> pl.DataFrame:
    """Rows of a metric at k = 10 with the model's label, in the order of models."""
    names = models.select("model", "label", "position").sort("position")
    rows = evaluation.filter((pl.col("metric") == metric) & (pl.col("k") == _K))
    return names.join(rows, on="model", maintain_order="left")


def _counts(likes: pl.DataFrame, column: str) -> np.ndarray[tuple[int], np.dtype[np.uint32]]:
    """Likes of each value of the column, most first."""
    return likes.group_by(column).len("likes").get_column("likes").sort(descending=True).to_numpy()


def _axes(x_label: str | None, y_label: str | None) -> tuple[Figure, Axes]:
    figure = Figure(figsize=_SIZE_INCHES, layout="constrained")
    axes = figure.add_subplot()
    axes.set_xlabel(x_label or "")
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
    head, end, body = svg[svg.index("<svg") :].partition("<defs>")
    return Chart(name, title, alternative, f"{head}<style>{_dark_style()}</style>{end}{body}")


def _dark_style() -> str:
    """Rules that win over the attributes that matplotlib writes, by the colours in these."""
    rules = (
        f'[style*="{what}: {light}"]{{{what}:{dark} !important}}'
        for light, dark in _DARK.items()
        for what in ("fill", "stroke")
    )
    return f"@media (prefers-color-scheme: dark){{{''.join(rules)}}}"
