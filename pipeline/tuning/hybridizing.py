"""A hybrid chosen for a site: content models on items held out whole, its curve on likes.

First a fifth of the items of the training part are held out whole, as if they were new; content
models are searched by how they rank these, and weighed against each other.  Then both sides are
fitted on all of the training part, and where one gives way to the other is found on the
validation likes, all items ranked.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Final, TypeVar, cast

from scipy.sparse import csr_matrix

from pipeline.dataset.matrix import Dataset
from pipeline.errors import FitError
from pipeline.recommenders.base import Fitted, Recommender
from pipeline.recommenders.blend import Blend
from pipeline.recommenders.hybrid import CONTENT, Hybrid
from pipeline.recommenders.ials import Ials
from pipeline.recommenders.tag_factors import TagFactors
from pipeline.recommenders.tag_kernel import TagKernel
from pipeline.tuning.budget import Budget, Purse
from pipeline.tuning.cold import ColdJudge, cold_split
from pipeline.tuning.cold_pool import ColdPool
from pipeline.tuning.curve import fitted_curve
from pipeline.tuning.judge import Judge
from pipeline.tuning.rounds import run_rounds
from pipeline.tuning.study import Best, Study
from pipeline.tuning.trials import Trial

__all__ = ["Hybridized", "choose_hybrid"]

R = TypeVar("R", bound=Recommender)

_LEAST_OF_THE_BEST: Final = 0.6
_LANDMARKS: Final = 1000  # of a search that cannot pay for all; its best then has them all
_WIDE_TRIALS: Final = 3
_FINISH_S: Final = 5.0
_FITS_TO_COME: Final = 2  # for the curve, and on all likes
_REFINED: Final = (0.03, 0.1, 0.3, 3.0, 10.0, 30.0)


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
    content : the best settings of every content model that was scored, with a part or without.
    """

    model: Hybrid
    score: float
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
    fixed : names of those whose settings stay as they are.
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
    choosing = _Choosing(
        hybrid, fixed, train, validation, seed, threads, seconds_left, trials, clock
    )
    return choosing.choice(fitted)


