"""``python -m tests.benchmarks.cold_items WORLDS [SECONDS] [SEED] [cold|all]``: new and all items.

New items: a fifth of the items of a world is held out whole and ranked among itself.  All items:
a random split of the likes, and the hybrid beside the collaborative model within it.  Every model
has the same seconds to be tuned in, on splits of the training part; what is held out is looked
at once, in the end.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from pipeline.dataset.columns import ITEM_ID, LIKED_AT, USER_ID
from pipeline.dataset.features import item_features
from pipeline.dataset.matrix import Dataset, dataset_from, subset, user_items_of
from pipeline.dataset.splits import Part, SplitParams, split_interactions
from pipeline.dataset.world import read_world
from pipeline.evaluation.intervals import intervals, paired_difference
from pipeline.evaluation.metrics import ndcg_at_k
from pipeline.recommenders.base import Fitted, IntArray, Recommender
from pipeline.recommenders.hybrid import Hybrid
from pipeline.recommenders.lightfm import LightfmHybrid
from pipeline.recommenders.tag_kernel import TagKernel
from pipeline.recommenders.tag_profile import TagProfile
from pipeline.tuning.budget import Budget, Purse
from pipeline.tuning.choosing import choose
from pipeline.tuning.cold import ColdJudge, cold_split
from pipeline.tuning.study import Study

__all__ = ["Row", "measure", "measure_all", "measure_cold", "world_dataset"]

K = 20
COLD, ALL = PROTOCOLS = ("cold", "all")


@dataclass(frozen=True, slots=True)
class Row:
    """One model on one world.

    Attributes
    ----------
    protocol : ``cold`` or ``all``.
    ndcg, low, high : NDCG@20 over users, and its interval.
    against : model of the paired difference; ``difference`` and its interval are of this row's
        model less that one; NaN for that one itself.
    """

    world: str
    protocol: str
    seed: int
    model: str
    n_users: int
    ndcg: float
    low: float
    high: float
    against: str
    difference: float
    difference_low: float
    difference_high: float
    parameters: str


def world_dataset(folder: Path) -> Dataset:
    """Likes and features of a world's folder."""
    world = read_world(folder / "likes.parquet", items=folder / "items.parquet")
    items = world.items
    if items is None:
        raise ValueError(f"{folder}: no items")
    return dataset_from(world.likes, item_ids=items[ITEM_ID], item_features=item_features(items))


def measure(
    folders: Sequence[Path],
    *,
    seeds: Sequence[int] = (0,),
    budget_s: float = 120.0,
    protocols: Sequence[str] = PROTOCOLS,
) -> Iterator[Row]:
    """Rows of these protocols for each world and seed."""
    for folder in folders:
        dataset = world_dataset(folder)
        for seed in seeds:
            if COLD in protocols:
                yield from measure_cold(folder.name, dataset, seed=seed, budget_s=budget_s)
            if ALL in protocols:
                yield from measure_all(folder.name, dataset, seed=seed, budget_s=budget_s)


def measure_cold(world: str, dataset: Dataset, *, seed: int, budget_s: float) -> list[Row]:
    """The hybrid and its rivals on items held out whole, ranked among themselves."""
    split = cold_split(dataset, seed=seed)
    users = np.flatnonzero(np.diff(split.held_out.indptr)).astype(np.int32)
    models = {
        **_tuned_alone(split.train, seed, budget_s),
        Hybrid.name: _tuned_hybrid(split.train, seed, budget_s),
    }
    values = {}
    for name, model in models.items():
        fitted = model.fit(split.train, seed=seed)
        lists = fitted.user_lists(users, K, candidates=split.cold)
        values[name] = ndcg_at_k(lists.item_idxs, split.held_out[users], K)
    return list(_rows(world, COLD, seed, models, values=values, against=LightfmHybrid.name))


