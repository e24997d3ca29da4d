"""The search index of a catalogue, as flat arrays that are written once and mapped by many."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from serving.arrays import Rows, Texts
from serving.search.completing import KINDS, completion_arrays
from serving.search.words import features_of, normalised

__all__ = ["GroupText", "SearchText", "search_arrays"]

_FIELD_WEIGHTS: Final = (1.0, 0.4, 0.4)


@dataclass(frozen=True, slots=True)
class SearchText:
    """What an item is found by; one that is not allowed is never found."""

    title: str | None
    tags: Sequence[str]
    creator: str | None
    like_count: int
    allowed: bool = True


@dataclass(frozen=True, slots=True)
class GroupText:
    """A tag or a creator, as autocomplete shows it."""

    name: str
    like_count: int


@dataclass(frozen=True, slots=True)
class _Field:
    """Features of one field: an entry for each feature of each word of each item.

    Attributes
    ----------
    weight : length of what is one in this field.
    units : what each entry is part of; the whole title, but each word of tags and creator, so
        that a tag is worth the same however many others there are.
    """

    items: NDArray[np.int32]
    features: NDArray[np.uint32]
    units: NDArray[np.int32]
    weight: float


def search_arrays(
    texts: Sequence[SearchText], groups: Mapping[str, Sequence[GroupText]] | None = None
) -> dict[str, NDArray[Any]]:
    """Arrays of `SearchIndex`, by name.

    Parameters
    ----------
    texts : of all items by position.
    groups : tags and creators by kind (``tag``, ``creator``), in the order of their rows; only
        autocomplete needs them.
    """
    plain = [_plain(text) for text in texts]
    words: dict[str, int] = {}
    in_words = [_word_rows([fields[n] for fields in plain], words) for n in range(3)]
    of_words = _features_by_word(words)
    fields = [
        _field(rows, of_words, weight, whole=weight == 1)
        for rows, weight in zip(in_words, _FIELD_WEIGHTS, strict=True)
    ]
    likes = np.asarray([text.like_count for text in texts], np.float32)
    titles = Texts.of(title.encode() for title, _, _ in plain)
    wholes = Texts.of(" ".join(filter(None, fields)).encode() for fields in plain)
    return {
        **_postings(fields, len(texts)),
        "prior": _prior(likes),
        "title_starts": titles.starts,
        "title_data": titles.data,
        "whole_starts": wholes.starts,
        "whole_data": wholes.data,
        **completion_arrays(_completed(texts, plain, groups or {})),
    }


def _plain(text: SearchText) -> tuple[str, str, str]:
    if not text.allowed:
        return "", "", ""
    tags = normalised(" ".join(text.tags)) if text.tags else ""
    return normalised(text.title or ""), tags, normalised(text.creator or "")


def _completed(
    texts: Sequence[SearchText],
    plain: Sequence[tuple[str, str, str]],
    groups: Mapping[str, Sequence[GroupText]],
) -> Iterable[tuple[str, int, str, str, int]]:
    """Kind, row, text, normalised text and likes of all that autocomplete knows."""
    for kind in KINDS[:-1]:
        for row, group in enumerate(groups.get(kind, ())):
            yield kind, row, group.name, normalised(group.name), group.like_count
    for item_idx, (text, (title, _, _)) in enumerate(zip(texts, plain, strict=True)):
        if title and text.title:
            yield "item", item_idx, text.title, title, text.like_count


def _word_rows(texts: Sequence[str], words: dict[str, int]) -> Rows:
    """Words of each text by number, each once; a new word gets the next one."""
    lists = [
        [words.setdefault(word, len(words)) for word in dict.fromkeys(text.split())]
        for text in texts
    ]
    return Rows.of(lists)


def _features_by_word(words: Mapping[str, int]) -> tuple[NDArray[np.int64], NDArray[np.uint32]]:
    hashes = [features_of(word) for word in words]
    lengths = np.asarray([len(row) for row in hashes], np.int64)
    flat = np.asarray([one for row in hashes for one in row], np.uint32)
    return np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64), flat


def _field(
    rows: Rows,
    of_words: tuple[NDArray[np.int64], NDArray[np.uint32]],
    weight: float,
    *,
    whole: bool,
) -> _Field:
    starts, flat = of_words
    items = np.repeat(np.arange(len(rows), dtype=np.int32), np.diff(rows.starts))
    lengths = np.diff(starts)[rows.idxs]
    shifts = starts[rows.idxs] - np.cumsum(lengths) + lengths
    places = np.arange(int(lengths.sum())) + np.repeat(shifts, lengths)
    words = np.arange(len(items), dtype=np.int32)
    own = np.repeat(items, lengths)
    return _Field(own, flat[places], own if whole else np.repeat(words, lengths), weight)


def _postings(fields: Sequence[_Field], n_items: int) -> dict[str, NDArray[Any]]:
    """Items by feature with their weights: IDF, each unit of a field of the field's length."""
    every = np.concatenate([field.features for field in fields])
    order = np.argsort(every, kind="stable")
    ordered = every[order]
    is_first = np.concatenate([[True], ordered[1:] != ordered[:-1]])[: len(ordered)]
    starts = np.append(np.flatnonzero(is_first), len(ordered))
    frequency = np.minimum(np.diff(starts), n_items)
    idf = (np.log((1 + n_items) / (1 + frequency)) + 1).astype(np.float32)
    places = np.empty(len(every), np.int64)
    places[order] = np.cumsum(is_first) - 1
    ends = np.cumsum([len(field.features) for field in fields])
    weights = np.concatenate(
        [
            _unit(field, idf[own])
            for field, own in zip(fields, np.split(places, ends[:-1]), strict=True)
        ]
    )
    return {
        "features": ordered[is_first],
        "idf": idf,
        "posting_starts": starts.astype(np.int64),
        "posting_items": np.concatenate([field.items for field in fields])[order],
        "posting_weights": weights[order].astype(np.float32),
    }


def _unit(field: _Field, idf: NDArray[np.float32]) -> NDArray[np.float32]:
    norms = np.sqrt(np.bincount(field.units, idf**2))
    return np.asarray(field.weight * idf / norms[field.units], np.float32)


def _prior(likes: NDArray[np.float32]) -> NDArray[np.float32]:
    """Likes between 0 and 1, on a scale where twice as many are always the same step."""
    logs = np.log1p(np.maximum(likes, 0))
    return np.asarray(logs / max(float(logs.max(initial=0)), 1e-9), np.float32)
