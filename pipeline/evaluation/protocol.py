"""One protocol for every model: the same split, the same seed, all items ranked, one scorer.

Parameters are chosen by fits on the train part and scores on the validation part.  Each model
is then fitted once on train and validation together and ranks every item of the catalogue that
the user has not liked there (never a sample: Krichene & Rendle 2020); test likes are only
looked at to score these lists, after every choice is made.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from pipeline.dataset.matrix import Dataset
from pipeline.dataset.splits import SplitKind
from pipeline.evaluation.comparing import differences, overlaps
from pipeline.evaluation.figures import Evaluation, ModelFigures
from pipeline.evaluation.held_out import HeldOut
from pipeline.evaluation.intervals import RESAMPLES
from pipeline.evaluation.judging import KS, list_wide, user_estimates
from pipeline.evaluation.shift import Shift, popularity_shift
from pipeline.evaluation.slices import Slice, slices_of
from pipeline.recommenders.base import IntArray, Recommender
from pipeline.tuning.budget import Budget
from pipeline.tuning.choosing import Choice, choose
from pipeline.tuning.judge import enough_to_judge
from pipeline.tuning.trials import trial_frame

__all__ = ["Evaluation", "HeldOut", "evaluate"]


def evaluate(
    models: Sequence[Recommender],
    held_out: HeldOut,
    *,
    budget: Budget | None = None,
    fixed: Mapping[str, Recommender] | None = None,
    published: Recommender | None = None,
    seen_left_in: bool = False,
    threads: int = 1,
    resamples: int = RESAMPLES,
) -> Evaluation:
    """Judge every model on the same held-out likes.

    A model that refuses these likes (too much memory, no features) is left out with a note.

    Parameters
    ----------
    models : settings to judge or, with a budget, to start from; each name once.
    budget : for the choice of all parameters; None takes the settings as they are.
    fixed : settings that are not searched, by name; those of parts of a blend too.
    published : settings of what is published now, judged beside the others.
    seen_left_in : leave known likes in the lists, as the protocol of old posts does.
    """
    run = _Run(held_out, held_out.known, threads, resamples, seen_left_in)
    choice = run.choice(models, budget, fixed)
    chosen, refused = run.accepted(choice.models.values())
    every, at = run.with_published(chosen, published)
    lists = [run.lists(model) for model in every]
    slices = slices_of(run.known.user_items, held_out.judged)
    judged = run.judged(every, lists, slices)
    now = None if at is None else judged[at]
    own = {each.model.name: each for each in judged[: len(chosen)]}
    shift = run.shift()
    return Evaluation(
        models=tuple(own.values()),
        trials=choice.trials,
        n_users=len(held_out.judged),
        n_users_skipped=held_out.n_users_skipped,
        split=held_out.kind,
        seed=held_out.seed,
        shift=shift,
        published=now,
        slices=slices,
        differences=differences(
            {name: each.estimates for name, each in own.items()},
            None if now is None else now.estimates,
        ),
        overlaps=overlaps(dict(zip(own, lists, strict=False))),
        seen_left_in=seen_left_in,
        notes=(*choice.notes, *refused, *([shift.sentence] if shift.warns else [])),
    )


@dataclass(frozen=True, slots=True)
class _Run:
    """The likes of a split, arranged once: fits share what they derive from `known`."""

    held_out: HeldOut
    known: Dataset
    threads: int
    resamples: int
    seen_left_in: bool

    def choice(
        self,
        models: Sequence[Recommender],
        budget: Budget | None,
        fixed: Mapping[str, Recommender] | None,
    ) -> Choice:
        """Settings by name, by train and validation likes alone where there is a budget."""
        given = {model.name: model for model in models}
        if budget is None:
            return Choice(given, trial_frame([], []))
        seed = self.held_out.seed
        train, validation, note = enough_to_judge(
            self.held_out.train, self.held_out.validation, seed=seed
        )
        choice = choose(
            given,
            train,
            validation,
            seed=seed,
            threads=self.threads,
            budget=budget,
            fixed=fixed,
            winners={name: model for name, model in given.items() if model != type(model)()},
        )
        return replace(choice, notes=(*([note] if note else []), *choice.notes))

    def accepted(self, models: Iterable[Recommender]) -> tuple[list[Recommender], list[str]]:
        """Models that take the likes, and why the others do not."""
        why = {model: model.refusal(self.known) for model in models}
        refused = [f"{model.name} is left out: {text}" for model, text in why.items() if text]
        return [model for model, text in why.items() if not text], refused

    def with_published(
        self, chosen: list[Recommender], published: Recommender | None
    ) -> tuple[list[Recommender], int | None]:
        """All that is fitted, the same settings once; where the published one stands in it."""
        if published is None or published.refusal(self.known) is not None:
            return chosen, None
        every = chosen if published in chosen else [*chosen, published]
        return every, every.index(published)

    def lists(self, model: Recommender) -> IntArray:
        """The longest lists that are judged, of a fit on all that may be known."""
        fitted = model.fit_once(self.known, seed=self.held_out.seed, threads=self.threads)
        seen = None if self.seen_left_in else self.known.user_items
        users = self.held_out.judged
        return fitted.user_lists(users, max(KS), seen=seen, threads=self.threads).item_idxs

    def judged(
        self, models: Sequence[Recommender], lists: Sequence[IntArray], slices: Sequence[Slice]
    ) -> list[ModelFigures]:
        """Figures of each model's lists: here, and only here, the test likes are looked at."""
        relevant = self.held_out.test[self.held_out.judged]
        draws = {"seed": self.held_out.seed, "resamples": self.resamples}
        found = user_estimates(lists, relevant, slices, **draws)
        return [
            ModelFigures(model, own, list_wide(listed, self.known))
            for model, own, listed in zip(models, found, lists, strict=True)
        ]

    def shift(self) -> Shift:
        """Of popularity; the splits by chance draw a share of each user's likes."""
        drawn_by_user = self.held_out.kind in {SplitKind.RANDOM, SplitKind.REC_A_SKETCH}
        return popularity_shift(self.known.user_items, self.held_out.test, by_user=drawn_by_user)
