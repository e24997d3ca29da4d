"""Recommendations for likes from a file: choose parameters, fit, list.

No crawl, no curated zone and no snapshot is touched.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from pipeline.dataset.columns import ITEM_ID, LIKED_AT, PAIR, USER_ID, WEIGHT
from pipeline.dataset.features import item_features
from pipeline.dataset.matrix import Dataset, dataset_from, positions, user_items_of
from pipeline.dataset.splits import Part, SplitParams, split_interactions
from pipeline.dataset.world import World
from pipeline.errors import InputError
from pipeline.recommenders.base import Fitted, IntArray, Recommender, narrowed
from pipeline.recommenders.topk import Lists
from pipeline.tuning.budget import Budget
from pipeline.tuning.choosing import Choice, choose
from scrapers.records import USER_HANDLE

__all__ = ["RECOMMENDED_SCHEMA", "SIMILAR_SCHEMA", "Fitting", "Recommended", "recommend"]

RANK: Final = "rank"
SCORE: Final = "score"
MODEL: Final = "model"
SIMILAR_ITEM_ID: Final = "similar_item_id"
RECOMMENDED_SCHEMA: Final[dict[str, pl.DataType]] = {
    USER_HANDLE: pl.String(),
    RANK: pl.Int32(),
    ITEM_ID: pl.String(),
    SCORE: pl.Float32(),
    MODEL: pl.String(),
}
SIMILAR_SCHEMA: Final[dict[str, pl.DataType]] = {
    ITEM_ID: pl.String(),
    RANK: pl.Int32(),
    SIMILAR_ITEM_ID: pl.String(),
    SCORE: pl.Float32(),
    MODEL: pl.String(),
}
_OWN_VALIDATION: Final = SplitParams(test_share=0.1, validation_share=0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitting:
    """How models are fitted and how long their lists are.

    Attributes
    ----------
    budget : seconds of all models together, from the choice to the lists; trials of each.
    fixed : settings that are not chosen but given, by name.
    similar : list items beside items too.
    """

    k: int = 20
    seed: int = 0
    threads: int = 1
    budget: Budget = field(default_factory=Budget)
    fixed: Mapping[str, Recommender] = field(default_factory=dict)
    similar: bool = False


@dataclass(frozen=True, slots=True)
class Recommended:
    """Lists by `RECOMMENDED_SCHEMA` and `SIMILAR_SCHEMA`, and sentences for the caller.

    ``similar`` is None where it was not asked for; ``models`` have, by the names that were
    asked for, the settings that were chosen; ``trials`` are those of `tuning`.
    """

    for_users: pl.DataFrame
    similar: pl.DataFrame | None
    models: Mapping[str, Recommender]
    trials: pl.DataFrame
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Material:
    """All likes, and the same with some of them held out for the choice of parameters."""

    dataset: Dataset
    trial: Dataset
    validation: csr_matrix
    candidates: IntArray | None
    fitting: Fitting


@dataclass(frozen=True, slots=True)
class _Answer:
    """What one model has to say."""

    for_users: pl.DataFrame
    similar: pl.DataFrame | None
    notes: tuple[str, ...]


def recommend(world: World, names: Sequence[str], fitting: Fitting) -> Recommended:
    """Lists of each model for every user, and beside every item where they are asked for.

    Settings that are not fixed are chosen on ``world.validation``, whose pairs are taken out of
    the likes meanwhile, else on a random tenth of each user's likes.  Every model is then
    fitted on all likes; what a user likes is never listed for them.

    Parameters
    ----------
    names : of models; ``best`` is the one that wins on validation.

    Raises
    ------
    InputError : the likes have weights and all are 0, or a model refuses the likes.
    """
    material, notes = _material(world, fitting)
    choice = choose(
        names,
        material.trial,
        material.validation,
        seed=fitting.seed,
        threads=fitting.threads,
        budget=fitting.budget,
        fixed=fitting.fixed,
        insists=True,
    )
    models = _models(names, choice, material.dataset)
    answers = [_answer(name, model, material) for name, model in models.items()]
    similar = [answer.similar for answer in answers if answer.similar is not None]
    return Recommended(
        pl.concat([pl.DataFrame(schema=RECOMMENDED_SCHEMA), *(a.for_users for a in answers)]),
        pl.concat([pl.DataFrame(schema=SIMILAR_SCHEMA), *similar]) if fitting.similar else None,
        models,
        choice.trials,
        (
            *(*world.notes, *notes, *choice.notes),
            *(note for answer in answers for note in answer.notes),
        ),
    )


def _models(names: Sequence[str], choice: Choice, dataset: Dataset) -> dict[str, Recommender]:
    chosen = choice.models
    refused = [name for name in names if name not in chosen]
    faults = [note for note in choice.notes if note.split()[0] in refused]
    faults += [
        reason for name in names if name in chosen and (reason := chosen[name].refusal(dataset))
    ]
    if faults:
        raise InputError(faults)
    return {name: chosen[name] for name in names}


def _material(world: World, fitting: Fitting) -> tuple[_Material, list[str]]:
    likes = world.likes.with_columns(_damped(world.likes[WEIGHT]))
    dataset = dataset_from(
        likes,
        item_ids=() if world.items is None else world.items[ITEM_ID],
        item_features=None if world.items is None else item_features(world.items),
    )
    held_out, notes = _held_out(world, dataset, fitting.seed)
    trial = user_items_of(dataset, likes.join(held_out, on=PAIR, how="anti"))
    material = _Material(
        dataset,
        replace(dataset, user_items=trial),
        user_items_of(dataset, held_out),
        _candidates(world, dataset),
        fitting,
    )
    return material, notes


def _damped(weights: pl.Series) -> pl.Series:
    """Weights as models learn from them: log(1 + weight), 1 on average.

    A play count of 10,000 is more than one of 10, but not a thousand times.
    """
    damped = weights.cast(pl.Float64).log1p()
    if not damped.sum():
        raise InputError([f"column {WEIGHT!r} of the likes is 0 in every row: nothing to learn"])
    if weights.n_unique() == 1:
        return pl.Series(WEIGHT, np.ones(len(weights), np.float32))
    return (damped * len(damped) / damped.sum()).cast(pl.Float32).alias(WEIGHT)


def _held_out(world: World, dataset: Dataset, seed: int) -> tuple[pl.DataFrame, list[str]]:
    """Pairs for the choice of parameters, of known users and items."""
    if world.validation is None:
        untimed = world.likes.with_columns(pl.lit(None, pl.Datetime("us", "UTC")).alias(LIKED_AT))
        return split_interactions(untimed, seed=seed, params=_OWN_VALIDATION).part(Part.TEST), []
    pairs = world.validation.select(PAIR)
    known = pl.Series(_are_known(dataset, pairs))
    unknown = int((~known).sum())
    note = f"{unknown} of {len(pairs)} validation pairs have a user or an item that stands in "
    return pairs.filter(known), [f"{note}neither likes nor items"] if unknown else []


def _are_known(dataset: Dataset, pairs: pl.DataFrame) -> NDArray[np.bool_]:
    users = positions(dataset.user_ids, pairs[USER_ID]) >= 0
    known: NDArray[np.bool_] = users & (positions(dataset.item_ids, pairs[ITEM_ID]) >= 0)
    return known


def _candidates(world: World, dataset: Dataset) -> IntArray | None:
    if world.candidates is None:
        return None
    found = np.sort(positions(dataset.item_ids, world.candidates))
    return found[found >= 0]


def _answer(name: str, model: Recommender, material: _Material) -> _Answer:
    fitting = material.fitting
    fitted = model.fit_once(material.dataset, seed=fitting.seed, threads=fitting.threads)
    for_users = _for_users(name, fitted, material)
    notes = [*_missing_lists(name, fitted, for_users, material)]
    similar = _similar(name, fitted, material) if fitting.similar else None
    if similar is not None and not len(similar):
        notes.append(f"{name}: no similar items: it can compare none")
    return _Answer(for_users, similar, tuple(notes))


def _for_users(name: str, fitted: Fitted, material: _Material) -> pl.DataFrame:
    dataset, fitting = material.dataset, material.fitting
    lists = fitted.user_lists(
        np.arange(dataset.n_users, dtype=np.int32),
        fitting.k,
        seen=dataset.user_items,
        candidates=material.candidates,
        threads=fitting.threads,
    )
    return _frame(lists, dataset.user_ids, dataset.item_ids, name, RECOMMENDED_SCHEMA)


def _similar(name: str, fitted: Fitted, material: _Material) -> pl.DataFrame:
    dataset, fitting = material.dataset, material.fitting
    lists = fitted.item_lists(
        fitted.subjects, fitting.k, candidates=material.candidates, threads=fitting.threads
    )
    if lists is None:
        return pl.DataFrame(schema=SIMILAR_SCHEMA)
    subjects = dataset.item_ids[fitted.subjects]
    return _frame(lists, subjects, dataset.item_ids, name, SIMILAR_SCHEMA)


def _frame(
    lists: Lists,
    subjects: NDArray[np.str_],
    item_ids: NDArray[np.str_],
    model: str,
    schema: dict[str, pl.DataType],
) -> pl.DataFrame:
    """One row a filled place, in the order of the subjects and of the ranks."""
    subject, rank = np.nonzero(lists.item_idxs >= 0)
    ids = pl.Series(item_ids.tolist(), dtype=pl.String)
    columns = (
        pl.Series(subjects.tolist(), dtype=pl.String).gather(subject),
        rank + 1,
        ids.gather(lists.item_idxs[subject, rank]),
        lists.scores[subject, rank],
        pl.repeat(model, len(subject), dtype=pl.String, eager=True),
    )
    named = dict(zip(schema, columns, strict=True))
    return pl.DataFrame(named, schema=schema)


def _missing_lists(
    name: str, fitted: Fitted, for_users: pl.DataFrame, material: _Material
) -> Iterator[str]:
    """Why there are no rows, or whom there are none for."""
    if not len(fitted.listable):
        yield f"{name}: no rows: it can score no item (without features of items, say)"
    elif not len(narrowed(fitted.listable, material.candidates)):
        yield f"{name}: no rows: it can score none of the candidates"
    else:
        n_users = material.dataset.n_users
        without = n_users - for_users[USER_HANDLE].n_unique()
        if without:
            yield f"{name}: {without} of {n_users} users have no list: nothing is left or fits"
