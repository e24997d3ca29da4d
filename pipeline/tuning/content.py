"""The search for content models: which settings rank items well that nobody has liked yet.

Profile and kernel are searched first; factors follow from the space that is best for the kernel,
for it takes most of their time and what tells items apart is the same for both.  Time is kept for
them: their sum with the kernel is better than the best kernel (docs/decisions/0023).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, fields, replace
from itertools import accumulate
from typing import Any, Final, TypeVar, cast

from pipeline.dataset.matrix import Dataset
from pipeline.recommenders.base import Recommender
from pipeline.recommenders.hybrid import CONTENT
from pipeline.recommenders.ials import Ials
from pipeline.recommenders.tag_factors import TagFactors
from pipeline.recommenders.tag_kernel import TagKernel
from pipeline.recommenders.tag_space import Space
from pipeline.tuning.budget import Purse
from pipeline.tuning.cold import ColdJudge
from pipeline.tuning.rounds import run_rounds
from pipeline.tuning.study import Study

__all__ = ["ContentSearch"]

R = TypeVar("R", bound=Recommender)

_LANDMARKS: Final = 1000  # of a search that cannot pay for all; its best then has them all
_WIDE_TRIALS: Final = 3
_FACTORS_SHARE: Final = 0.35  # of the seconds
_REFINED: Final = (0.03, 0.1, 0.3, 3.0, 10.0, 30.0)


@dataclass(frozen=True, slots=True)
class ContentSearch:
    """A search by a judge of cold items.

    Attributes
    ----------
    given : settings that are tried first.
    fixed : names of models whose settings stay as they are.
    weighted : names of those that have a weight without a trial.
    ials : settings of the factors that tags are to foretell; those that are given where None.
    whole : the data set with the items that the judge holds out; later fits are on it.
    finish_s : seconds that weights, the curve and everybody's lists take after it.
    """

    given: Sequence[Recommender]
    fixed: Collection[str]
    weighted: Collection[str]
    ials: Ials | None
    judge: ColdJudge
    purse: Purse
    seed: int
    whole: Dataset
    finish_s: float

    def run(self) -> list[Study[Any]]:
        """Studies of every content model that the data set allows, in the order of `CONTENT`."""
        if not len(self.judge.users):
            return []
        starts = [self._narrowed(one) for one in self._given()]
        able = [one for one in starts if not one.refusal(self.judge.train, in_tuner=True)]
        first = [self._study(one) for one in able if not isinstance(one, TagFactors)]
        later = [one for one in able if isinstance(one, TagFactors)]
        kept_s = self._kept_s(first, later)
        self._search(first, first, lambda: kept_s)
        kernel = next((study for study in first if study.name == TagKernel.name), None)
        others = [self._study(self._in_space_of(kernel, one)) for one in later]
        self._search(others, [*first, *others], lambda: self._spaces_s(others))
        found = {study.name: study for study in (*first, *others)}
        return [found[one.name] for one in able]

    def payable(
        self, untried: Sequence[Study[Any]], scored: Sequence[Study[Any]]
    ) -> list[Study[Any]]:
        """The first of those without a trial, as many as the time after the search pays for.

        Their later fits are paid beside those of the ones before them and of all that was scored.
        """
        whole_s = self.purse.left_s + self.purse.reserved_s  # what it kept may be spent now
        left_s = whole_s - self.finish_s - sum(map(self._later_s, scored))
        costs_s = accumulate(map(self._later_s, untried))
        return [study for study, cost_s in zip(untried, costs_s, strict=True) if cost_s <= left_s]

    def _kept_s(self, first: Sequence[Study[Any]], later: Sequence[TagFactors]) -> float:
        """Seconds for factors, where the budget pays for a trial of every other model besides.

        A share, and no less than a trial and the fits that follow from it; where that is too
        much these fits alone, with which the factors keep the weight that they have.
        """
        left_s = self.purse.left_s
        if math.isinf(left_s):
            return 0.0
        others_s = sum(study.first_s + self._later_s(study) for study in first)
        most_s = left_s - self.finish_s - others_s
        train = self.judge.train  # the space is the kernel's
        fit_s = sum(one.ials_s(train) + one.space.ridge_seconds(train) for one in later)
        later_s = self._growth * self._fits_to_come * fit_s
        if 0 < fit_s + later_s <= most_s:
            return min(max(fit_s + later_s, _FACTORS_SHARE * left_s), most_s)
        is_weighted = any(one.name in self.weighted for one in later)
        return later_s if is_weighted and later_s <= most_s else 0.0

    def _spaces_s(self, others: Sequence[Study[Any]]) -> float:
        """Seconds of another space, which all trials of factors but the first bring with them."""
        spaces: list[Space] = [study.starts[0].space for study in others if study.n_fits]
        return sum(one.seconds(self.judge.train) for one in spaces)

    def _later_s(self, study: Study[Any]) -> float:
        """Seconds of a model's fits after the search; its trials had iALS made once for all."""
        fit_s, settings = study.final_s, study.settled
        if isinstance(settings, TagFactors):
            train = self.judge.train
            shared_s = settings.ials_s(train) + settings.space.ridge_seconds(train)
            fit_s = max(fit_s, self._growth * shared_s)
        return self._fits_to_come * fit_s

    @property
    def _growth(self) -> float:
        """`Study.growth`: a space of more items is wider."""
        space = TagKernel().space
        return space.seconds(self.whole) / space.seconds(self.judge.train)

    @property
    def _fits_to_come(self) -> int:
        """Of each model: for the curve, and on all likes."""
        return 1 + self.purse.budget.pays_lists

    def _search(
        self,
        studies: Sequence[Study[Any]],
        scored: Sequence[Study[Any]],
        kept_s: Callable[[], float],
    ) -> None:
        def reserved_s() -> float:
            waiting = [study for study in studies if not study.n_fits and not study.is_over]
            next_s = min(map(self._later_s, waiting), default=0.0)
            tried = [study for study in scored if study.best]
            return kept_s() + self.finish_s + next_s + sum(map(self._later_s, tried))

        run_rounds(studies, self.purse, reserved_s)
        for study in studies:
            self._refine(study)

    def _study(self, settings: Recommender) -> Study[Any]:
        """A search from these settings and from what else is known to do well."""
        is_searched = settings.name not in self.fixed
        return Study(
            settings.starts(self.judge.train) if is_searched else (settings,),
            self.judge,
            self.purse,
            self.seed,
            base=settings,
            growth=self._growth,
            is_searched=is_searched,
        )

    def _in_space_of(self, kernel: Study[Any] | None, settings: TagFactors) -> TagFactors:
        if kernel is None or kernel.best is None or settings.name in self.fixed:
            return settings
        space = kernel.best.settings.space
        return replace(
            settings, **{field.name: getattr(space, field.name) for field in fields(space)}
        )

    def _narrowed(self, settings: R) -> R:
        """The settings with fewer landmarks where time or memory pays for few trials with all.

        Few landmarks order settings otherwise than all do, so a search has all where it can.
        """
        if not isinstance(settings, TagFactors | TagKernel) or settings.name in self.fixed:
            return settings
        train, left_s = self.judge.train, self.purse.left_s
        space_s, ridge_s = settings.space.seconds(train), settings.space.ridge_seconds(train)
        is_often = _WIDE_TRIALS * space_s <= (1 - _FACTORS_SHARE) * left_s
        once_s = (1 + self._growth * self._fits_to_come) * (space_s + ridge_s)
        if is_often and once_s <= left_s - self.finish_s and settings.refusal(train) is None:
            return settings
        return replace(settings, landmarks=min(settings.landmarks, _LANDMARKS))

    def _refine(self, study: Study[Any]) -> None:
        """All landmarks for the best, where that can be paid; then other regularizations.

        These cost two fifths of a trial, since the space stays as it is.
        """
        if study.best is None or not isinstance(study.best.settings, TagFactors | TagKernel):
            return
        if not study.is_searched:
            return
        narrow, wide = study.best.settings, self._full(study.best.settings)
        more = wide.space.seconds(self.judge.train) / narrow.space.seconds(self.judge.train)
        is_able = wide != narrow and wide.refusal(self.judge.train) is None
        later_s = self._later_s(study)
        if is_able and self.purse.affords(more * (study.final_s + later_s) - later_s):
            study.look_at(wide)
            self.purse.reserved_s += max(self._later_s(study) - later_s, 0.0)
        first = study.best.settings
        for factor in _REFINED:
            if not self.purse.affords(study.judge_s + study.trials[-1].fit_s):
                return
            strength = min(max(factor * first.regularization, 1e-4), 1e6)
            study.look_at(replace(first, regularization=strength))

    def _given(self) -> list[Recommender]:
        """Content models as they are tried first, with no fewer landmarks than usual.

        Else those that a search could pay for once would be all that is ever tried.
        """
        given = {settings.name: settings for settings in self.given}
        settings = [given.get(model.name) or model() for model in CONTENT]
        return [self._widened(self._foretelling(one)) for one in settings]

    def _foretelling(self, settings: R) -> R:
        """The settings with factors of the tuned iALS."""
        if not self.ials or not isinstance(settings, TagFactors):
            return settings
        return replace(settings, collaborative=self.ials)

    def _widened(self, settings: R) -> R:
        if not isinstance(settings, TagFactors | TagKernel) or settings.name in self.fixed:
            return settings
        return replace(settings, landmarks=max(settings.landmarks, type(settings)().landmarks))

    def _full(self, settings: R) -> R:
        """The settings with the number of landmarks that the search started from."""
        if not isinstance(settings, TagFactors | TagKernel):
            return settings
        own = next(one for one in self._given() if one.name == settings.name)
        return replace(settings, landmarks=cast("TagFactors | TagKernel", own).landmarks)
