"""Bytes of list answers, joined from cards that were encoded when the snapshot was loaded."""

from __future__ import annotations

from typing import Final

import numpy as np
import orjson
from numpy.typing import NDArray

from serving.snapshot import Snapshot

__all__ = ["MAX_K", "encoded_item", "encoded_list"]

MAX_K: Final = 100
_RANKS: Final = tuple(b'{"rank":%d,"score":' % rank for rank in range(1, MAX_K + 1))


def encoded_item(snapshot: Snapshot, item_idx: int) -> bytes:
    """Body of the answer about one item."""
    return snapshot.head + b"," + snapshot.items.details[item_idx]


def encoded_list(
    snapshot: Snapshot,
    *,
    subject: tuple[str, str],
    model: str,
    item_idxs: NDArray[np.int32],
    scores: NDArray[np.float32],
) -> bytes:
    """Body of an answer with a list of at most ``MAX_K`` items.

    ``subject`` is the name and value of the member that says whose list it is.
    """
    name, value = subject
    about = orjson.dumps({"model": model, name: value})[1:-1]
    cards = snapshot.items.cards
    texts = orjson.dumps(scores, option=orjson.OPT_SERIALIZE_NUMPY)[1:-1].split(b",")
    listed = [
        rank + score + b"," + cards[idx]
        for rank, score, idx in zip(_RANKS, texts, item_idxs.tolist(), strict=False)
    ]
    return b"".join((snapshot.head, b",", about, b',"items":[', b",".join(listed), b"]}"))
