"""Small data sets with a taste planted in them."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from pipeline.dataset.matrix import Dataset, dataset_from

N_GROUPS = 4
ITEMS_A_GROUP = 12
USERS_A_GROUP = 25


def tastes(*, seed: int = 0, features: bool = True) -> Dataset:
    """Four groups of users, each liking its own twelve items; two cold items a group.

    Item ids are ``<group>-<number>``; numbers 10 and 11 are cold.  Every item carries its
    group's tag and one of three tags that say nothing.
    """
    random = np.random.default_rng(seed)
    likes = [
        (f"u{group}-{user:02}", f"{group}-{item:02}")
        for group in range(N_GROUPS)
        for user in range(USERS_A_GROUP)
        for item in random.choice(ITEMS_A_GROUP - 2, 6, replace=False)
    ]
    item_ids = [f"{g}-{item:02}" for g in range(N_GROUPS) for item in range(ITEMS_A_GROUP)]
    tags = pl.DataFrame(
        [
            (item, feature, np.sqrt(0.5))
            for place, item in enumerate(item_ids)
            for feature in (f"tag:group {item[0]}", f"tag:noise {place % 3}")
        ],
        schema={"item_id": pl.String, "feature": pl.String, "weight": pl.Float32},
        orient="row",
    )
    return dataset_from(
        pl.DataFrame(likes, schema=["user_id", "item_id"], orient="row"),
        item_ids=item_ids,
        item_features=tags if features else None,
    )


@pytest.fixture
def dataset() -> Dataset:
    return tastes()


@pytest.fixture
def bare() -> Dataset:
    return tastes(features=False)
