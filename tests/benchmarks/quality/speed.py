"""Seconds of fits and of exact lists beside other libraries and a bare product, on one thread."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import polars as pl
from implicit.cpu.als import AlternatingLeastSquares
from lightfm import LightFM
from scipy.sparse import coo_matrix, csr_matrix
from threadpoolctl import threadpool_limits

from pipeline.dataset.columns import USER_ID
from pipeline.dataset.matrix import Dataset, dataset_from
from pipeline.recommenders.ials import Ials
from pipeline.recommenders.item_graph import ItemGraph
from pipeline.recommenders.topk import CHUNK_ROWS
from scrapers.records import USER_HANDLE
from tests.benchmarks.generator import SKETCHFAB, Size, like_matrix
from tests.benchmarks.lists_speed import LIMITS, N_USERS, ratios
from tests.benchmarks.quality.running import Run, apart

__all__ = ["FACTORS", "GROWTH", "Figures", "lines", "measure"]

K: Final = 100
FACTORS: Final = 64
GROWTH: Final = (1, 2, 4, 8)
_ITERATIONS: Final = {"ials": 8, "implicit ALS": 15, "LightFM WARP": 30}
_GRAPH: Final = ItemGraph(left_exponent=0.8, user_exponent=1.0, right_exponent=0.15)
_ASKED: Final = 200  # users by whom LightFM's lists are timed: it has no call for all


@dataclass(frozen=True, slots=True)
class Figures:
    """Seconds on one thread.

    Attributes
    ----------
    shape : users, items and likes of what was fitted.
    step_s : one iteration or epoch; ``fit_s`` the usual number of them.
    lists_s : top 100 of all users, seen items left out; ``sgemm`` is users times items.
    factor_lists : multiples of bare sgemms by chunks of users and by panels of items, by kind.
    growth : seconds of a fit by model and by users.
    """

    shape: tuple[int, int, int]
    step_s: dict[str, float]
    fit_s: dict[str, float]
    lists_s: dict[str, float]
    factor_lists: dict[str, tuple[float, float]]
    growth: dict[str, dict[int, float]] = field(default_factory=dict)


def measure(
    run: Run,
    *,
    size: Size = SKETCHFAB,
    list_users: int = N_USERS,
    growth: Sequence[float] = GROWTH,
) -> Figures:
    """All figures, one after the other in one process.

    Parameters
    ----------
    size : of the generated likes at 1x.
    list_users : users of the bare factor lists.
    """
    return apart(run, _measured, run, size, list_users, tuple(growth))


def _measured(run: Run, size: Size, list_users: int, growth: Sequence[float]) -> Figures:
    path = run.data / "benchmarks" / "gowalla" / "train.parquet"
    dataset = dataset_from(pl.read_parquet(path).rename({USER_HANDLE: USER_ID}))
    with threadpool_limits(1):
        step_s, fit_s, lists_s = _side_by_side(dataset, run.seed)
        return Figures(
            (*dataset.user_items.shape, dataset.user_items.nnz),
            step_s,
            fit_s,
            lists_s,
            ratios(list_users),
            _growth(size, growth, run.seed),
        )


def _side_by_side(
    dataset: Dataset, seed: int
) -> tuple[dict[str, float], dict[str, float], dict[str, float]]:
    likes = dataset.user_items
    everybody = np.arange(dataset.n_users, dtype=np.int32)
    fit_s, lists_s = {}, {"sgemm": _sgemm_s(likes.shape)}
    step_s = {}
    fit_s["item_graph"], graph = _timed(lambda: _GRAPH.fit(dataset))
    lists_s["item_graph"] = _seconds(lambda: graph.user_lists(everybody, K, seen=likes))
    one_s, _ = _timed(lambda: Ials(factors=FACTORS, iterations=1).fit(dataset, seed=seed))
    most = _ITERATIONS["ials"]
    fit_s["ials"], ials = _timed(
        lambda: Ials(factors=FACTORS, iterations=most).fit(dataset, seed=seed)
    )
    step_s["ials"] = (fit_s["ials"] - one_s) / (most - 1)
    lists_s["ials"] = _seconds(lambda: ials.user_lists(everybody, K, seen=likes))
    for name, step in (
        ("implicit ALS", _implicit(likes, seed)),
        ("LightFM WARP", _lightfm(likes, seed)),
    ):
        step_s[name], fit_s[name], lists_s[name] = step
    return step_s, fit_s, lists_s


def _implicit(likes: csr_matrix, seed: int) -> tuple[float, float, float]:
    model: Any = AlternatingLeastSquares(
        FACTORS, iterations=_ITERATIONS["implicit ALS"], num_threads=1, random_state=seed
    )
    fit_s = _seconds(lambda: model.fit(likes, show_progress=False))
    everybody = np.arange(likes.shape[0])
    lists_s = _seconds(lambda: model.recommend(everybody, likes, N=K))
    return fit_s / model.iterations, fit_s, lists_s


def _lightfm(likes: csr_matrix, seed: int) -> tuple[float, float, float]:
    model = LightFM(no_components=FACTORS, loss="warp", random_state=seed)
    rows = coo_matrix(likes)
    epochs = _ITERATIONS["LightFM WARP"]
    fit_s = _seconds(lambda: model.fit(rows, epochs=epochs, num_threads=1))
    items = np.arange(likes.shape[1], dtype=np.int32)
    asked = range(min(_ASKED, likes.shape[0]))

    def lists() -> None:
        for user in asked:
            scores = model.predict(user, items)
            scores[likes.indices[likes.indptr[user] : likes.indptr[user + 1]]] = -np.inf
            best = np.argpartition(-scores, min(K, len(scores) - 1))[:K]
            best[np.argsort(-scores[best])]

    return fit_s / epochs, fit_s, _seconds(lists) * likes.shape[0] / len(asked)


def _sgemm_s(shape: tuple[int, int]) -> float:
    """Users times items, by chunks of rows into one array."""
    random = np.random.default_rng(0)
    users = random.normal(size=(shape[0], FACTORS)).astype(np.float32)
    columns = np.ascontiguousarray(random.normal(size=(shape[1], FACTORS)).astype(np.float32).T)
    out = np.empty((CHUNK_ROWS, shape[1]), np.float32)

    def product() -> None:
        for start in range(0, shape[0], CHUNK_ROWS):
            block = users[start : start + CHUNK_ROWS]
            np.matmul(block, columns, out=out[: len(block)])

    return min(_seconds(product) for _ in range(2))


def _growth(size: Size, factors: Sequence[float], seed: int) -> dict[str, dict[int, float]]:
    found: dict[str, dict[int, float]] = {"item_graph": {}, "ials": {}}
    models = (ItemGraph(), Ials(factors=FACTORS, iterations=_ITERATIONS["ials"]))
    for factor in factors:
        likes = like_matrix(size.times(factor), seed=seed)
        n_users, n_items = likes.shape
        nothing = csr_matrix((n_items, 0), dtype=np.float32)
        dataset = Dataset(_ids(n_users), _ids(n_items), likes, nothing, ())
        for model in models:
            found[model.name][n_users] = _seconds(lambda m=model, d=dataset: m.fit(d, seed=seed))
    return found


def _ids(n: int) -> np.ndarray:
    return np.array([f"{place:09}" for place in range(n)])


def _timed(work: Callable[[], Any]) -> tuple[float, Any]:
    began = time.perf_counter()
    result = work()
    return time.perf_counter() - began, result


def _seconds(work: Callable[[], object]) -> float:
    return _timed(work)[0]


def exponent(seconds: dict[int, float]) -> float:
    """Slope of the line through the logarithms: 1 is linear growth."""
    users, taken = np.log(list(seconds)), np.log(list(seconds.values()))
    return float(np.polyfit(users, taken, 1)[0])


def lines(run: Run, figures: Figures) -> Iterator[str]:
    """The section's text."""
    n_users, n_items, n_likes = figures.shape
    yield (
        f"Gowalla's train part ({n_users:,} users, {n_items:,} items, {n_likes:,} likes), one "
        f"thread for everything, {FACTORS} factors, one run side by side. Top {K} of all users, "
        f"exact, seen items left out; LightFM's by {_ASKED} users. `sgemm` is the bare product "
        "of all users and items."
    )
    yield ""
    yield "| model | one iteration s | fit s | fit / sgemm | top 100 s | top 100 / sgemm |"
    yield "|---|---:|---:|---:|---:|---:|"
    bare = figures.lists_s["sgemm"]
    yield f"| sgemm | | | | {bare:.2f} | 1.00 |"
    for name, seconds in figures.fit_s.items():
        step = f"{figures.step_s[name]:.2f}" if name in figures.step_s else ""
        many = f" ({_ITERATIONS[name]})" if name in _ITERATIONS else ""
        yield (
            f"| {name}{many} | {step} | {seconds:.2f} | {seconds / bare:.1f} | "
            f"{figures.lists_s[name]:.1f} | {figures.lists_s[name] / bare:.1f} |"
        )
    yield ""
    yield (
        "| exact lists from factors of noise, 64 | times a bare sgemm by chunks of users | limit "
        "| times the fastest, by panels of items |"
    )
    yield "|---|---:|---:|---:|"
    for kind, (by_chunks, by_panels) in figures.factor_lists.items():
        yield f"| {kind} | {by_chunks:.2f} | {LIMITS[kind]} | {by_panels:.2f} |"
    yield ""
    yield from _growth_lines(figures.growth)


def _growth_lines(growth: dict[str, dict[int, float]]) -> Iterator[str]:
    users = list(next(iter(growth.values())))
    yield "Fits on the generator's likes, ten a user on the same catalogue:"
    yield ""
    yield "| model | " + " | ".join(f"{n:,} users" for n in users) + " | exponent |"
    yield "|---|" + "---:|" * (len(users) + 1)
    for name, seconds in growth.items():
        shown = " | ".join(f"{taken:.2f} s" for taken in seconds.values())
        yield f"| {name} | {shown} | {exponent(seconds):.2f} |"
