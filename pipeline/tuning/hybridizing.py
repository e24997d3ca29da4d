"""A hybrid chosen for a site: content models on items held out whole, its curve on likes.

First a fifth of the items of the training part are held out whole, as if they were new; content
models are searched by how they rank these, and weighed against each other.  Then both sides are
fitted on all of the training part, and where one gives way to the other is found on the
validation likes, all items ranked.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, TypeVar

from scipy.sparse import csr_matrix

from pipeline.dataset.matrix import Dataset
from pipeline.errors import FitError
from pipeline.recommenders.base import Fitted, Recommender
from pipeline.recommenders.blend import Blend
from pipeline.recommenders.hybrid import CONTENT, Hybrid
from pipeline.recommenders.ials import Ials
from pipeline.tuning.budget import Budget, Purse
from pipeline.tuning.cold import ColdJudge, cold_split
from pipeline.tuning.cold_pool import ColdPool
from pipeline.tuning.content import ContentSearch
from pipeline.tuning.curve import FittedCurve, curve_user_s, fitted_curve
from pipeline.tuning.judge import Judge
from pipeline.tuning.study import Study
from pipeline.tuning.trials import Trial

__all__ = ["Hybridized", "choose_hybrid"]

J = TypeVar("J", bound=Judge)

_LEAST_OF_THE_BEST: Final = 0.4  # whoever scores less has no part
_POOL_SHARE: Final = 0.05  # of the seconds, for the weights of content models
_CURVE_SHARE: Final = 0.15
_LISTED_S: Final = 6e-8  # one score of one content model in everybody's lists
_LEAST_USERS: Final = 300  # who choose weights and a curve, whatever that takes


@dataclass(frozen=True, slots=True)
class Hybridized:
    """What was chosen.

    Attributes
    ----------
    model : settings; those it started from where the time paid for no trial or nobody judges.
    gain : of NDCG@20 beside the collaborative model alone, all items ranked, on the validation
        likes of those who chose the curve; NaN where it was not measured.
    content_score : NDCG@20 of the content models on the items that were held out whole; NaN
        likewise.
    trials : of the content models, and last of the hybrid.
    notes : sentences on what was cut short.
    content : the best settings of every content model that was scored, with a part or without.
    """

    model: Hybrid
    gain: float
    content_score: float
    trials: tuple[Trial, ...]
    notes: tuple[str, ...]
    content: tuple[Recommender, ...] = ()


def choose_hybrid(
    train: Dataset,
    validation: csr_matrix,
    collaborative: Recommender,
    *,
    fitted: Fitted | None = None,
    start: Hybrid | None = None,
    fixed: Collection[str] = (),
    seed: int = 0,
    threads: int = 1,
    budget: Budget | None = None,
) -> Hybridized:
    """Content models, their weights and the curve of a hybrid.

    Parameters
    ----------
    validation : shape of ``train.user_items``; a stored entry is a held-out like.
    collaborative : settings that were chosen before; ``fitted`` is their fit on `train`, at
        least for the users of `Judge.of` with this seed; made here where there is none.
    start : settings of content models that are tried first.
    fixed : names of those whose settings stay as they are.
    budget : seconds, and fits of each content model, at most (a ridge has six strengths more);
        no limit where there is none.

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
    limits = budget or Budget(seconds=None)
    return _Choosing(hybrid, fixed, train, validation, seed, threads, limits).choice(fitted)


