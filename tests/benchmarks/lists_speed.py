"""Exact lists from factors as multiples of a bare sgemm of the same size, on one thread.

Run: ``OPENBLAS_NUM_THREADS=1 python -m tests.benchmarks.lists_speed [--users N]``.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from threadpoolctl import threadpool_limits

from pipeline.recommenders.topk import CHUNK_ROWS, top_k

N_USERS, N_ITEMS, N_FACTORS, SEEN_A_USER = 62_583, 28_806, 64, 40
LIMITS = {"k=20, unfiltered": 1.3, "k=100, seen filtered": 1.9}


def ratios(n_users: int, *, repeats: int = 2) -> dict[str, float]:
    """Least time of each kind of lists over the least time of the product alone."""
    random = np.random.default_rng(0)
    users = random.normal(size=(n_users, N_FACTORS)).astype(np.float32)
    columns = np.ascontiguousarray(random.normal(size=(N_ITEMS, N_FACTORS)).astype(np.float32).T)
    seen = csr_matrix(
        (
            np.ones(n_users * SEEN_A_USER, np.float32),
            random.integers(0, N_ITEMS, n_users * SEEN_A_USER, dtype=np.int32),
            np.arange(n_users + 1, dtype=np.int32) * SEEN_A_USER,
        ),
        (n_users, N_ITEMS),
    )
    rows, items = np.arange(n_users, dtype=np.int32), np.arange(N_ITEMS, dtype=np.int32)

    def score(chunk: NDArray[np.int32]) -> NDArray[np.float32]:
        return np.asarray(users[chunk] @ columns)

    def bare() -> None:
        out = np.empty((CHUNK_ROWS, N_ITEMS), np.float32)
        for start in range(0, n_users, CHUNK_ROWS):
            block = users[start : start + CHUNK_ROWS]
            np.matmul(block, columns, out=out[: len(block)])

    def lists(k: int, hidden: csr_matrix | None) -> Callable[[], object]:
        return lambda: top_k(score, rows, k, item_idxs=items, n_items=N_ITEMS, hidden=hidden)

    with threadpool_limits(limits=1, user_api="blas"):
        kinds = dict(zip(LIMITS, (lists(20, None), lists(100, seen)), strict=True))
        least = dict.fromkeys(("sgemm", *kinds), float("inf"))
        for _ in range(repeats):  # side by side: a busy machine slows all of them
            for kind, run in (("sgemm", bare), *kinds.items()):
                started = time.perf_counter()
                run()
                least[kind] = min(least[kind], time.perf_counter() - started)
    return {kind: seconds / least["sgemm"] for kind, seconds in least.items() if kind in kinds}


def main(arguments: list[str] | None = None) -> int:
    """Print each ratio beside its limit; 1 where one is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--users", type=int, default=N_USERS, help="users (default: %(default)s)")
    found = ratios(parser.parse_args(arguments).users)
    for kind, ratio in found.items():
        sys.stdout.write(f"{kind}: {ratio:.2f} times a bare sgemm (limit {LIMITS[kind]})\n")
    return int(any(ratio > LIMITS[kind] for kind, ratio in found.items()))


if __name__ == "__main__":
    sys.exit(main())
