"""A site's curated tables as the arrays that models see."""

from __future__ import annotations

from pathlib import Path

from scipy.sparse import csr_matrix

from pipeline.dataset.columns import ITEM_ID, PAIR, USER_ID
from pipeline.dataset.curated import Curated, require_curated
from pipeline.dataset.matrix import Dataset, dataset_from, user_items_of
from pipeline.dataset.presence import read_present
from pipeline.dataset.split_file import read_split
from pipeline.evaluation.protocol import HeldOut

__all__ = ["held_out", "seen_items", "site_dataset"]


def site_dataset(data: Path, site: str) -> Dataset:
    """All interactions of a site, over every item and every user with a like that are there.

    Raises
    ------
    CuratedZoneError : a curated table is missing or not of its declared form.
    """
    present = read_present(data, site)
    return dataset_from(
        require_curated(data, site, Curated.INTERACTIONS),
        item_ids=[*present.items[ITEM_ID], *present.likes[ITEM_ID].unique()],
        item_features=require_curated(data, site, Curated.ITEM_FEATURES),
        user_ids=present.likes[USER_ID].unique(),
    )


def seen_items(data: Path, site: str, dataset: Dataset) -> csr_matrix:
    """All likes that are there on the dataset's positions: what is never recommended."""
    return user_items_of(dataset, read_present(data, site).likes.select(PAIR))


def held_out(data: Path, site: str) -> HeldOut:
    """A site's split, on the same positions as `site_dataset`."""
    split = read_split(data, site)
    dataset = site_dataset(data, site)
    return HeldOut.of(dataset, split.parts, kind=split.kind.value, seed=split.seed)
