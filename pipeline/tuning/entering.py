"""Who takes part in a choice: settings that take the data, and a study of all that is scored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, cast

from pipeline.recommenders.base import Recommender
from pipeline.recommenders.best import Best
from pipeline.recommenders.blend import BLENDED, Blend
from pipeline.recommenders.hybrid import CONTENT, Hybrid
from pipeline.recommenders.popular import Popular
from pipeline.recommenders.registry import recommender
from pipeline.tuning.budget import Purse
from pipeline.tuning.judge import Judge
from pipeline.tuning.study import Study

__all__ = ["BLENDED_NAMES", "Asked", "Entered", "enter"]

BLENDED_NAMES: Final = tuple(algorithm.name for algorithm in BLENDED)
_CONTENT: Final = tuple(algorithm.name for algorithm in CONTENT)
_COMPOSED: Final = (Blend.name, Hybrid.name, Best.name)


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of a choice.

    Attributes
    ----------
    wanted : names of models; ``best`` stands for all that may win.
    fixed : settings that are not searched, by name.
    winners : settings that are tried first, by name: last run's.
    insists : keep models that were named though a search refuses them, with their defaults.
    """

    wanted: tuple[str, ...]
    fixed: Mapping[str, Recommender] = field(default_factory=dict)
    winners: Mapping[str, Recommender] = field(default_factory=dict)
    insists: bool = False

    @property
    def composes(self) -> bool:
        """Whether a blend is wanted, by name or as what may win."""
        return any(name in self.wanted for name in _COMPOSED)

    @property
    def hybridizes(self) -> bool:
        """Whether a hybrid is to be chosen, by name or as what may win."""
        wanted = Hybrid.name in self.wanted or Best.name in self.wanted
        return wanted and Hybrid.name not in self.fixed

    @property
    def singles(self) -> list[str]:
        """Names of all that is fitted for itself or for a blend, in order."""
        names = [name for name in self.wanted if name not in _COMPOSED]
        if self.composes:
            names += BLENDED_NAMES
        if Best.name in self.wanted:
            names.append(Popular.name)
        return list(dict.fromkeys(names))

    def scores(self, model: Recommender) -> bool:
        """Whether it is scored: what has a search, a part in a blend, or may win as it stands."""
        is_chosen_within = model.name in _CONTENT and Hybrid.name in self.wanted
        has_search = _has_choice(model) and model.name not in self.fixed and not is_chosen_within
        if has_search or (self.composes and model.name in BLENDED_NAMES):
            return True
        return Best.name in self.wanted and (model.name == Popular.name or model.name in self.fixed)


@dataclass(slots=True)
class Entered:
    """What takes part.

    Attributes
    ----------
    models : settings by name, before any search; blend and hybrid are among them.
    studies : of all that is scored.
    notes : sentences on what was left out.
    """

    asked: Asked
    judge: Judge
    purse: Purse
    seed: int
    models: dict[str, Recommender] = field(default_factory=dict)
    studies: list[Study[Any]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add_single(self, name: str) -> None:
        """A model that is fitted for itself, unless it refuses the data set."""
        asked, train = self.asked, self.judge.train
        model = asked.fixed.get(name) or recommender(name)()
        reason = model.refusal(train, in_tuner=name not in asked.fixed)
        if reason and asked.insists and name in asked.wanted:
            if by_hand := model.refusal(train):
                self.notes.append(f"{name} is left out: {by_hand}")
            else:
                self.notes.append(f"{name} has its default parameters: {reason}")
                self.models[name] = model
        elif reason:
            self.notes.append(f"{name} is left out: {reason}")
        else:
            self.models[name] = model
            if asked.scores(model):
                self.add_study(model)

    def add_blend(self) -> None:
        """The blend of all that can be blended, with its weights before a search."""
        able = [self.models[name] for name in BLENDED_NAMES if name in self.models]
        weights = (self.asked.fixed.get(Blend.name) or Blend()).parameters
        self.models[Blend.name] = Blend.of(weights, able)

    def add_hybrid(self) -> None:
        """The hybrid as it is before a search; none where the data set has no features.

        Unless it is fixed, it goes without content models that refuse the data set.
        """
        asked, train = self.asked, self.judge.train
        given = asked.fixed.get(Hybrid.name) or asked.winners.get(Hybrid.name) or Hybrid()
        content = {settings.name: settings for settings in cast("Hybrid", given).content}
        content.update({name: asked.fixed[name] for name in _CONTENT if name in asked.fixed})
        hybrid = replace(
            cast("Hybrid", given),
            collaborative=self.models[Blend.name],
            content=tuple(content.values()),
        )
        unfit = [one.name for one, _ in hybrid.weighted if one.refusal(train)]
        if Hybrid.name not in asked.fixed and len(unfit) < len(hybrid.weighted):
            without: dict[str, Any] = dict.fromkeys(unfit, 0.0)
            hybrid = replace(hybrid, **without)
        reason = hybrid.refusal(train)
        if reason is None:
            self.models[Hybrid.name] = hybrid
        elif Hybrid.name in asked.wanted:
            self.notes.append(f"{Hybrid.name} is left out: {reason}")

    def add_content(self) -> None:
        """Studies of content models that a hybrid would have chosen, had it not refused."""
        begun = {study.name for study in self.studies}
        for name in self.asked.wanted:
            if (
                name in _CONTENT
                and name in self.models
                and not {name} & {*begun, *self.asked.fixed}
            ):
                self.add_study(self.models[name])

    def add_study(self, model: Recommender) -> None:
        """A search that begins with last run's winner; of fixed settings one trial."""
        if model.name in self.asked.fixed:
            study = Study((model,), self.judge, self.purse, self.seed, is_searched=False)
        else:
            last = self.asked.winners.get(model.name)
            starts = (*(() if last is None else (last,)), *model.starts(self.judge.train))
            study = Study(starts, self.judge, self.purse, self.seed, base=model)
        self.studies.append(study)


def enter(asked: Asked, judge: Judge, purse: Purse, seed: int) -> Entered:
    """Leave out what refuses the data set, and open a study for all that is to be scored."""
    entered = Entered(asked, judge, purse, seed)
    for name in asked.singles:
        entered.add_single(name)
    if asked.composes:
        entered.add_blend()
        entered.add_hybrid()
        if Hybrid.name not in entered.models:
            entered.add_content()
    return entered


def _has_choice(model: Recommender) -> bool:
    return bool(model.search_space()) or model.path() != (model,)