def measure_all(world: str, dataset: Dataset, *, seed: int, budget_s: float) -> list[Row]:
    """The hybrid and the collaborative model within it, all items ranked."""
    train, test = _random_split(dataset, seed, 0.2)
    hybrid = _tuned_hybrid(train, seed, budget_s)
    models = {"collaborative": hybrid.collaborative, Hybrid.name: hybrid}
    users = np.flatnonzero(np.diff(test.indptr)).astype(np.int32)
    values = {
        name: _ndcg(model.fit_once(train, seed=seed), users, train, test)
        for name, model in models.items()
    }
    return list(_rows(world, ALL, seed, models, values=values, against="collaborative"))


def _tuned_alone(train: Dataset, seed: int, budget_s: float) -> dict[str, Recommender]:
    """Each rival with its own budget, judged as the hybrid's content models are."""
    split = cold_split(train, seed=seed + 1)
    judge = ColdJudge.of_split(split, seed=seed)
    rivals = {
        LightfmHybrid.name: LightfmHybrid(epochs=100),
        TagProfile.name: TagProfile(),
        TagKernel.name: TagKernel(),
    }
    found: dict[str, Recommender] = {}
    for name, start in rivals.items():
        purse = Purse(Budget(seconds=budget_s))
        study = Study((start,), judge, purse, seed)
        while not study.is_over:
            study.step()
        found[name] = study.settled
    return found


def _tuned_hybrid(train: Dataset, seed: int, budget_s: float) -> Hybrid:
    """As a site's is: most of the time goes to the collaborative model within it."""
    trial, validation = _random_split(train, seed + 1, 0.1)
    budget = Budget(seconds=budget_s, pays_lists=False)
    choice = choose([Hybrid.name], trial, validation, seed=seed, budget=budget)
    return cast("Hybrid", choice.models[Hybrid.name])


def _random_split(dataset: Dataset, seed: int, share: float) -> tuple[Dataset, csr_matrix]:
    """A share of each user's likes held out."""
    likes = dataset.user_items.tocoo()
    pairs = pl.DataFrame(
        {USER_ID: dataset.user_ids[likes.row], ITEM_ID: dataset.item_ids[likes.col]}
    ).with_columns(pl.lit(None, pl.Datetime("us", "UTC")).alias(LIKED_AT))
    params = SplitParams(test_share=share, validation_share=0.0)
    split = split_interactions(pairs, seed=seed, params=params)
    train = subset(dataset, split.part(Part.TRAIN))
    return train, user_items_of(dataset, split.part(Part.TEST))


def _ndcg(fitted: Fitted, users: IntArray, train: Dataset, test: csr_matrix) -> NDArray[np.float64]:
    lists = fitted.user_lists(users, K, seen=train.user_items)
    return ndcg_at_k(lists.item_idxs, test[users], K)


def _rows(
    world: str,
    protocol: str,
    seed: int,
    models: Mapping[str, Recommender],
    *,
    values: Mapping[str, NDArray[np.float64]],
    against: str,
) -> Iterator[Row]:
    for name, own in values.items():
        mean = intervals(own[:, None], seed=seed)[0]
        difference = paired_difference(own, values[against], seed=seed)
        facts = (world, protocol, seed, name, len(own), mean.mean, mean.low, mean.high, against)
        gained = (difference.mean, difference.low, difference.high)
        yield Row(*facts, *gained, parameters=str(models[name].described))


def main(arguments: Sequence[str]) -> None:
    """Print a line for each row."""
    folders = [Path(path) for path in arguments[0].split(",")]
    budget_s = float(arguments[1]) if len(arguments) > 1 else 120.0
    seeds = (int(arguments[2]),) if len(arguments) > 2 else (0,)
    protocols = arguments[3:] or PROTOCOLS
    for row in measure(folders, seeds=seeds, budget_s=budget_s, protocols=protocols):
        sys.stdout.write(
            f"{row.world:8} {row.protocol:5} {row.model:15} {row.n_users:5} users  "
            f"{row.ndcg:.4f} ({row.low:.4f} to {row.high:.4f})  less {row.against} "
            f"{row.difference:+.4f} ({row.difference_low:+.4f} to {row.difference_high:+.4f})  "
            f"{row.parameters}\n"
        )
        sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
