"""What an evaluation has found, in figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from pipeline.evaluation.comparing import Difference, Overlap
from pipeline.evaluation.intervals import Estimate, Interval
from pipeline.evaluation.judging import EVERYBODY, Key
from pipeline.evaluation.shift import Shift
from pipeline.evaluation.slices import Slice
from pipeline.recommenders.base import Recommender

__all__ = ["Evaluation", "Figure", "ModelFigures", "SliceFigure"]


@dataclass(frozen=True, slots=True)
class Figure:
    """One metric at one k; the list-wide ones have no interval (NaN)."""

    metric: str
    k: int
    interval: Interval


@dataclass(frozen=True, slots=True)
class SliceFigure:
    """One metric at one k over a slice: some of the items or of the users."""

    slice: str
    metric: str
    k: int
    interval: Interval
    n_users: int


@dataclass(frozen=True, slots=True, eq=False)
class ModelFigures:
    """A model as it was chosen, and its figures.

    Attributes
    ----------
    estimates : means over users, of everybody and of each slice.
    list_wide : value of each metric of all lists together, by its name and k.
    """

    model: Recommender
    estimates: Mapping[Key, Estimate]
    list_wide: Mapping[tuple[str, int], float]

    @property
    def figures(self) -> tuple[Figure, ...]:
        """Every metric over everybody, then the list-wide ones."""
        own = [
            Figure(key.metric, key.k, found.interval)
            for key, found in self.estimates.items()
            if key.slice == EVERYBODY
        ]
        wide = [
            Figure(metric, k, Interval(value, np.nan, np.nan))
            for (metric, k), value in self.list_wide.items()
        ]
        return (*own, *wide)

    @property
    def slices(self) -> tuple[SliceFigure, ...]:
        """Every metric over each slice."""
        return tuple(
            SliceFigure(*key, found.interval, found.n_users)
            for key, found in self.estimates.items()
            if key.slice != EVERYBODY
        )

    def figure(self, metric: str, k: int) -> Interval:
        """Mean and interval of one metric over everybody.

        Raises
        ------
        KeyError : it was not computed.
        """
        if (metric, k) in self.list_wide:
            return Interval(self.list_wide[metric, k], np.nan, np.nan)
        return self.estimates[Key(EVERYBODY, metric, k)].interval


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Evaluation:
    """Figures of each model on one split, and the trials by which parameters were chosen.

    Attributes
    ----------
    published : the model that is published now, with its settings; None where none was given.
    shift : of popularity between what models know and the test part.
    slices : what was judged by itself, with its limits in words.
    differences : paired ones to popularity, to LightFM and to what is published.
    overlaps : how alike the lists of two models are.
    seen_left_in : lists may hold what their user is known to like; never so by default.
    notes : sentences for whoever reads the figures.
    """

    models: tuple[ModelFigures, ...]
    trials: pl.DataFrame
    n_users: int
    n_users_skipped: int
    split: str
    seed: int
    shift: Shift
    published: ModelFigures | None = None
    slices: tuple[Slice, ...] = ()
    differences: tuple[Difference, ...] = ()
    overlaps: tuple[Overlap, ...] = ()
    seen_left_in: bool = False
    notes: tuple[str, ...] = ()
