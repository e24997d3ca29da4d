"""A hybrid chosen for a site: content models on items held out whole, its curve on likes.

First a fifth of the items of the training part are held out whole, as if they were new; content
models are searched by how they rank these, and weighed against each other.  Then both sides are
fitted on all of the training part, and where one gives way to the other is found on the
validation likes, all items ranked.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from scipy.sparse import csr_matrix

from pipeline.dataset.matrix import Dataset
from pipeline.errors import FitError
from pipeline.fold_in import z_scores
from pipeline.recommenders.base import Fitted, FloatArray, IntArray, Recommender
from pipeline.recommenders.blend import Blend
from pipeline.recommenders.hybrid import CONTENT, Hybrid
from pipeline.recommenders.ials import Ials
from pipeline.recommenders.tag_factors import TagFactors
from pipeline.recommenders.topk import CHUNK_ROWS
from pipeline.tuning.blending import Pool, best_weights
from pipeline.tuning.budget import Budget, Purse
from pipeline.tuning.cold import ColdJudge, cold_split
from pipeline.tuning.curve import dense_pool, fitted_curve
from pipeline.tuning.judge import Judge
from pipeline.tuning.rounds import run_rounds
from pipeline.tuning.study import Study
from pipeline.tuning.trials import Trial

__all__ = ["Hybridized", "choose_hybrid"]

_LEAST_OF_THE_BEST: Final = 0.6
_MOST_CELLS: Final = 12_000_000  # users times cold items of the choice of weights
_FINISH_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class Hybridized:
    """What was chosen.

    Attributes
    ----------
    model : settings; those it started from where the time paid for no trial.
    score, content_score : NDCG@20 on validation, all items ranked, and of the content models
        on the items that were held out whole; NaN where it was not measured.
    trials : of the content models and of both choices that followed.
    notes : sentences on what was cut short.
    """

    model: Hybrid
    score: float
    content_score: float
    trials: tuple[Trial, ...]
    notes: tuple[str, ...]


def choose_hybrid(
    train: Dataset,
    validation: csr_matrix,
    collaborative: Recommender,
    *,
    fitted: Fitted | None = None,
    start: Hybrid | None = None,
    seed: int = 0,
    threads: int = 1,
    seconds_left: Callable[[], float] = lambda: math.inf,
    trials: int | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Hybridized:
    """Content models, their weights and the curve of a hybrid.

    Parameters
    ----------
    validation : shape of ``train.user_items``; a stored entry is a held-out like.
    collaborative : settings that were chosen before; ``fitted`` is their fit on `train`, made
        here where there is none.
    start : settings of content models that are tried first.
    seconds_left : how long it may take, asked along the way.
    trials : of each content model, at most.

    Returns
    -------
    With one thread and trials but no end of time the same for the same seed.

    Raises
    ------
    FitError : the data set has no features, or the collaborative model refuses it.
    """
    hybrid = replace(start or Hybrid(), collaborative=collaborative)
    if reason := hybrid.refusal(train):
        raise FitError(reason)
    choosing = _Choosing(hybrid, train, validation, seed, threads, seconds_left, trials, clock)
    return choosing.choice(fitted)


@dataclass(slots=True)
class _Choosing:
    """A choice on its way."""

    hybrid: Hybrid
    train: Dataset
    validation: csr_matrix
    seed: int
    threads: int
    seconds_left: Callable[[], float]
    most_trials: int | None
    clock: Callable[[], float]

    def choice(self, fitted: Fitted | None) -> Hybridized:
        """Search content models, weigh them, fit the curve."""
        began = self.clock()
        studies = self._searched()
        trials = [trial for study in studies for trial in study.trials]
        notes = [study.note for study in studies if study.note]
        scored = [study for study in studies if study.best]
        if not scored:
            return Hybridized(self.hybrid, math.nan, math.nan, tuple(trials), tuple(notes))
        hybrid, content_score = self._weighed(scored)
        hybrid, score = self._curved(hybrid, fitted)
        spent = self.clock() - began
        last = Trial.of(hybrid, score, len(self._judge().users), spent, spent)
        return Hybridized(hybrid, score, content_score, (*trials, last), tuple(notes))

    def _searched(self) -> list[Study[Any]]:
        split = cold_split(self.train, seed=self.seed)
        judge = ColdJudge.of_split(split, seed=self.seed, threads=self.threads)
        left = self.seconds_left()
        seconds = None if math.isinf(left) else max(left, 0.0)
        budget = Budget(seconds=seconds, trials=self.most_trials, clock=self.clock)
        purse = Purse(budget)
        studies: list[Study[Any]] = [
            Study((settings,), judge, purse, self.seed)
            for settings in self._starts()
            if len(judge.users) and not settings.refusal(split.train, in_tuner=True)
        ]
        run_rounds(studies, purse, lambda: _FINISH_S + sum(study.final_s for study in studies))
        return studies

    def _starts(self) -> list[Recommender]:
        """Content models as they are tried first; factors are those of the tuned iALS."""
        given = {settings.name: settings for settings in self.hybrid.content}
        starts = [given.get(model.name) or model() for model in CONTENT]
        ials = _ials_of(self.hybrid.collaborative)
        return [
            replace(one, collaborative=ials) if ials and isinstance(one, TagFactors) else one
            for one in starts
        ]

    def _weighed(self, studies: Sequence[Study[Any]]) -> tuple[Hybrid, float]:
        """The hybrid with its content models and their weights, by the cold items."""
        top = max(study.best.score for study in studies if study.best)
        bests = [
            study.best
            for study in studies
            if study.best and study.best.score >= _LEAST_OF_THE_BEST * top
        ]
        judge = studies[0].judge
        pool = _cold_pool([best.fitted for best in bests], judge)
        alone = [pool.score(row) for row in np.eye(len(bests)).tolist()]
        weights, score = best_weights(pool, alone)
        named = dict(zip((best.settings.name for best in bests), weights, strict=True))
        chosen = {model.name: named.get(model.name, 0.0) for model in CONTENT}
        content = tuple(best.settings for best in bests if named[best.settings.name])
        return replace(self.hybrid, content=content, **chosen), score

    def _curved(self, hybrid: Hybrid, fitted: Fitted | None) -> tuple[Hybrid, float]:
        """The hybrid with the curve that is best for the validation likes."""
        settings = (hybrid.collaborative, *(one for one, _ in hybrid.weighted))
        fits = [
            one.fit(self.train, seed=self.seed, threads=self.threads)
            for one in (settings if fitted is None else settings[1:])
        ]
        sides = fits if fitted is None else [fitted, *fits]
        return fitted_curve(hybrid, hybrid.of(self.train, sides[0], sides[1:]), self._judge())

    def _judge(self) -> Judge:
        return Judge.of(self.train, self.validation, seed=self.seed, threads=self.threads)


def _cold_pool(models: Sequence[Fitted], judge: Judge) -> Pool:
    """What content models say of the cold items, in deviations over all items they know."""
    cold = judge.candidates if isinstance(judge, ColdJudge) else None
    items = np.arange(judge.train.n_items, dtype=np.int32) if cold is None else cold
    users = judge.users[: max(1, _MOST_CELLS // max(len(items), 1))]
    said = np.stack([_said(model, users, items, judge.train.n_items) for model in models])
    held_out = judge.validation[users][:, items]
    return dense_pool(said, held_out)


def _said(model: Fitted, users: IntArray, items: IntArray, n_items: int) -> FloatArray:
    scorer = model.user_scorer(model.listable)
    said = np.empty((len(users), len(items)), np.float32)
    for start in range(0, len(users), CHUNK_ROWS):
        chunk = users[start : start + CHUNK_ROWS]
        whole = np.zeros((len(chunk), n_items), np.float32)
        whole[:, model.listable] = z_scores(scorer(chunk))
        said[start : start + len(chunk)] = whole[:, items]
    return said


def _ials_of(collaborative: Recommender) -> Ials | None:
    """The iALS that the collaborative model is or has."""
    parts = collaborative.within if isinstance(collaborative, Blend) else (collaborative,)
    return next((part for part in parts if isinstance(part, Ials)), None)
