"""Autocomplete: what begins like this, at the start of any of its words, most liked first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from serving.arrays import Texts
from serving.search.words import normalised

__all__ = ["KINDS", "Completion", "Completions", "completion_arrays"]

KINDS: Final = ("tag", "creator", "item")
_KEY_BYTES: Final = 24
_MAX_STARTS: Final = 8
_AT_START: Final = 2.0
_GROUP: Final = 2.0


@dataclass(frozen=True, slots=True)
class Completion:
    """Something that can be meant; ``row`` is an item_idx, or the row of a tag or creator."""

    kind: str
    row: int
    text: str


@dataclass(frozen=True, slots=True)
class Completions:
    """All that can be meant, found by the first letters of its words.

    Attributes
    ----------
    keys : sorted; the first bytes of each normalised text from each of its words on.
    entries : int32; which entry each key is of.
    weights : float32, by key; what it comes before others for.
    kinds, rows : by entry.
    texts, plain : by entry, as shown and normalised.
    """

    keys: NDArray[np.bytes_]
    entries: NDArray[np.int32]
    weights: NDArray[np.float32]
    kinds: NDArray[np.uint8]
    rows: NDArray[np.int32]
    texts: Texts
    plain: Texts

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Completions:
        """Completions from what `completion_arrays` gave."""
        return cls(
            arrays["complete_keys"],
            arrays["complete_entries"],
            arrays["complete_weights"],
            arrays["complete_kinds"],
            arrays["complete_rows"],
            Texts(arrays["complete_text_starts"], arrays["complete_text_data"]),
            Texts(arrays["complete_plain_starts"], arrays["complete_plain_data"]),
        )

    def of_item(self, item_idx: int) -> Completion | None:
        """An item as autocomplete shows it; None without a title."""
        first = int(np.searchsorted(self.kinds, KINDS.index("item")))
        entry = first + int(np.searchsorted(self.rows[first:], item_idx))
        if entry == len(self.rows) or self.rows[entry] != item_idx:
            return None
        return Completion("item", item_idx, self.texts[entry].decode())

    def find(self, prefix: str, k: int) -> list[Completion]:
        """At most ``k`` that begin with a prefix, best first, each text of a kind once."""
        whole = normalised(prefix).encode()
        if not whole:
            return []
        found: dict[tuple[int, bytes], Completion] = {}
        for entry in self._best_first(whole, 4 * k).tolist():
            plain = self.plain[entry]
            if whole not in plain:
                continue
            kind = int(self.kinds[entry])
            text = self.texts[entry].decode()
            found.setdefault((kind, plain), Completion(KINDS[kind], int(self.rows[entry]), text))
            if len(found) == k:
                break
        return list(found.values())

    def _best_first(self, whole: bytes, n: int) -> NDArray[np.int32]:
        """Entries with a key that begins so, the best ``n``; longer prefixes than keys: all."""
        first = whole[:_KEY_BYTES]
        start = np.searchsorted(self.keys, np.bytes_(first))
        stop = np.searchsorted(self.keys, np.bytes_(first.ljust(_KEY_BYTES, b"\xff")), "right")
        weights = self.weights[start:stop]
        if n < len(weights) and len(whole) <= _KEY_BYTES:
            best = np.argpartition(-weights, n)[:n]
        else:
            best = np.arange(len(weights))
        best = best[np.lexsort((best, -weights[best]))]
        return np.asarray(self.entries[start + best])


def completion_arrays(
    entries: Iterable[tuple[str, int, str, str, int]],
) -> dict[str, NDArray[Any]]:
    """Arrays of `Completions` from kind, row, text, normalised text and likes of each entry.

    Entries come in the order of ``KINDS``, items by their positions.
    """
    listed = list(entries)
    kinds = np.asarray([KINDS.index(kind) for kind, *_ in listed], np.uint8)
    plain = [normal.encode() for _, _, _, normal, _ in listed]
    starts = [_word_starts(encoded) for encoded in plain]
    keys = np.asarray(
        [
            encoded[start : start + _KEY_BYTES]
            for encoded, own in zip(plain, starts, strict=True)
            for start in own
        ],
        f"S{_KEY_BYTES}",
    )
    order = np.argsort(keys, kind="stable")
    owners = np.repeat(np.arange(len(listed), dtype=np.int32), [len(own) for own in starts])
    weights = np.log1p(np.asarray([likes for *_, likes in listed], np.float32))
    weights += _GROUP * (kinds != KINDS.index("item"))
    is_first = np.asarray([start == 0 for own in starts for start in own], np.float32)
    shown, searched = Texts.of(text.encode() for _, _, text, _, _ in listed), Texts.of(plain)
    return {
        "complete_keys": keys[order],
        "complete_entries": owners[order],
        "complete_weights": (weights[owners] + _AT_START * is_first)[order].astype(np.float32),
        "complete_kinds": kinds,
        "complete_rows": np.asarray([row for _, row, *_ in listed], np.int32),
        "complete_text_starts": shown.starts,
        "complete_text_data": shown.data,
        "complete_plain_starts": searched.starts,
        "complete_plain_data": searched.data,
    }


def _word_starts(encoded: bytes) -> list[int]:
    starts = [0] if encoded else []
    while len(starts) < _MAX_STARTS and starts:
        space = encoded.find(b" ", starts[-1])
        if space < 0:
            break
        starts.append(space + 1)
    return starts
