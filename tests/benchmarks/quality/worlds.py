"""``best`` on real likes beside each single model, implicit's models and LightFM.

All are tuned on the same validation likes within the same seconds, fitted on train and
validation together, and judged once by the test likes.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipeline.dataset.columns import ITEM_ID, WEIGHT
from pipeline.dataset.features import item_features
from pipeline.dataset.matrix import Dataset, dataset_from
from pipeline.dataset.splits import SplitKind, SplitParams, split_interactions
from pipeline.dataset.world import read_world
from pipeline.evaluation.held_out import HeldOut
from pipeline.evaluation.intervals import Interval, intervals, paired_difference
from pipeline.evaluation.metrics import ndcg_at_k
from pipeline.recommenders.base import Recommender
from pipeline.recommenders.best import Best
from pipeline.recommenders.blend import BLENDED, Blend
from pipeline.recommenders.lightfm import LightfmCf
from pipeline.recommenders.popular import Popular
from pipeline.recommenders.spectral import Spectral
from pipeline.tuning.budget import Budget
from pipeline.tuning.choosing import choose
from pipeline.tuning.judge import Judge, enough_to_judge
from tests.benchmarks.quality.rivals import ImplicitAls, ImplicitBm25, tuned
from tests.benchmarks.quality.running import Run, apart

__all__ = ["WORLDS", "Case", "Row", "lines", "measure"]

K: Final = 20
_SHARES: Final = SplitParams(test_share=0.2, validation_share=0.125)  # 70/10/20
_RIVALS: Final = (Spectral(), ImplicitAls(), ImplicitBm25(), LightfmCf(epochs=100))
_SINGLES: Final = (*(kind.name for kind in BLENDED), Spectral.name)
_NEAR: Final = 0.995


@dataclass(frozen=True, slots=True)
class Case:
    """A world and how it is split.

    Attributes
    ----------
    least_weight : pairs below are no likes; 0 for all.
    """

    world: str
    kind: SplitKind = SplitKind.RANDOM
    least_weight: float = 0.0


WORLDS: Final = (
    Case("anime"),
    Case("lastfm"),
    Case("ml-100k", least_weight=4.0),
    Case("ml-100k", SplitKind.TEMPORAL, least_weight=4.0),
)


@dataclass(frozen=True, slots=True)
class Row:
    """One model on one world.

    Attributes
    ----------
    above : how far `best` is above this model; NaN for `best` itself.
    tune_s : seconds of its own search; NaN where it was found in the search of `best`.
    """

    case: Case
    model: str
    n_users: int
    ndcg: Interval
    above: Interval
    tune_s: float
    settings: str


def measure(run: Run, cases: Sequence[Case] = WORLDS) -> Iterator[Row]:
    """Rows of each case, `best` first, then the best single model and the others."""
    for case in cases:
        yield from apart(run, _case_rows, case, run)


def split_world(folder: Path, case: Case, seed: int) -> HeldOut:
    """Likes of a world in three parts; every like weighs 1."""
    world = read_world(
        folder / "likes.parquet", items=folder / "items.parquet", weights=case.least_weight > 0
    )
    likes = world.likes.filter(pl.col(WEIGHT) >= case.least_weight).drop(WEIGHT)
    items = world.items
    dataset = dataset_from(
        likes,
        item_ids=() if items is None else items[ITEM_ID],
        item_features=None if items is None else item_features(items),
    )
    split = split_interactions(likes, seed=seed, params=_SHARES, kind=case.kind)
    return HeldOut.of(dataset, split.parts, kind=case.kind, seed=seed)


def _case_rows(case: Case, run: Run) -> list[Row]:
    held_out = split_world(run.data / "worlds" / case.world, case, run.seed)
    found = _chosen(held_out, run)
    known, users = held_out.known, held_out.judged
    values = {name: _ndcg(model, known, held_out, run) for name, (model, _) in found.items()}
    best = values[Best.name]
    rows = []
    for name, own in values.items():
        ndcg = intervals(own[:, None], seed=run.seed)[0]
        above = paired_difference(best, own, seed=run.seed)
        model, seconds = found[name]
        rows.append(Row(case, name, len(users), ndcg, above, seconds, str(model.described)))
    return sorted(rows, key=lambda row: (row.model != Best.name, -row.ndcg.mean))


def _chosen(held_out: HeldOut, run: Run) -> dict[str, tuple[Recommender, float]]:
    """Every model with its settings and the seconds of its search."""
    names = (Best.name, Popular.name, *(kind.name for kind in BLENDED), Blend.name)
    train, validation, _ = enough_to_judge(held_out.train, held_out.validation, seed=run.seed)
    began = time.perf_counter()
    choice = choose(
        names,
        train,
        validation,
        seed=run.seed,
        threads=run.threads,
        budget=Budget(seconds=run.budget_s),
    )
    spent = time.perf_counter() - began
    found = {
        name: (model, spent if name == Best.name else np.nan)
        for name, model in choice.models.items()
    }
    judge = Judge.of(train, validation, seed=run.seed, threads=run.threads)
    for rival in _RIVALS:
        began = time.perf_counter()
        model = tuned(rival, judge, seconds=run.budget_s, seed=run.seed)
        found[rival.name] = (model, time.perf_counter() - began)
    return found


def _ndcg(model: Recommender, known: Dataset, held_out: HeldOut, run: Run) -> NDArray[np.float64]:
    fitted = model.fit_once(known, seed=run.seed, threads=run.threads)
    users = held_out.judged
    lists = fitted.user_lists(users, K, seen=known.user_items, threads=run.threads)
    return ndcg_at_k(lists.item_idxs, held_out.test[users], K)


def lines(run: Run, rows: Sequence[Row]) -> Iterator[str]:
    """The section's text."""
    yield (
        f"70/10/20 splits, NDCG@20 on test over all items, {run.budget_s:.0f} s for each search on "
        f"{run.threads} threads. `best` and what stands in its own search (no seconds) share one "
        "budget; every other row has the same seconds for itself. `best above` is the paired "
        "difference of `best` to the row, with its 95 % interval. ml-100k: 4 stars and up."
    )
    for case in dict.fromkeys(row.case for row in rows):
        own = [row for row in rows if row.case == case]
        yield ""
        yield f"**{case.world}, {case.kind} split**, {own[0].n_users:,} users. {_verdict(own)}"
        yield ""
        yield "| model | NDCG@20 | best above | search s | settings |"
        yield "|---|---|---|---:|---|"
        for row in own:
            yield _line(row)


def _line(row: Row) -> str:
    is_best = row.model == Best.name
    above = (
        ""
        if is_best
        else (f"{row.above.mean:+.4f} ({row.above.low:+.4f} to {row.above.high:+.4f})")
    )
    seconds = "" if np.isnan(row.tune_s) else f"{row.tune_s:.0f}"
    return (
        f"| {row.model} | {row.ndcg.mean:.4f} ({row.ndcg.low:.4f} to {row.ndcg.high:.4f}) | "
        f"{above} | {seconds} | `{_short(row.settings)}` |"
    )


def _short(text: str, most: int = 160) -> str:
    return text if len(text) <= most else f"{text[:most]}..."


def _verdict(rows: Sequence[Row]) -> str:
    best = next(row for row in rows if row.model == Best.name)
    single = max((row for row in rows if row.model in _SINGLES), key=lambda row: row.ndcg.mean)
    share = best.ndcg.mean / single.ndcg.mean
    holds = "holds" if share >= _NEAR else "DOES NOT HOLD"
    return (
        f"`best` is {share - 1:+.1%} from the best single model ({single.model}): at most 0.5 % "
        f"below it {holds}."
    )
