"""Bytes of list answers, joined from cards that were encoded when the snapshot was loaded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

import numpy as np
import orjson
from numpy.typing import NDArray

from serving.lists.cursor import encode_cursor
from serving.lists.ranking import Page
from serving.snapshot import Snapshot

__all__ = ["FILLED", "MAX_K", "encoded_item", "encoded_page"]

MAX_K: Final = 100
FILLED: Final = "popular"
"""Source of an item that no model has listed."""


def encoded_item(snapshot: Snapshot, item_idx: int) -> bytes:
    """Body of the answer about one item."""
    return snapshot.head + b"," + snapshot.items.details[item_idx]


def encoded_page(
    snapshot: Snapshot,
    page: Page,
    *,
    about: Mapping[str, Any],
    source: str,
    becauses: Sequence[object] | None = None,
) -> bytes:
    """Body of an answer with one page of a list.

    Parameters
    ----------
    about : members that stand before the items: the model, whose list it is.
    source : of the items with a score; the others are `FILLED`.
    becauses : member ``because`` of each item of the page; None leaves the member out.
    """
    n_own = len(page.scores)
    heads = [
        *_own_heads(source, page.offset, page.scores),
        *_filled_heads(page.offset + n_own, len(page.item_idxs) - n_own),
    ]
    if becauses is not None:
        heads = [
            head + b'"because":' + orjson.dumps(one) + b","
            for head, one in zip(heads, becauses, strict=True)
        ]
    next_offset = page.next_offset
    cursor = b"null"
    if next_offset is not None:
        cursor = b'"%s"' % encode_cursor(snapshot.snapshot_id, next_offset).encode()
    listed = map(bytes.__add__, heads, _cards(snapshot, page.item_idxs))
    return b"".join(
        (
            snapshot.head,
            b",",
            orjson.dumps(about)[1:-1],
            b',"items":[',
            b",".join(listed),
            b'],"next_cursor":',
            cursor,
            b"}",
        )
    )


def _cards(snapshot: Snapshot, item_idxs: NDArray[np.int32]) -> list[bytes]:
    cards = snapshot.items.cards
    starts, stops = cards.starts[item_idxs].tolist(), cards.starts[item_idxs + 1].tolist()
    data = cards.data.data  # a view: slices of it are copied once, when they are joined
    return [bytes(data[start:stop]) for start, stop in zip(starts, stops, strict=True)]


def _own_heads(source: str, offset: int, scores: NDArray[np.float32]) -> list[bytes]:
    """Beginnings of objects up to the card."""
    texts = orjson.dumps(np.ascontiguousarray(scores), option=orjson.OPT_SERIALIZE_NUMPY)[
        1:-1
    ].split(b",")
    ranks = _ranks(source, offset)
    return (
        [rank + text + b"," for rank, text in zip(ranks, texts, strict=False)]
        if len(scores)
        else []
    )


def _filled_heads(offset: int, n: int) -> list[bytes]:
    return [rank + b"null," for rank in _ranks(FILLED, offset)[:n]] if n else []


@lru_cache(maxsize=256)
def _ranks(source: str, offset: int) -> tuple[bytes, ...]:
    """Beginnings of the objects of a page that starts after ``offset`` items."""
    named = orjson.dumps(source)
    return tuple(
        b'{"rank":%d,"source":%s,"score":' % (rank, named)
        for rank in range(offset + 1, offset + 1 + MAX_K)
    )
