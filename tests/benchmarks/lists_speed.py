"""Exact lists from factors as multiples of two bare sgemms of the same size, on one thread.

One multiplies users by chunks of rows into one array; the other by panels of items, the fastest
shape that was found.  The factors are noise of equal lengths, the worst case: no list ends early.

Run: ``OPENBLAS_NUM_THREADS=1 python -m tests.benchmarks.lists_speed [--users N]``.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable

import numpy as np
from scipy.sparse import csr_matrix
from threadpoolctl import threadpool_limits

from pipeline.recommenders.base import FloatArray
from pipeline.recommenders.factors import UnbiasedFitted
from pipeline.recommenders.topk import CHUNK_ROWS

N_USERS, N_ITEMS, N_FACTORS, SEEN_A_USER = 62_583, 28_806, 64, 40
PANEL_USERS, PANEL_ITEMS = 256, 1024
LIMITS = {"k=20, unfiltered": 1.3, "k=100, seen filtered": 1.9}  # of the sgemm by chunks


def ratios(n_users: int, *, repeats: int = 2) -> dict[str, tuple[float, float]]:
    """Least time of each kind of lists over those of the products by chunks and by panels."""
    random = np.random.default_rng(0)
    users = random.normal(size=(n_users, N_FACTORS)).astype(np.float32)
    items = random.normal(size=(N_ITEMS, N_FACTORS)).astype(np.float32)
    seen = csr_matrix(
        (
            np.ones(n_users * SEEN_A_USER, np.float32),
            random.integers(0, N_ITEMS, n_users * SEEN_A_USER, dtype=np.int32),
            np.arange(n_users + 1, dtype=np.int32) * SEEN_A_USER,
        ),
        (n_users, N_ITEMS),
    )
    fitted = UnbiasedFitted(
        user_factors=users,
        user_biases=np.zeros(n_users, np.float32),
        item_factors=items,
        item_biases=np.zeros(N_ITEMS, np.float32),
        learned=np.arange(N_ITEMS, dtype=np.int32),
    )
    everybody = np.arange(n_users, dtype=np.int32)

    def lists(k: int, hidden: csr_matrix | None) -> Callable[[], object]:
        return lambda: fitted.user_lists(everybody, k, seen=hidden)

    kinds = dict(zip(LIMITS, (lists(20, None), lists(100, seen)), strict=True))
    bare = {"chunks": _by_chunks(users, items), "panels": _by_panels(users, items)}
    least = dict.fromkeys((*bare, *kinds), float("inf"))
    with threadpool_limits(limits=1, user_api="blas"):
        for _ in range(repeats):  # side by side: a busy machine slows all of them
            for kind, run in (*bare.items(), *kinds.items()):
                started = time.perf_counter()
                run()
                least[kind] = min(least[kind], time.perf_counter() - started)
    return {kind: (least[kind] / least["chunks"], least[kind] / least["panels"]) for kind in kinds}


def _by_chunks(users: FloatArray, items: FloatArray) -> Callable[[], None]:
    columns = np.ascontiguousarray(items.T)
    out = np.empty((CHUNK_ROWS, len(items)), np.float32)

    def product() -> None:
        for start in range(0, len(users), CHUNK_ROWS):
            block = users[start : start + CHUNK_ROWS]
            np.matmul(block, columns, out=out[: len(block)])

    return product


def _by_panels(users: FloatArray, items: FloatArray) -> Callable[[], None]:
    cells = np.empty(PANEL_USERS * PANEL_ITEMS, np.float32)

    def product() -> None:
        for start in range(0, len(users), PANEL_USERS):
            columns = np.ascontiguousarray(users[start : start + PANEL_USERS].T)
            for first in range(0, len(items), PANEL_ITEMS):
                panel = items[first : first + PANEL_ITEMS]
                shape = (len(panel), columns.shape[1])
                np.matmul(panel, columns, out=cells[: shape[0] * shape[1]].reshape(shape))

    return product


def main(arguments: list[str] | None = None) -> int:
    """Print each ratio beside its limit; 1 where one is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--users", type=int, default=N_USERS, help="users (default: %(default)s)")
    found = ratios(parser.parse_args(arguments).users)
    for kind, (by_chunks, by_panels) in found.items():
        sys.stdout.write(
            f"{kind}: {by_chunks:.2f} times a bare sgemm by chunks of users (limit "
            f"{LIMITS[kind]}), {by_panels:.2f} times one by panels of items\n"
        )
    return int(any(by_chunks > LIMITS[kind] for kind, (by_chunks, _) in found.items()))


if __name__ == "__main__":
    sys.exit(main())
