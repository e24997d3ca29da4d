"""The search for parameters as a picture: every trial, and the best so far of each model."""

from __future__ import annotations

import dagster as dg
import polars as pl
from matplotlib.figure import Figure

from pipeline.assets.metadata import picture

__all__ = ["trial_plot"]


def trial_plot(trials: pl.DataFrame) -> dg.MarkdownMetadataValue:
    """NDCG@20 of each trial over the seconds of the search, one colour a model and kind of items.

    Parameters
    ----------
    trials : columns of `pipeline.tuning.trials.TRIAL_SCHEMA`.
    """
    figure = Figure(figsize=(8, 4), layout="constrained")
    axes = figure.subplots()
    kinds = ("model", "ranked")
    for (model, ranked), rows in trials.sort("elapsed_s").group_by(kinds, maintain_order=True):
        seconds, scores = rows["elapsed_s"].to_numpy(), rows["ndcg_at_20"]
        label = f"{model}, {ranked}"
        (line,) = axes.step(seconds, scores.cum_max().to_numpy(), where="post", label=label)
        axes.scatter(seconds, scores.to_numpy(), s=10, alpha=0.5, color=line.get_color())
    axes.set(xlabel="Seconds of the search", ylabel="NDCG@20 on validation likes")
    axes.grid(visible=True, alpha=0.3)
    if len(trials):
        axes.legend(loc="lower right", fontsize="small")
    return picture(figure, "Trials of each model, and its best so far")