@dataclass(slots=True)
class _Choosing:
    """A choice on its way."""

    hybrid: Hybrid
    fixed: Collection[str]
    train: Dataset
    validation: csr_matrix
    seed: int
    threads: int
    budget: Budget

    def choice(self, fitted: Fitted | None) -> Hybridized:
        """Search content models, weigh them, fit the curve."""
        purse = Purse(self.budget)
        split = cold_split(self.train, seed=self.seed)
        judge = ColdJudge.of_split(split, seed=self.seed, threads=self.threads)
        of_likes = Judge.of(self.train, self.validation, seed=self.seed, threads=self.threads)
        if not len(of_likes.users):
            nobody = "hybrid: nobody has likes in training and in validation; it is as it was given"
            return Hybridized(self.hybrid, math.nan, math.nan, (), (nobody,))
        few = judge.narrowed(ColdPool.most_users(judge), self.seed)
        n_models = len(CONTENT) + max(len(self.hybrid.collaborative.within), 1)
        of_weights, weights_s = self._paid(few, _POOL_SHARE, ColdPool.user_s(few, len(CONTENT)))
        of_curve, curve_s = self._paid(of_likes, _CURVE_SHARE, curve_user_s(of_likes, n_models))
        search = ContentSearch(
            given=self.hybrid.content,
            fixed=self.fixed,
            weighted=[model.name for model in CONTENT if getattr(self.hybrid, model.name)],
            ials=_ials_of(self.hybrid.collaborative),
            judge=judge,
            purse=purse,
            seed=self.seed,
            whole=self.train,
            finish_s=weights_s + curve_s + self._lists_s,
        )
        studies = search.run()
        trials = [trial for study in studies for trial in study.trials]
        scored = [study for study in studies if study.best]
        if not scored:
            notes = tuple(study.note for study in studies if study.note)
            return Hybridized(self.hybrid, math.nan, math.nan, tuple(trials), notes)
        untried = [study for study in studies if not study.n_fits and self._weight(study)]
        payable = search.payable(untried, scored)
        hybrid, content_score = self._weighed(scored, of_weights)
        curve = self._curved(self._with_untried(hybrid, payable), fitted, of_curve)
        spent = purse.elapsed_s
        last = Trial.of(curve.hybrid, curve.ndcg, of_curve, spent, spent)
        content = tuple(study.settled for study in scored)
        notes = tuple(note for study in studies if (note := _note(study, curve.hybrid)))
        return Hybridized(curve.hybrid, curve.gain, content_score, (*trials, last), notes, content)

    def _paid(self, judge: J, share: float, user_s: float) -> tuple[J, float]:
        """The judge with as many users as a share of the time pays for, and their seconds."""
        seconds = self.budget.seconds
        if seconds is not None and math.isfinite(seconds):
            judge = judge.narrowed(max(int(share * seconds / user_s), _LEAST_USERS), self.seed)
        return judge, len(judge.users) * user_s

    @property
    def _lists_s(self) -> float:
        """Seconds of everybody's scores by content models, where the budget pays for lists."""
        n_scores = self.train.n_users * self.train.n_items * len(CONTENT)
        return _LISTED_S * n_scores / self.threads if self.budget.pays_lists else 0.0

    def _weighed(self, studies: Sequence[Study[Any]], judge: ColdJudge) -> tuple[Hybrid, float]:
        """The hybrid with its content models and their weights, by the cold items."""
        top = max(study.best.score for study in studies if study.best)
        bests = [
            study.best
            for study in studies
            if study.best and study.best.score >= _LEAST_OF_THE_BEST * top
        ]
        pool = ColdPool.of([best.fitted for best in bests], judge)
        weights, score = pool.best_weights()
        named = dict(zip((best.settings.name for best in bests), weights, strict=True))
        chosen = {model.name: named.get(model.name, 0.0) for model in CONTENT}
        content = tuple(best.settings for best in bests if named[best.settings.name])
        return replace(self.hybrid, content=content, **chosen), score

    def _weight(self, study: Study[Any]) -> float:
        """The weight that a content model started from."""
        return float(getattr(self.hybrid, study.name))

    def _with_untried(self, hybrid: Hybrid, untried: Sequence[Study[Any]]) -> Hybrid:
        """The hybrid and models that had no trial, with the weights that they started from."""
        weights: dict[str, Any] = {study.name: self._weight(study) for study in untried}
        content = (*hybrid.content, *(study.settled for study in untried))
        return replace(hybrid, content=content, **weights)

    def _curved(self, hybrid: Hybrid, fitted: Fitted | None, judge: Judge) -> FittedCurve:
        """The hybrid with the curve that is best for the validation likes."""
        settings = (hybrid.collaborative, *(one for one, _ in hybrid.weighted))
        fits = [
            one.fit(self.train, seed=self.seed, threads=self.threads)
            for one in (settings if fitted is None else settings[1:])
        ]
        sides = fits if fitted is None else [fitted, *fits]
        return fitted_curve(hybrid, hybrid.of(self.train, sides[0], sides[1:]), judge)


def _note(study: Study[Any], hybrid: Hybrid) -> str | None:
    """What was cut short of a search beside which others gave scores."""
    if study.best:
        return study.note
    reason = "no trial gave scores" if study.n_fits else "the budget pays for no trial"
    weight = getattr(hybrid, study.name)
    part = f"the weight it started from, {weight:g}" if weight else "no part in the hybrid"
    return f"{study.name}: {reason}; it has {part}"


def _ials_of(collaborative: Recommender) -> Ials | None:
    """The iALS that the collaborative model is or has."""
    parts = collaborative.within if isinstance(collaborative, Blend) else (collaborative,)
    return next((part for part in parts if isinstance(part, Ials)), None)
