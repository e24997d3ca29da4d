"""User handles become pseudonyms; this is the only reader of a user handle.

The pseudonym is a keyed hash: whoever has the key can tell whose it is, so the result is
pseudonymized in the sense of the GDPR (Art. 4 (5)), not anonymous.
"""

from __future__ import annotations

import hmac
import unicodedata
from typing import Final

import polars as pl

from pipeline.dataset.columns import (
    CRAWLED_AT,
    FIRST_SEEN_AT,
    ITEM_ID,
    KEY_ID,
    LAST_SEEN_AT,
    LIKED_AT,
    PAIR,
    USER_ID,
)
from pipeline.dataset.keys import Key
from scrapers.records import USER_HANDLE

__all__ = ["anonymize", "user_id"]

_VERSION: Final = "v1"
_HEX_DIGITS: Final = 32


def user_id(site: str, user_handle: str, key: Key) -> str:
    """Pseudonym of a person on a site: 32 hex digits of HMAC-SHA256.

    The message is ``v1:<site>:<user_handle>`` in UTF-8, the handle in Unicode's form C as the
    raw zone has it.
    """
    message = f"{_VERSION}:{site}:{unicodedata.normalize('NFC', user_handle)}"
    return hmac.digest(key.secret, message.encode("utf-8"), "sha256").hex()[:_HEX_DIGITS]


def anonymize(likes: pl.DataFrame, site: str, key: Key) -> pl.DataFrame:
    """Curated likes of raw ones: unique by person and item, no handle left.

    Parameters
    ----------
    likes : columns of the raw table ``likes``, in any order, repeats allowed.

    Returns
    -------
    columns of the curated table ``likes``: the earliest known ``liked_at`` of each pair, and
    when crawls first and last saw it.
    """
    handles = likes[USER_HANDLE].unique()
    pseudonyms = pl.DataFrame(
        {USER_HANDLE: handles, USER_ID: [user_id(site, handle, key) for handle in handles]},
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
        .with_columns(pl.lit(key.key_id).alias(KEY_ID))
        .sort(PAIR)
    )
