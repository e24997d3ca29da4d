"""Likes whose best settings are known, and a clock that only fakes move."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import polars as pl
import pytest
from scipy.sparse import csr_matrix

from pipeline.dataset.matrix import Dataset, dataset_from
from pipeline.errors import FitError
from pipeline.recommenders.base import Recommender, ranged
from pipeline.recommenders.popular import PopularFitted

N_USERS, N_ITEMS = 30, 43


class Clock:
    """Seconds that pass only where a fake fit says so."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


CLOCK = Clock()


@dataclass(frozen=True)
class Fake(Recommender):
    """One step of cost 1 s; the best is at 4 steps with shift 0, and shift 9 diverges."""

    name: ClassVar[str] = "fake"
    label: ClassVar[str] = "Fake"
    sentence: ClassVar[str] = "Fake."
    fitted: ClassVar = PopularFitted
    log: ClassVar[list[tuple[int, int]]] = []
    asked: ClassVar[list[list[int] | None]] = []

    steps: int = ranged(8, 1, 100, "Steps.")
    shift: int = ranged(5, 0, 9, "Distance from the best setting.", search=(0, 9))

    @property
    def effort(self) -> float:
        return float(self.steps)

    def first_fit_s(self, dataset) -> float:
        return 1.0

    def path(self):
        return tuple(replace(self, steps=steps) for steps in range(1, self.steps + 1))

    def fit(self, dataset, *, seed=0, threads=1) -> PopularFitted:
        return list(self.fit_path(dataset))[-1]

    def fit_path(self, dataset, *, users=None, seed=0, threads=1) -> Iterator[PopularFitted]:
        self.asked.append(None if users is None else users.tolist())
        for steps in range(1, self.steps + 1):
            CLOCK.now += 1.0
            self.log.append((self.shift, steps))
            if self.shift == 9:
                raise FitError("no finite numbers")
            # everybody's held-out item is 0; it ranks the worse the farther from the best
            counts = np.arange(N_ITEMS, 0, -1).astype(np.float32)
            counts[0] = N_ITEMS - 0.3 - 1.5 * abs(steps - 4) - 1.5 * self.shift
            yield PopularFitted(counts)


@pytest.fixture
def likes() -> tuple[Dataset, csr_matrix]:
    """Train: everybody likes the last item; validation: everybody likes item 0."""
    Fake.log.clear()
    Fake.asked.clear()
    items = [f"{number:02}" for number in range(N_ITEMS)]
    users = [f"u{number:02}" for number in range(N_USERS)]
    frame = pl.DataFrame({"user_id": users, "item_id": [items[-1]] * N_USERS})
    dataset = dataset_from(frame, item_ids=items)
    validation = np.zeros((N_USERS, N_ITEMS), np.float32)
    validation[:, 0] = 1
    return dataset, csr_matrix(validation)
