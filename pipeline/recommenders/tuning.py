"""Parameters chosen on a validation split, within a budget of time or of trials.

A trial is one setting scored by NDCG@10 on the validation likes.  One fit passes through many
settings (`Recommender.path`: 1, 2, 3, 5, ... epochs), so a learning rate costs one fit.  The
cost of each step is estimated from those before it, and a step that the budget cannot pay,
together with the final fit and its lists, is not started.  Test likes have no way in.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

import numpy as np
import polars as pl
from scipy.sparse import csr_matrix

from pipeline.dataset.matrix import Dataset
from pipeline.errors import FitError
from pipeline.evaluation.metrics import ndcg_at_k
from pipeline.recommenders.base import Fitted, IntArray, Recommender

__all__ = ["TRIAL_SCHEMA", "Budget", "Tuned", "has_choice", "tune"]

_K: Final = 10
_JUDGED_USERS: Final = 2000
_PATIENCE: Final = 2
_HOPELESS: Final = 0.9
_FIRST_JUDGED_PLACE: Final = 3
_FINAL_MARGIN: Final = 1.3  # the final fit has the validation likes too
_SLOW_DECAY: Final = 0.5  # a cost that was met is believed for a while

TRIAL_SCHEMA: Final = {
    "model": pl.String,
    "parameters": pl.String,
    "ndcg_at_10": pl.Float64,
    "n_users": pl.Int32,
    "elapsed_s": pl.Float64,
    "chosen": pl.Boolean,
}

M = TypeVar("M", bound=Recommender)


@dataclass(frozen=True, slots=True)
class Budget:
    """How much may be spent on one model; None is no limit.

    Attributes
    ----------
    seconds : for the trials, the final fit after them and everybody's lists.
    trials : settings that are scored.
    clock : seconds that rise; another one in tests.
    """

    seconds: float | None = 600.0
    trials: int | None = None
    clock: Callable[[], float] = time.monotonic


@dataclass(frozen=True, slots=True)
class Tuned(Generic[M]):
    """The setting that was best, and every trial as a row of `TRIAL_SCHEMA`.

    ``note`` says in words where the budget cut the choice short; else None.
    """

    model: M
    trials: pl.DataFrame
    note: str | None = None

    @classmethod
    def untried(cls, model: M) -> Tuned[M]:
        """A model with the parameters that it came with."""
        return cls(model, pl.DataFrame(schema=TRIAL_SCHEMA))


def has_choice(model: Recommender) -> bool:
    """Whether the algorithm has parameters that `tune` would choose."""
    return (model.path(), model.path()) != ((model,), (model,))


def tune(
    model: M,
    train: Dataset,
    validation: csr_matrix,
    *,
    seed: int = 0,
    threads: int = 1,
    budget: Budget | None = None,
) -> Tuned[M]:
    """The best setting of an algorithm for these likes.

    Parameters
    ----------
    model : settings to start from; what it does not vary by itself stays as it is.
    validation : shape of ``train.user_items``; a stored entry is a held-out like.

    Returns
    -------
    With one thread and a budget of trials alone, the same for the same seed.  An algorithm
    with nothing to choose comes back as it is, with no trials.
    """
    if not has_choice(model):
        return Tuned.untried(model)
    search = _Search(model, train, validation, seed, threads, budget or Budget())
    for settings in model.path():
        search.follow(settings)
    return search.result()


@dataclass(slots=True)
class _Search(Generic[M]):
    """Trials so far, what they cost and which was best."""

    model: M
    train: Dataset
    validation: csr_matrix
    seed: int
    threads: int
    budget: Budget
    rows: list[dict[str, object]] = field(default_factory=list)
    best: M | None = None
    best_score: float = -1.0
    best_path: dict[int, float] = field(default_factory=dict)
    judge_s: float = 0.0
    was_cut: bool = False
    started_at: float = field(init=False)
    effort_s: float = field(init=False)
    users: IntArray = field(init=False)

    def __post_init__(self) -> None:
        self.started_at = self.budget.clock()
        first = self.model.path()[0]
        self.effort_s = first.first_fit_s(self.train) / first.effort
        self.users = _judged_users(self.train.user_items, self.validation, self.seed)

    def follow(self, settings: M) -> None:
        """Score the settings that a fit passes through, while they get better."""
        fits = settings.fit_path(self.train, seed=self.seed, threads=self.threads)
        scores: dict[int, float] = {}
        spent = 0.0
        for place, step in enumerate(settings.path()):
            if not len(self.users) or not self._affords(step, step.effort - spent):
                self.was_cut = True
                return
            score = self._trial(step, fits, step.effort - spent)
            spent = step.effort
            if score is None:
                return
            scores[place] = score
            if self._is_over(scores, place):
                break
        if not self.best_path or max(scores.values()) >= self.best_score:
            self.best_path = scores

    def _affords(self, step: M, effort: float) -> bool:
        if self.budget.trials is not None and len(self.rows) >= self.budget.trials:
            return False
        if self.budget.seconds is None:
            return True
        final = max(step.effort, self.best.effort if self.best else 0.0) * _FINAL_MARGIN
        lists_s = self.judge_s * self.train.n_users / len(self.users)
        cost = self.judge_s + (effort + final) * self.effort_s + lists_s
        return self.budget.clock() - self.started_at + cost <= self.budget.seconds

    def _trial(self, step: M, fits: Iterator[Fitted], effort: float) -> float | None:
        """Score of one setting; None where its fit diverges."""
        before = self.budget.clock()
        try:
            fitted = next(fits)
        except FitError:
            return None
        fitted_at = self.budget.clock()
        score = self._score(fitted)
        self.judge_s = self.budget.clock() - fitted_at
        self.effort_s = max((fitted_at - before) / effort, self.effort_s * _SLOW_DECAY)
        self.rows.append(
            {
                "model": step.name,
                "parameters": json.dumps(step.parameters),
                "ndcg_at_10": score,
                "n_users": len(self.users),
                "elapsed_s": self.budget.clock() - self.started_at,
                "chosen": False,
            }
        )
        if score > self.best_score:
            self.best, self.best_score = step, score
            for row in self.rows:
                row["chosen"] = row is self.rows[-1]
        return score

    def _score(self, fitted: Fitted) -> float:
        lists = fitted.user_lists(self.users, _K, seen=self.train.user_items, threads=self.threads)
        return float(ndcg_at_k(lists.item_idxs, self.validation[self.users], _K).mean())

    def _is_over(self, scores: dict[int, float], place: int) -> bool:
        """Whether the fit has passed its best, or stays behind the best fit so far."""
        peak = max(scores, key=lambda at: scores[at])
        behind = scores[place] < _HOPELESS * self.best_path.get(place, 0.0)
        return place - peak >= _PATIENCE or (behind and place >= _FIRST_JUDGED_PLACE)

    def result(self) -> Tuned[M]:
        """The best setting, or what the budget can pay where nothing was tried."""
        trials = pl.DataFrame(self.rows, schema=TRIAL_SCHEMA)
        if not len(self.users):
            note = f"{self.model.name}: nobody has likes in training and in validation"
            return Tuned(self.model, trials, f"{note}; parameters are the defaults")
        if self.best is None:
            note = f"{self.model.name}: the budget pays for no trial"
            settings = self._payable()
            cut = "" if settings == self.model else ", cut to what it pays for"
            return Tuned(settings, trials, f"{note}; parameters are the defaults{cut}")
        tried = f"{len(trials)} trial{'' if len(trials) == 1 else 's'}"
        note = f"{self.model.name}: the budget ended the choice after {tried}"
        return Tuned(self.best, trials, note if self.was_cut else None)

    def _payable(self) -> M:
        """The start, or the farthest on its path that the budget can pay; at least the first."""
        seconds = np.inf if self.budget.seconds is None else self.budget.seconds
        path = self.model.path()
        payable = [step for step in path if step.effort * self.effort_s <= seconds]
        return payable[-1] if payable else path[0]


def _judged_users(train: csr_matrix, validation: csr_matrix, seed: int) -> IntArray:
    """Users with likes in both, a seeded choice of at most 2,000, ascending."""
    both = np.flatnonzero((np.diff(train.indptr) > 0) & (np.diff(validation.indptr) > 0))
    if len(both) > _JUDGED_USERS:
        both = np.random.default_rng(seed).choice(both, _JUDGED_USERS, replace=False)
    return np.sort(both).astype(np.int32)