@dataclass(slots=True)
class _Choosing:
    """A choice on its way."""

    hybrid: Hybrid
    fixed: Collection[str]
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
        split = cold_split(self.train, seed=self.seed)
        judge = ColdJudge.of_split(split, seed=self.seed, threads=self.threads)
        studies = self._searched(judge)
        trials = [trial for study in studies for trial in study.trials]
        notes = [study.note for study in studies if study.note]
        scored = [study for study in studies if study.best]
        if not scored:
            return Hybridized(self.hybrid, math.nan, math.nan, tuple(trials), tuple(notes))
        hybrid, content_score = self._weighed(scored, judge)
        hybrid, score = self._curved(hybrid, fitted)
        spent = self.clock() - began
        last = Trial.of(hybrid, score, len(self._judge().users), spent, spent)
        content = tuple(study.settled for study in scored)
        return Hybridized(hybrid, score, content_score, (*trials, last), tuple(notes), content)

    def _searched(self, judge: ColdJudge) -> list[Study[Any]]:
        left = self.seconds_left()
        seconds = None if math.isinf(left) else max(left, 0.0)
        budget = Budget(seconds=seconds, trials=self.most_trials, clock=self.clock)
        purse = Purse(budget)
        share_s = math.inf if seconds is None else seconds / len(CONTENT)
        studies = [
            self._study(settings, judge, purse)
            for settings in self._starts(judge.train, share_s)
            if len(judge.users) and not settings.refusal(judge.train, in_tuner=True)
        ]
        run_rounds(studies, purse, lambda: _FINISH_S + _FITS_TO_COME * _final_s(studies))
        for study in studies:
            self._refine(study, judge, purse)
        self._share_space(studies, judge, purse)
        return studies

    def _study(self, settings: Recommender, judge: ColdJudge, purse: Purse) -> Study[Any]:
        """A search from these settings and from what else is known to do well."""
        if settings.name in self.fixed:
            return Study((settings,), judge, purse, self.seed, is_searched=False)
        given = settings.name in {one.name for one in self.hybrid.content}
        own = settings.starts() if not given else (settings, *settings.starts())
        return Study(own, judge, purse, self.seed, base=settings)

    def _share_space(self, studies: Sequence[Study[Any]], judge: ColdJudge, purse: Purse) -> None:
        """Factors in the space that is best for the kernel, which stands there already."""
        named = {study.name: study for study in studies}
        kernel, factors = named.get(TagKernel.name), named.get(TagFactors.name)
        if not kernel or not factors or not kernel.best or not factors.best:
            return
        if factors.is_searched and purse.affords(factors.final_s):
            space = kernel.best.settings.space
            own = {field.name: getattr(space, field.name) for field in fields(space)}
            self._try(replace(factors.best.settings, **own), factors, judge, purse)

    def _refine(self, study: Study[Any], judge: ColdJudge, purse: Purse) -> None:
        """All landmarks for the best, where that can be paid; then other regularizations.

        These cost next to nothing, since the space stays as it is.
        """
        if study.best is None or not isinstance(study.best.settings, TagFactors | TagKernel):
            return
        if not study.is_searched:
            return
        narrow, wide = study.best.settings, self._full(study.best.settings)
        more = wide.space.seconds(judge.train) / narrow.space.seconds(judge.train)
        if wide != narrow and purse.affords(2 * more * study.final_s):
            self._try(wide, study, judge, purse)
        first = study.best.settings
        for factor in _REFINED:
            if not purse.affords(study.judge_s):
                return
            strength = min(max(factor * first.regularization, 1e-4), 1e6)
            self._try(replace(first, regularization=strength), study, judge, purse)

    def _try(
        self, settings: TagFactors | TagKernel, study: Study[Any], judge: ColdJudge, purse: Purse
    ) -> None:
        began = purse.elapsed_s
        fitted = settings.fit(judge.train, seed=self.seed, threads=self.threads)
        score = judge.score(fitted)
        at = purse.elapsed_s
        study.trials.append(Trial.of(settings, score, len(judge.users), at - began, at))
        if study.best is None or score > study.best.score:
            study.best = Best(settings, score, fitted)

    def _starts(self, train: Dataset, share_s: float) -> list[Recommender]:
        """Content models as they are tried first; factors are those of the tuned iALS.

        Few landmarks order settings otherwise than all do: a search has all of them where its
        share of the time pays for a few trials.
        """
        ials = _ials_of(self.hybrid.collaborative)
        starts: list[Recommender] = []
        for one in self._given():
            settings = one
            if ials and isinstance(settings, TagFactors):
                settings = replace(settings, collaborative=ials)
            if isinstance(settings, TagFactors | TagKernel) and settings.name not in self.fixed:
                too_dear = _WIDE_TRIALS * settings.space.seconds(train) > share_s
                if too_dear:
                    settings = replace(settings, landmarks=min(settings.landmarks, _LANDMARKS))
            starts.append(settings)
        return starts

    def _given(self) -> list[Recommender]:
        """Content models as given; those that are searched with no fewer landmarks than usual.

        Else those that a search could pay for once would be all that is ever tried.
        """
        given = {settings.name: settings for settings in self.hybrid.content}
        settings = [given.get(model.name) or model() for model in CONTENT]
        return [one if one.name in self.fixed else _widened(one) for one in settings]

    def _full(self, settings: R) -> R:
        """The settings with the number of landmarks that the search started from."""
        if not isinstance(settings, TagFactors | TagKernel):
            return settings
        own = next(one for one in self._given() if one.name == settings.name)
        return replace(settings, landmarks=cast("TagFactors | TagKernel", own).landmarks)

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


def _widened(settings: R) -> R:
    if not isinstance(settings, TagFactors | TagKernel):
        return settings
    return replace(settings, landmarks=max(settings.landmarks, type(settings)().landmarks))


def _final_s(studies: Sequence[Study[Any]]) -> float:
    """Seconds of the fits of what was scored so far."""
    return sum(study.final_s for study in studies if study.best)


def _ials_of(collaborative: Recommender) -> Ials | None:
    """The iALS that the collaborative model is or has."""
    parts = collaborative.within if isinstance(collaborative, Blend) else (collaborative,)
    return next((part for part in parts if isinstance(part, Ials)), None)
