"""Which models with which settings: studies of all algorithms, then their blend.

A choice sees training and validation likes and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import polars as pl
from scipy.sparse import csr_matrix

from pipeline.dataset.matrix import Dataset
from pipeline.recommenders.base import Recommender
from pipeline.recommenders.best import Best
from pipeline.recommenders.blend import BLENDED, Blend
from pipeline.recommenders.popular import Popular
from pipeline.recommenders.registry import recommender
from pipeline.tuning.blending import Pool, best_weights
from pipeline.tuning.budget import Budget, Purse
from pipeline.tuning.judge import Judge
from pipeline.tuning.rounds import run_rounds
from pipeline.tuning.study import Study
from pipeline.tuning.trials import Trial, trial_frame

__all__ = ["Choice", "choose"]

_BLENDED: Final = tuple(algorithm.name for algorithm in BLENDED)
_COMPOSED: Final = (Blend.name, Best.name)
_BLEND_S: Final = 4.0  # a hundred sums of the pools of 6,000 users
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
) -> Choice:
    """Settings of models, by NDCG@20 on validation likes.

    Parameters
    ----------
    names : of models; ``best`` stands for all that may win.
    validation : shape of ``train.user_items``; a stored entry is a held-out like.
    fixed : settings that are not searched, by name.
    winners : settings that are tried first, by name: last run's.

    Returns
    -------
    With one thread and a budget of trials alone, the same for the same seed.
    """
    choosing = _Choosing(
        tuple(dict.fromkeys(names)),
        Judge.of(train, validation, seed=seed, threads=threads),
        Purse(budget or Budget()),
        seed,
        fixed or {},
        winners or {},
    )
    return choosing.choice()


@dataclass(slots=True)
class _Choosing:
    """A choice on its way."""

    wanted: tuple[str, ...]
    judge: Judge
    purse: Purse
    seed: int
    fixed: Mapping[str, Recommender]
    winners: Mapping[str, Recommender]
    models: dict[str, Recommender] = field(default_factory=dict)
    scores: dict[str, float] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    trials: list[Trial] = field(default_factory=list)
    studies: list[Study[Any]] = field(default_factory=list)

    @property
    def composes(self) -> bool:
        """Whether a blend is wanted, by name or as what may win."""
        return any(name in self.wanted for name in _COMPOSED)

    def choice(self) -> Choice:
        """Search, blend and compare."""
        self._begin()
        if len(self.judge.users):
            run_rounds(self.studies, self.purse, self._reserve_s)
            self._settle()
            if self.composes:
                self._blend()
        else:
            self.notes.append(
                "nobody has likes in training and in validation: parameters are the defaults"
            )
        best = max(self.scores, key=lambda name: self.scores[name], default=None)
        self.models[Best.name] = Best(Popular() if best is None else self.models[best])
        models = {name: self.models[name] for name in self.wanted if name in self.models}
        chosen = [inner for model in models.values() for inner in _all(model)]
        return Choice(models, trial_frame(self.trials, chosen), tuple(self.notes))

    def _begin(self) -> None:
        """Leave out what refuses the data, and open a study for all that is to be scored."""
        for name in self._singles():
            model = self.fixed.get(name) or recommender(name)()
            reason = model.refusal(self.judge.train, in_tuner=name not in self.fixed)
            if reason:
                self.notes.append(f"{name} is left out: {reason}")
                continue
            self.models[name] = model
            if self._is_compared(name) or (_has_choice(model) and name not in self.fixed):
                self.studies.append(self._study(model))
        if self.composes:
            able = [self.models[name] for name in _BLENDED if name in self.models]
            weights = (self.fixed.get(Blend.name) or Blend()).parameters
            self.models[Blend.name] = Blend.of(weights, able)

    def _singles(self) -> list[str]:
        """Names of all that is fitted for itself or for a blend, in order."""
        names = [name for name in self.wanted if name not in _COMPOSED]
        if self.composes:
            names += _BLENDED
        if Best.name in self.wanted:
            names.append(Popular.name)
        return list(dict.fromkeys(names))

    def _is_compared(self, name: str) -> bool:
        return (self.composes and name in _BLENDED) or (
            Best.name in self.wanted and name == Popular.name
        )

    def _study(self, model: Recommender) -> Study[Any]:
        is_fixed = model.name in self.fixed
        first = self.winners.get(model.name)
        starts = (model,) if is_fixed or first is None else (first, model)
        return Study(starts, self.judge, self.purse, self.seed, is_searched=not is_fixed)

    def _reserve_s(self) -> float:
        """Seconds for the choice of a blend, the final fits and everybody's lists."""
        contenders = self._contenders() if self.composes else self.studies
        reserved = 0.0
        if self.composes and len(contenders) > 1:
            more = len(self.judge.by_more_users(self.seed).users) / len(self.judge.users)
            reserved += _BLEND_S + 2 * more * sum(study.judge_s for study in contenders)
        if self.purse.budget.pays_lists:
            reserved += sum(study.final_s for study in contenders)
        return reserved

    def _contenders(self) -> list[Study[Any]]:
        """Studies whose best may have a part in a blend."""
        scores = {
            study.name: study.best.score
            for study in self.studies
            if study.best and study.name in _BLENDED
        }
        least = _LEAST_OF_THE_BEST * max(scores.values(), default=0.0)
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
        judge = self.judge.by_more_users(self.seed)
        pool = Pool.of([best.fitted for best in bests.values()], judge)
        alone = pool.alone()
        self.scores.update(zip(bests, alone, strict=True))
        if fixed := self.fixed.get(Blend.name):
            weights = tuple(float(fixed.parameters[name]) for name in bests)
        else:
            weights = best_weights(pool, alone)
        blend = Blend.of(
            dict(zip(bests, weights, strict=True)), [best.settings for best in bests.values()]
        )
        self.models[Blend.name] = blend
        score = self.scores[Blend.name] = float(pool.ndcg(weights).mean())
        now = self.purse.elapsed_s
        self.trials.append(Trial.of(blend, score, len(judge.users), now - began, now))


def _has_choice(model: Recommender) -> bool:
    return bool(model.search_space()) or model.path() != (model,)


def _all(model: Recommender) -> list[Recommender]:
    """A model and all that stand within it."""
    return [model, *(inner for part in model.within for inner in _all(part))]
