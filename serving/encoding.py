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
    n, n_own = len(page.item_idxs), len(page.scores)
    ranks = _ranks(source, page.offset)[:n]
    if n_own < n:
        ranks = ranks[:n_own] + _ranks(FILLED, page.offset)[n_own:n]
    parts: list[bytes | memoryview] = [b","] * (4 * n)
    parts[0::4] = ranks
    parts[1::4] = _scores(page)
    if becauses is not None:
        parts[2::4] = [b',"because":' + orjson.dumps(one) + b"," for one in becauses]
    parts[3::4] = _cards(snapshot, page.item_idxs)
    if n:
        parts[0] = parts[0][1:]  # no comma stands before the first
    head = (snapshot.head, b",", orjson.dumps(about)[1:-1], b',"items":[')
    return b"".join((*head, *parts, b'],"next_cursor":', _cursor(snapshot, page), b"}"))


def _cursor(snapshot: Snapshot, page: Page) -> bytes:
    if page.next_offset is None:
        return b"null"
    return _quoted_cursor(snapshot.edition, page.next_offset)


def _scores(page: Page) -> list[bytes]:
    """Score of each item as JSON; null where it was filled in."""
    n_filled = len(page.item_idxs) - len(page.scores)
    if not len(page.scores):
        return [b"null"] * n_filled
    flat = np.ascontiguousarray(page.scores)
    texts = orjson.dumps(flat, option=orjson.OPT_SERIALIZE_NUMPY)[1:-1].split(b",")
    return texts + [b"null"] * n_filled if n_filled else texts


def _cards(snapshot: Snapshot, item_idxs: NDArray[np.int32]) -> list[memoryview]:
    cards = snapshot.items.cards
    data = cards.data.data  # views of it are copied once, when they are joined
    starts, stops = cards.starts[item_idxs].tolist(), cards.starts[item_idxs + 1].tolist()
    return [data[start:stop] for start, stop in zip(starts, stops, strict=True)]


@lru_cache(maxsize=256)
def _quoted_cursor(edition: str, offset: int) -> bytes:
    return b'"%s"' % encode_cursor(edition, offset).encode()


@lru_cache(maxsize=256)
def _ranks(source: str, offset: int) -> tuple[bytes, ...]:
    """Beginnings of the objects of a page after ``offset`` items, with a comma before each."""
    named = orjson.dumps(source)
    return tuple(
        b',{"rank":%d,"source":%s,"score":' % (rank, named)
        for rank in range(offset + 1, offset + 1 + MAX_K)
    )
