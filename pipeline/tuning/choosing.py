"""Which models with which settings: studies of all algorithms, then their blend.

A choice sees training and validation likes and nothing else.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, cast

import polars as pl
from scipy.sparse import csr_matrix

from pipeline.dataset.matrix import Dataset
from pipeline.recommenders.base import Fitted, Recommender
from pipeline.recommenders.best import Best
from pipeline.recommenders.blend import Blend, BlendFitted, Part
from pipeline.recommenders.hybrid import Hybrid
from pipeline.recommenders.popular import Popular
from pipeline.tuning.blending import Pool, best_weights
from pipeline.tuning.budget import Budget, Purse
from pipeline.tuning.entering import BLENDED_NAMES, Asked, enter
from pipeline.tuning.hybridizing import choose_hybrid
from pipeline.tuning.judge import Judge
from pipeline.tuning.rounds import run_rounds
from pipeline.tuning.study import Study
from pipeline.tuning.trials import Trial, trial_frame

__all__ = ["Choice", "choose"]

_BLEND_S: Final = 5.0  # a hundred sums of the pools of 8,000 users
_SUMMED_S: Final = 1e-8  # one score within a sum: of 256 factors, and made a z-score
_HYBRID_SHARE: Final = 0.35  # of the seconds, for content models and the curve
_LEAST_OF_THE_BEST: Final = 0.6  # whoever scores less has no part in a blend


@dataclass(frozen=True, slots=True)
class Choice:
    """What was chosen.

    Attributes
    ----------
    models : settings by name, of every model that was wanted and does not refuse the data;
        ``best`` is popularity where nothing was scored.
    trials : rows by `TRIAL_SCHEMA`.
    notes : sentences on what was left out, cut short or could not be tried.
    """

    models: Mapping[str, Recommender]
    trials: pl.DataFrame
    notes: tuple[str, ...] = ()


def choose(
    names: Iterable[str],
    train: Dataset,
    validation: csr_matrix,
    *,
    seed: int = 0,
    threads: int = 1,
    budget: Budget | None = None,
    fixed: Mapping[str, Recommender] | None = None,
    winners: Mapping[str, Recommender] | None = None,
    insists: bool = False,
) -> Choice:
    """Settings of models, by NDCG@20 on validation likes.

    Parameters
    ----------
    names : of models; ``best`` stands for all that may win.
    validation : shape of ``train.user_items``; a stored entry is a held-out like.
    fixed : settings that are not searched, by name.
    winners : settings that are tried first, by name: last run's.
    insists : keep models that were named though a search refuses them, with their defaults.

    Returns
    -------
    With one thread and a budget of trials alone, the same for the same seed.
    """
    asked = Asked(tuple(dict.fromkeys(names)), fixed or {}, winners or {}, insists)
    judge = Judge.of(train, validation, seed=seed, threads=threads)
    return _Choosing(asked, judge, Purse(budget or Budget()), seed).choice()


@dataclass(slots=True)
class _Choosing:
    """A choice on its way."""

    asked: Asked
    judge: Judge
    purse: Purse
    seed: int
    models: dict[str, Recommender] = field(default_factory=dict)
    scores: dict[str, float] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    trials: list[Trial] = field(default_factory=list)
    studies: list[Study[Any]] = field(default_factory=list)
    fits: dict[str, Fitted] = field(default_factory=dict)

    @property
    def hybridizes(self) -> bool:
        """Whether a hybrid is to be chosen, and can be made."""
        return self.asked.hybridizes and Hybrid.name in self.models

    def choice(self) -> Choice:
        """Search, blend and compare."""
        entered = enter(self.asked, self.judge, self.purse, self.seed)
        self.models, self.studies, self.notes = entered.models, entered.studies, entered.notes
        if len(self.judge.users):
            run_rounds(self.studies, self.purse, self._reserve_s, first=BLENDED_NAMES)
            self._settle()
            if self.asked.composes:
                self._blend()
            if self.hybridizes:
                self._hybridize()
            elif Hybrid.name in self.models:
                fixed = cast("Hybrid", self.models[Hybrid.name])
                self.models[Hybrid.name] = replace(fixed, collaborative=self.models[Blend.name])
        else:
            self.notes.append(
                "nobody has likes in training and in validation: parameters are the defaults"
            )
        best = max(reversed(self.scores), key=self._rank, default=None)
        self.models[Best.name] = Best(Popular() if best is None else self.models[best])
        models = {name: self.models[name] for name in self.asked.wanted if name in self.models}
        chosen = [inner for model in models.values() for inner in _all(model)]
        return Choice(models, trial_frame(self.trials, chosen), tuple(self.notes))

    def _rank(self, name: str) -> tuple[float, bool]:
        """By score; a blend gives way to the single model that it is no better than.

        A hybrid does not: beside what it is as good as, it shows new items.
        """
        return self.scores[name], name != Blend.name

    def _reserve_s(self) -> float:
        """Seconds for the choice of a blend, a hybrid, the final fits and everybody's lists.

        A hybrid has to wait until all algorithms were tried: which leads matters more.
        """
        contenders = self._contenders() if self.asked.composes else self.studies
        reserved = 0.0
        if self.asked.composes and len(contenders) > 1:
            reserved += _BLEND_S + 2 * sum(study.judge_s for study in contenders)
            reserved += self._summed_s(len(self.judge.users))
        has_tried_all = all(study.n_fits or study.is_over for study in self.studies)
        if self.hybridizes and has_tried_all and self.purse.budget.seconds is not None:
            reserved += _HYBRID_SHARE * self.purse.budget.seconds
        if self.purse.budget.pays_lists:
            reserved += self._final_s()
        return reserved

    def _final_s(self) -> float:
        """Seconds of the fits and lists that follow: of contenders and of all that is wanted."""
        names = {study.name for study in self._contenders()} if self.asked.composes else set()
        followed = names | set(self.asked.wanted)
        fits_s: float = sum(study.final_s for study in self.studies if study.name in followed)
        return fits_s + (self._summed_s(self.judge.train.n_users) if names else 0.0)

    def _summed_s(self, n_users: int) -> float:
        """Seconds of every score of some users by all contenders, of which lists leave many out."""
        n_scores = n_users * self.judge.train.n_items * len(self._contenders())
        return _SUMMED_S * n_scores / self.judge.threads

    def _contenders(self) -> list[Study[Any]]:
        """Studies whose best may have a part in a blend."""
        scores = {
            study.name: study.best.score
            for study in self.studies
            if study.best and study.name in BLENDED_NAMES
        }
        share = 0.0 if Blend.name in self.asked.fixed else _LEAST_OF_THE_BEST
        least = share * max(scores.values(), default=0.0)
        return [study for study in self.studies if scores.get(study.name, -1.0) >= least]

    def _settle(self) -> None:
        for study in self.studies:
            self.models[study.name] = study.settled
            self.trials += study.trials
            if study.note:
                self.notes.append(study.note)
            if study.best:
                self.scores[study.name] = study.best.score

    def _blend(self) -> None:
        """Choose the weights of a blend and let it compete with each of its models."""
        bests = {study.name: study.best for study in self._contenders() if study.best}
        if not bests:
            return
        began = self.purse.elapsed_s
        pool = Pool.of([best.fitted for best in bests.values()], self.judge)
        alone = pool.alone()
        self.scores.update(zip(bests, alone, strict=True))  # to the last bit as the blend's
        if fixed := self.asked.fixed.get(Blend.name):
            weights = tuple(float(fixed.parameters[name]) for name in bests)
        else:
            weights = best_weights(pool, alone)
        blend = Blend.of(
            dict(zip(bests, weights, strict=True)), [best.settings for best in bests.values()]
        )
        self.models[Blend.name] = blend
        score = self.scores[Blend.name] = float(pool.ndcg(weights).mean())
        now = self.purse.elapsed_s
        self.trials.append(Trial.of(blend, score, self.judge, now - began, now))
        parts = [
            Part(name, best.fitted, weight)
            for (name, best), weight in zip(bests.items(), weights, strict=True)
            if weight
        ]
        self.fits = {name: best.fitted for name, best in bests.items()}
        self.fits[Blend.name] = BlendFitted(tuple(sorted(parts, key=lambda part: -part.weight)))

    def _hybridize(self) -> None:
        """Let content models speak where likes are few; it competes with what it is made of."""
        collaborative = max(self.fits, key=lambda name: self.scores[name], default=None)
        if collaborative is None:
            return
        self.purse.reserved_s = self._final_s() if self.purse.budget.pays_lists else 0.0
        began = self.purse.elapsed_s
        found = choose_hybrid(
            self.judge.train,
            self.judge.validation,
            self.models[collaborative],
            fitted=self.fits[collaborative],
            start=cast("Hybrid", self.models[Hybrid.name]),
            fixed=tuple(self.asked.fixed),
            seed=self.seed,
            threads=self.judge.threads,
            budget=self.purse.rest,
        )
        self.models[Hybrid.name] = found.model
        settled = {*self.asked.fixed, *self.scores}  # as given, or by a search of their own
        for content in found.content:
            if content.name in self.models and content.name not in settled:
                self.models[content.name] = content
        self.trials += [replace(trial, elapsed_s=began + trial.elapsed_s) for trial in found.trials]
        self.notes += found.notes
        if not math.isnan(found.gain):
            self.scores[Hybrid.name] = self.scores[collaborative] + found.gain


def _all(model: Recommender) -> list[Recommender]:
    """A model and all that stand within it."""
    return [model, *(inner for part in model.within for inner in _all(part))]
