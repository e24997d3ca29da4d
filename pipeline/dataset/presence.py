"""What is there now of the curated tables: nothing that is gone is learned from or shown."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from pipeline.dataset.columns import GONE_AT, ITEM_ID, USER_ID
from pipeline.dataset.curated import Curated, require_curated

__all__ = ["Presence", "read_present"]


@dataclass(frozen=True)
class Presence:
    """Curated likes and items, parted into what is there and what is gone.

    A like whose item is gone is gone with it; an item that no row describes is there.
    """

    likes: pl.DataFrame
    items: pl.DataFrame
    gone_likes: pl.DataFrame
    gone_items: pl.DataFrame

    @property
    def gone_users(self) -> pl.Series:
        """People all of whose likes are gone."""
        missed = self.gone_likes[USER_ID].unique()
        return missed.filter(~missed.is_in(self.likes[USER_ID].unique().implode()))

    @classmethod
    def of(cls, likes: pl.DataFrame, items: pl.DataFrame) -> Presence:
        """Parts of whole curated tables, each in its order."""
        is_gone = pl.col(GONE_AT).is_not_null()
        gone_items = items.filter(is_gone)
        gone = is_gone | pl.col(ITEM_ID).is_in(gone_items[ITEM_ID].implode())
        return cls(likes.filter(~gone), items.filter(~is_gone), likes.filter(gone), gone_items)


def read_present(data: Path, site: str) -> Presence:
    """A site's curated likes and items, parted.

    Raises
    ------
    CuratedZoneError : nothing was curated yet, or a table is not of its declared form.
    """
    return Presence.of(
        require_curated(data, site, Curated.LIKES), require_curated(data, site, Curated.ITEMS)
    )
