"""The search for the best settings of one algorithm: an Optuna study, one fit a trial.

A fit may pass through many settings (`Recommender.path`: epochs) and is looked at on its way,
while it gets better.  The cost of each step is estimated from those before it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Generic, TypeVar

import optuna
from optuna.distributions import FloatDistribution, IntDistribution

from pipeline.errors import FitError
from pipeline.recommenders.base import Fitted, Recommender
from pipeline.tuning.budget import Purse
from pipeline.tuning.judge import Judge
from pipeline.tuning.proposing import GaussianProcessSampler, SearchSpace
from pipeline.tuning.trials import Trial

__all__ = ["Best", "Study"]

_MOST_TRIALS: Final = 60
_LOOKS_WITHOUT_GAIN: Final = 2
_HOPELESS: Final = 0.9
_FIRST_JUDGED_LOOK: Final = 2
_SLOW_DECAY: Final = 0.5  # a cost that was met is believed for a while
_ASKED_AGAIN: Final = 3

M = TypeVar("M", bound=Recommender)


@dataclass(frozen=True, slots=True)
class Best(Generic[M]):
    """The best look so far: settings, their score and what they gave, for the judge's users."""

    settings: M
    score: float
    fitted: Fitted


@dataclass(slots=True)
class Study(Generic[M]):
    """Trials of one algorithm.

    Attributes
    ----------
    starts : settings that are tried first, in this order.
    base : settings that have the last word on what is not searched; the last start where None.
    best : None until a fit was scored.
    growth : cost of a final fit to that of a trial: it has the likes that judge, too.
    is_searched : whether settings other than the start are tried.
    is_over : nothing more is to be tried; ``was_cut`` says that the budget ended it.
    judge_s : seconds of the last look.
    spent_s : seconds of fits and looks; ``n_fits`` is how many.
    """

    starts: Sequence[M]
    judge: Judge
    purse: Purse
    seed: int
    base: M | None = None
    growth: float = 1.3
    is_searched: bool = True
    best: Best[M] | None = None
    is_over: bool = False
    was_cut: bool = False
    spent_s: float = 0.0
    n_fits: int = 0
    judge_s: float = 0.0
    trials: list[Trial] = field(default_factory=list)
    _effort_s: float = 0.0
    _best_path: dict[int, float] = field(default_factory=dict)
    _optuna: optuna.Study = field(init=False)
    _space: SearchSpace = field(init=False)
    _base: M = field(init=False)

    def __post_init__(self) -> None:
        self._base = self.base or self.starts[-1]
        first = self._base.path()[0]
        self._effort_s = first.first_fit_s(self.judge.train) / first.effort
        space = first.search_space() if self.is_searched else {}
        self._space = {name: _distribution(item) for name, item in space.items()}
        self._optuna = _quiet_study(self._space, self.seed)
        for settings in dict.fromkeys(self.starts):
            place = settings.coordinates(self.judge.train)
            inside = {
                name: min(max(place[name], space.low), space.high)
                for name, space in self._space.items()
            }
            self._optuna.enqueue_trial(inside)

    @property
    def name(self) -> str:
        """Name of the algorithm."""
        return self.starts[0].name

    @property
    def settled(self) -> M:
        """The best settings; where none was scored the farthest of the path that is payable.

        Settings that are not searched stay as they are.
        """
        if not self.is_searched:
            return self.starts[0]
        if self.best:
            return self.best.settings
        path = self._base.path()
        payable = [step for step in path if self._affords(step.effort)]
        return payable[-1] if payable else path[0]

    @property
    def note(self) -> str | None:
        """In words where the budget cut the search short."""
        if not self.was_cut:
            return None
        if not self.best and not self.is_searched:
            return f"{self.name}: the budget pays for no trial; it is not compared with others"
        if not self.best:
            cut = "" if self.settled == self._base else ", cut to what it pays for"
            return f"{self.name}: the budget pays for no trial; parameters are the defaults{cut}"
        fits = f"{self.n_fits} trial{'' if self.n_fits == 1 else 's'}"
        return f"{self.name}: the budget ended the search after {fits}"

    @property
    def first_s(self) -> float:
        """Seconds of a first fit, as far as is known by now."""
        return self._path(self._base)[0].effort * self._effort_s

    @property
    def final_s(self) -> float:
        """Seconds that the final fit of the best settings and everybody's lists will take."""
        settings = self.best.settings if self.best else self._path(self._base)[0]
        n_users, n_judged = self.judge.train.n_users, max(len(self.judge.users), 1)
        effort = settings.effort + settings.effort_of_users * (1 - n_judged / n_users)
        lists_s = self.judge_s * n_users / n_judged
        return self.growth * (effort * self._effort_s + lists_s)

    def step(self) -> None:
        """Fit once more and score it, or find that there is nothing more to be had."""
        most = (self.purse.budget.trials or _MOST_TRIALS) if self._space else 1
        if self.n_fits >= most:
            self.is_over = True
            self.was_cut |= bool(self._space) and self.purse.budget.trials is not None
            return
        for _ in range(_ASKED_AGAIN):
            trial = self._optuna.ask(dict(self._space))
            settings = self._base.at(trial.params, self.judge.train)
            if self._affords(self._path(settings)[0].effort):
                self._run(settings, trial)
                return
            self._optuna.tell(trial, state=optuna.trial.TrialState.FAIL)
        self.is_over = self.was_cut = True

    def look_at(self, settings: M) -> None:
        """Fit and score settings that are not of the search; nothing where they diverge."""
        began = self.purse.elapsed_s
        try:
            fitted = settings.fit(self.judge.train, seed=self.seed, threads=self.judge.threads)
            fitted_at = self.purse.elapsed_s
            score = self.judge.score(fitted)
        except FitError:
            return
        fit_s = fitted_at - began
        self.judge_s = self.purse.elapsed_s - fitted_at
        self._effort_s = max(fit_s / settings.effort, self._effort_s)
        self._note(settings, fitted, score, fit_s)

    def _note(self, settings: M, fitted: Fitted, score: float, fit_s: float) -> None:
        self.trials.append(Trial.of(settings, score, self.judge, fit_s, self.purse.elapsed_s))
        if self.best is None or score > self.best.score:
            self.best = Best(settings, score, fitted)

    def _affords(self, effort: float) -> bool:
        return self.purse.affords(self.judge_s + effort * self._effort_s)

    def _run(self, settings: M, trial: optuna.Trial) -> None:
        began = self.purse.elapsed_s
        scores = self._follow(settings)
        self.n_fits += 1
        self.spent_s += self.purse.elapsed_s - began
        if not scores:
            self._optuna.tell(trial, state=optuna.trial.TrialState.FAIL)
            return
        self._optuna.tell(trial, max(scores.values()))
        if max(scores.values()) >= max(self._best_path.values(), default=0.0):
            self._best_path = scores

    def _path(self, settings: M) -> tuple[M, ...]:
        """What a fit passes through: where nothing is searched, these settings alone."""
        return settings.path() if self.is_searched else (settings,)

    def _follow(self, settings: M) -> dict[int, float]:
        """Scores of the settings that a fit passes through, while they get better."""
        judge = self.judge
        seed, threads = self.seed, judge.threads
        path = self._path(settings)
        fits = settings.fit_path(judge.train, users=judge.users, seed=seed, threads=threads)
        if not self.is_searched:
            fits = (one.fit(judge.train, seed=seed, threads=threads) for one in path)
        scores: dict[int, float] = {}
        spent = 0.0
        for place, step in enumerate(path):
            if place and not self._affords(step.effort - spent):
                self.was_cut = True
                break
            score = self._look(step, fits, step.effort - spent)
            spent = step.effort
            if score is None:
                break
            scores[place] = score
            if self._is_past_its_best(scores, place):
                break
        return scores

    def _look(self, step: M, fits: Iterator[Fitted], effort: float) -> float | None:
        """Score of one setting; None where its fit or its scores diverge."""
        began = self.purse.elapsed_s
        try:
            fitted = next(fits)
            fitted_at = self.purse.elapsed_s
            score = self.judge.score(fitted)
        except FitError:
            return None
        self.judge_s = self.purse.elapsed_s - fitted_at
        fit_s = fitted_at - began
        self._effort_s = max(fit_s / effort, self._effort_s * _SLOW_DECAY)
        self._note(step, fitted, score, fit_s)
        return score

    def _is_past_its_best(self, scores: dict[int, float], place: int) -> bool:
        """Whether the fit gets no better, or stays behind the best fit so far."""
        peak = max(scores, key=lambda at: scores[at])
        behind = scores[place] < _HOPELESS * self._best_path.get(place, 0.0)
        return place - peak >= _LOOKS_WITHOUT_GAIN or (behind and place >= _FIRST_JUDGED_LOOK)


def _distribution(parameter: Any) -> FloatDistribution | IntDistribution:  # noqa: ANN401
    low, high = parameter.metadata["search"]
    log = parameter.metadata["log"]
    if isinstance(parameter.default, int):
        return IntDistribution(int(low), int(high), log=log)
    return FloatDistribution(float(low), float(high), log=log)


def _quiet_study(space: SearchSpace, seed: int) -> optuna.Study:
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    sampler = GaussianProcessSampler(space, seed)
    return optuna.create_study(sampler=sampler, direction="maximize")
