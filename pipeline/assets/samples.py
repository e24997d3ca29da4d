"""Lists that a reader of the Dagster UI can judge by eye."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import dagster as dg
import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipeline.assets.metadata import markdown_table
from pipeline.dataset.columns import ITEM_ID, TITLE
from pipeline.lists import lists_path, load_lists
from pipeline.parameters import chosen_models

__all__ = ["sample_recommendations"]

_SHOWN: Final = 5


def sample_recommendations(data: Path, site: str, items: pl.DataFrame) -> dg.MarkdownMetadataValue:
    """First titles of each model's list for one person: the one in the middle of all.

    Parameters
    ----------
    items : curated items; an item without a title shows its id.
    """
    names = dict(items.select(ITEM_ID, pl.coalesce(TITLE, ITEM_ID)).iter_rows())
    columns: dict[str, list[str]] = {"rank": [str(rank) for rank in range(1, _SHOWN + 1)]}
    for name, model in chosen_models(data, site).items():
        lists = load_lists(lists_path(data, site, name))
        if len(lists.user_ids):
            chosen = lists.user_item_idxs[len(lists.user_ids) // 2, :_SHOWN]
            columns[model.label] = _titles(chosen, lists.item_ids, names)
    return markdown_table(pl.DataFrame(columns))


def _titles(
    item_idxs: NDArray[np.int32], item_ids: NDArray[np.str_], names: dict[str, str]
) -> list[str]:
    titles = [names.get(str(item_ids[idx]), str(item_ids[idx])) for idx in item_idxs if idx >= 0]
    return [*titles, *[""] * (_SHOWN - len(titles))]
