"""A data set with a planted taste, split at random."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from pipeline.dataset.matrix import Dataset, dataset_from
from pipeline.evaluation.protocol import HeldOut


def planted() -> tuple[Dataset, pl.DataFrame]:
    """Users of three groups like items of their group; every item has its group's tag."""
    random = np.random.default_rng(0)
    likes = [
        (f"u{group}-{user:02}", f"{group}-{item:02}")
        for group in range(3)
        for user in range(30)
        for item in random.choice(20, 10, replace=False)
    ]
    item_ids = [f"{group}-{item:02}" for group in range(3) for item in range(20)]
    features = pl.DataFrame(
        [(item, f"tag:{item[0]}", 1.0) for item in item_ids],
        schema={"item_id": pl.String, "feature": pl.String, "weight": pl.Float32},
        orient="row",
    )
    pairs = pl.DataFrame(likes, schema=["user_id", "item_id"], orient="row")
    drawn = random.random(len(pairs))
    part = np.where(drawn < 0.6, "train", np.where(drawn < 0.75, "validation", "test"))
    dataset = dataset_from(pairs, item_ids=item_ids, item_features=features)
    return dataset, pairs.with_columns(pl.Series("part", part))


@pytest.fixture
def held_out() -> HeldOut:
    return HeldOut.of(*planted(), kind="random", seed=5)
