"""Which models with which settings: studies of all algorithms, then their blend.

A choice sees training and validation likes and nothing else.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, cast

import polars as pl
from scipy.sparse import csr_matrix

from pipeline.dataset.matrix import Dataset
from pipeline.recommenders.base import Fitted, Recommender
from pipeline.recommenders.best import Best
from pipeline.recommenders.blend import BLENDED, Blend, BlendFitted, Part
from pipeline.recommenders.hybrid import CONTENT, Hybrid
from pipeline.recommenders.popular import Popular
from pipeline.recommenders.registry import recommender
from pipeline.tuning.blending import Pool, best_weights
from pipeline.tuning.budget import Budget, Purse
from pipeline.tuning.hybridizing import choose_hybrid
from pipeline.tuning.judge import Judge
from pipeline.tuning.rounds import run_rounds
from pipeline.tuning.study import Study
from pipeline.tuning.trials import Trial, trial_frame

__all__ = ["Choice", "choose"]

_BLENDED: Final = tuple(algorithm.name for algorithm in BLENDED)
_CONTENT: Final = tuple(algorithm.name for algorithm in CONTENT)
_COMPOSED: Final = (Blend.name, Hybrid.name, Best.name)
_BLEND_S: Final = 4.0  # a hundred sums of the pools of 6,000 users
_HYBRID_SHARE: Final = 0.3  # of the seconds, for content models and the curve
_NEAR: Final = 0.9  # of the best: who may lead by other users
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
    choosing = _Choosing(
        tuple(dict.fromkeys(names)),
        Judge.of(train, validation, seed=seed, threads=threads),
        Purse(budget or Budget()),
        seed,
        fixed or {},
        winners or {},
        insists,
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
    insists: bool
    models: dict[str, Recommender] = field(default_factory=dict)
    scores: dict[str, float] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    trials: list[Trial] = field(default_factory=list)
    studies: list[Study[Any]] = field(default_factory=list)
    fits: dict[str, Fitted] = field(default_factory=dict)

    @property
    def composes(self) -> bool:
        """Whether a blend is wanted, by name or as what may win."""
        return any(name in self.wanted for name in _COMPOSED)

    @property
    def hybridizes(self) -> bool:
        """Whether a hybrid is wanted, by name or as what may win, and can be made."""
        wanted = Hybrid.name in self.wanted or Best.name in self.wanted
        return wanted and Hybrid.name in self.models and Hybrid.name not in self.fixed

    def choice(self) -> Choice:
        """Search, blend and compare."""
        self._begin()
        if len(self.judge.users):
            run_rounds(self.studies, self.purse, self._reserve_s)
            self._settle()
            if self.composes:
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
        models = {name: self.models[name] for name in self.wanted if name in self.models}
        chosen = [inner for model in models.values() for inner in _all(model)]
        return Choice(models, trial_frame(self.trials, chosen), tuple(self.notes))

    def _rank(self, name: str) -> tuple[float, bool]:
        """By score; a blend gives way to the single model that it is no better than."""
        return self.scores[name], name != Blend.name

    def _begin(self) -> None:
        """Leave out what refuses the data, and open a study for all that is to be scored."""
        for name in self._singles():
            model = self.fixed.get(name) or recommender(name)()
            reason = model.refusal(self.judge.train, in_tuner=name not in self.fixed)
            if reason and self.insists and name in self.wanted:
                if by_hand := model.refusal(self.judge.train):
                    self.notes.append(f"{name} is left out: {by_hand}")
                else:
                    self.notes.append(f"{name} has its default parameters: {reason}")
                    self.models[name] = model
                continue
            if reason:
                self.notes.append(f"{name} is left out: {reason}")
                continue
            self.models[name] = model
            if self._is_compared(name) or self._is_searched(model):
                self.studies.append(self._study(model))
        if self.composes:
            able = [self.models[name] for name in _BLENDED if name in self.models]
            weights = (self.fixed.get(Blend.name) or Blend()).parameters
            self.models[Blend.name] = Blend.of(weights, able)
            self._begin_hybrid()
            if Hybrid.name not in self.models:
                self._search_alone()

    def _search_alone(self) -> None:
        """Studies of content models that a hybrid would have chosen, had it not refused."""
        begun = {study.name for study in self.studies}
        for name in self.wanted:
            if name in _CONTENT and name in self.models and not {name} & {*begun, *self.fixed}:
                self.studies.append(self._study(self.models[name]))

    def _begin_hybrid(self) -> None:
        """The hybrid as it is before a search; none where the data set has no features."""
        given = self.fixed.get(Hybrid.name) or self.winners.get(Hybrid.name) or Hybrid()
        content = {settings.name: settings for settings in cast("Hybrid", given).content}
        content.update({name: self.fixed[name] for name in _CONTENT if name in self.fixed})
        hybrid = replace(
            cast("Hybrid", given),
            collaborative=self.models[Blend.name],
            content=tuple(content.values()),
        )
        unfit = [one.name for one, _ in hybrid.weighted if one.refusal(self.judge.train)]
        without: dict[str, Any] = dict.fromkeys(unfit, 0.0)
        if len(unfit) < len(hybrid.weighted):
            hybrid = replace(hybrid, **without)
        reason = hybrid.refusal(self.judge.train)
        if reason is None:
            self.models[Hybrid.name] = hybrid
        elif Hybrid.name in self.wanted:
            self.notes.append(f"{Hybrid.name} is left out: {reason}")

    def _singles(self) -> list[str]:
        """Names of all that is fitted for itself or for a blend, in order."""
        names = [name for name in self.wanted if name not in _COMPOSED]
        if self.composes:
            names += _BLENDED
        if Best.name in self.wanted:
            names.append(Popular.name)
        return list(dict.fromkeys(names))

    def _is_compared(self, name: str) -> bool:
        """Whether it is scored as it is: what may have a part in a blend, or win as it stands."""
        if self.composes and name in _BLENDED:
            return True
        return Best.name in self.wanted and (name == Popular.name or name in self.fixed)

    def _is_searched(self, model: Recommender) -> bool:
        """Whether it has a search of its own: content models of a hybrid are chosen with it."""
        within_hybrid = model.name in _CONTENT and Hybrid.name in self.wanted
        return _has_choice(model) and model.name not in self.fixed and not within_hybrid

    def _study(self, model: Recommender) -> Study[Any]:
        if model.name in self.fixed:
            return Study((model,), self.judge, self.purse, self.seed, is_searched=False)
        starts = model.starts(self.judge.train)
        last = self.winners.get(model.name)
        first = () if last is None else (last,)
        return Study((*first, *starts), self.judge, self.purse, self.seed, base=model)

    def _reserve_s(self) -> float:
        """Seconds for the choice of a blend, a hybrid, the final fits and everybody's lists.

        A hybrid has to wait until all algorithms were tried: which leads matters more.
        """
        contenders = self._contenders() if self.composes else self.studies
        reserved = 0.0
        if self.composes and len(contenders) > 1:
            more = len(self.judge.by_more_users(self.seed).users) / len(self.judge.users)
            reserved += _BLEND_S + 2 * more * sum(study.judge_s for study in contenders)
        has_tried_all = all(study.n_fits or study.is_over for study in self.studies)
        if self.hybridizes and has_tried_all and self.purse.budget.seconds is not None:
            reserved += _HYBRID_SHARE * self.purse.budget.seconds
        if self.purse.budget.pays_lists:
            reserved += self._final_s()
        return reserved

    def _final_s(self) -> float:
        """Seconds of the fits and lists that follow: of contenders and of all that is wanted."""
        names = {study.name for study in self._contenders()} if self.composes else set()
        followed = names | set(self.wanted)
        return sum(study.final_s for study in self.studies if study.name in followed)

    def _contenders(self) -> list[Study[Any]]:
        """Studies whose best may have a part in a blend."""
        scores = {
            study.name: study.best.score
            for study in self.studies
            if study.best and study.name in _BLENDED
        }
        share = 0.0 if Blend.name in self.fixed else _LEAST_OF_THE_BEST
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
        judge = self.judge.by_more_users(self.seed)
        pool = Pool.of([best.fitted for best in bests.values()], judge)
        alone = pool.alone()
        self.scores.update(zip(bests, alone, strict=True))
        self._score_others(judge, max(alone), bests)
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
        self.trials.append(Trial.of(blend, score, judge, now - began, now))
        parts = [
            Part(name, best.fitted, weight)
            for (name, best), weight in zip(bests.items(), weights, strict=True)
            if weight
        ]
        self.fits = {name: best.fitted for name, best in bests.items()}
        self.fits[Blend.name] = BlendFitted(tuple(sorted(parts, key=lambda part: -part.weight)))

    def _score_others(self, judge: Judge, top: float, scored: Collection[str]) -> None:
        """Score models that are no part of the blend, and may yet win, by the same users."""
        for study in self.studies:
            is_near = study.best is not None and study.best.score >= _NEAR * top
            if study.best and is_near and study.name not in scored:
                self.scores[study.name] = judge.score(study.best.fitted)

    def _hybridize(self) -> None:
        """Let content models speak where likes are few; it competes with what it is made of."""
        collaborative = max(self.fits, key=lambda name: self.scores[name], default=None)
        if collaborative is None:
            return
        self.purse.reserved_s = self._final_s()
        began = self.purse.elapsed_s
        found = choose_hybrid(
            self.judge.train,
            self.judge.validation,
            self.models[collaborative],
            fitted=self.fits[collaborative],
            start=cast("Hybrid", self.models[Hybrid.name]),
            fixed=tuple(self.fixed),
            seed=self.seed,
            threads=self.judge.threads,
            seconds_left=lambda: self.purse.left_s,
            trials=self.purse.budget.trials,
            clock=self.purse.budget.clock,
        )
        self.models[Hybrid.name] = found.model
        for content in found.content:
            has_own_search = content.name in self.scores
            if (
                content.name in self.models
                and content.name not in self.fixed
                and not has_own_search
            ):
                self.models[content.name] = content
        self.trials += [replace(trial, elapsed_s=began + trial.elapsed_s) for trial in found.trials]
        self.notes += found.notes
        if not math.isnan(found.score):
            # The same users judge both; what it gains stands on top of the figure of more users.
            gain = found.score - self.judge.score(self.fits[collaborative])
            self.scores[Hybrid.name] = self.scores[collaborative] + gain


def _has_choice(model: Recommender) -> bool:
    return bool(model.search_space()) or model.path() != (model,)


def _all(model: Recommender) -> list[Recommender]:
    """A model and all that stand within it."""
    return [model, *(inner for part in model.within for inner in _all(part))]
