"""User handles become pseudonyms; this is the only reader of a user handle.

The pseudonym is a keyed hash: whoever has the key can tell whose it is, so the result is
pseudonymized in the sense of the GDPR (Art. 4 (5)), not anonymous.
"""

from __future__ import annotations

import polars as pl

from pipeline.dataset.columns import (
    CRAWLED_AT,
    FIRST_SEEN_AT,
    GONE_AT,
    ITEM_ID,
    KEY_ID,
    LAST_SEEN_AT,
    LIKED_AT,
    PAIR,
    USER_ID,
)
from scrapers.records import USER_HANDLE, Key, pseudonym

__all__ = ["anonymize"]


def anonymize(likes: pl.DataFrame, site: str, key: Key) -> pl.DataFrame:
    """Curated likes of raw ones: unique by person and item, no handle left.

    Parameters
    ----------
    likes : columns of the raw table ``likes``, in any order, repeats allowed.

    Returns
    -------
    columns of the curated table ``likes``: the earliest known ``liked_at`` of each pair, and
    when crawls first and last saw it; none of them is gone.
    """
    handles = likes[USER_HANDLE].unique()
    pseudonyms = pl.DataFrame(
        {USER_HANDLE: handles, USER_ID: [pseudonym(site, handle, key) for handle in handles]},
        schema={USER_HANDLE: pl.String, USER_ID: pl.String},
    )
    return (
        likes.join(pseudonyms, on=USER_HANDLE)
        .group_by(USER_ID, ITEM_ID)
        .agg(
            pl.col(LIKED_AT).min(),
            pl.col(CRAWLED_AT).min().alias(FIRST_SEEN_AT),
            pl.col(CRAWLED_AT).max().alias(LAST_SEEN_AT),
        )
        .with_columns(
            pl.lit(None, dtype=pl.Datetime("us", "UTC")).alias(GONE_AT),
            pl.lit(key.key_id).alias(KEY_ID),
        )
        .sort(PAIR)
    )
