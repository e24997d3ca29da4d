"""Search: candidates by shared parts of words, ranked by likeness to the query and by likes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz
from rapidfuzz.distance import OSA
from rapidfuzz.process import cdist

from serving.arrays import Texts
from serving.search.completing import Completion, Completions
from serving.search.words import features_of, normalised

__all__ = ["MAX_FOUND", "SearchIndex"]

MAX_FOUND: Final = 200
_MAX_QUERY: Final = 400
_MAX_POSTINGS: Final = 200_000
_PRIOR_OF_CANDIDATES: Final = 0.3
_PRIOR_OF_RANKED: Final = 0.05
_LEAST: Final = 0.45
_LEAST_SHARED: Final = 0.15
_NONE: Final = (np.empty(0, np.int32), np.empty(0, np.float32))


@dataclass(frozen=True, slots=True)
class SearchIndex:
    """Inverted index of parts of words; made by `from_arrays`, never written to.

    Attributes
    ----------
    features : sorted hashes of parts of words; ``idf`` by place.
    starts, items, weights : items of each feature and how much it is of them.
    prior : by item, likes between 0 and 1.
    titles, wholes : normalised titles, and those with tags and creator.
    """

    features: NDArray[np.uint32]
    idf: NDArray[np.float32]
    starts: NDArray[np.int64]
    items: NDArray[np.int32]
    weights: NDArray[np.float32]
    prior: NDArray[np.float32]
    titles: Texts
    wholes: Texts
    completions: Completions

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Index from the arrays that `search_arrays` gave; nothing is copied.

        Raises
        ------
        KeyError : an array is missing.
        """
        return cls(
            arrays["features"],
            arrays["idf"],
            arrays["posting_starts"],
            arrays["posting_items"],
            arrays["posting_weights"],
            arrays["prior"],
            Texts(arrays["title_starts"], arrays["title_data"]),
            Texts(arrays["whole_starts"], arrays["whole_data"]),
            Completions.from_arrays(arrays),
        )

    def search(
        self, q: str, k: int, offset: int = 0, *, only: NDArray[np.bool_] | None = None
    ) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """Items that a query may mean, best first, and how well they fit, in [0, 1].

        Parameters
        ----------
        q : as typed; words in any order, with faults.  What is normalised to more than 400
            characters (one may become eighteen) ends there.
        k, offset : which part of the ranking; it ends after ``MAX_FOUND`` items.
        only : shape (n_items,); where given, items without a mark are passed over.
        """
        item_idxs, scores = self._ranked(normalised(q)[:_MAX_QUERY], only)
        return item_idxs[offset : offset + k], scores[offset : offset + k]

    def complete(self, prefix: str, k: int) -> list[Completion]:
        """Tags, creators and titles that a beginning may become.

        Where nothing begins so, the titles that a search finds: the prefix may be misspelt.
        """
        found = self.completions.find(prefix, k)
        if found:
            return found
        item_idxs, _ = self.search(prefix, k)
        return [
            completion
            for item_idx in item_idxs.tolist()
            if (completion := self.completions.of_item(item_idx))
        ]

    def _ranked(
        self, query: str, only: NDArray[np.bool_] | None
    ) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        candidates = self._candidates(query, only)
        if not len(candidates):
            return _NONE
        fit = self._fit(query, candidates)
        scores = (1 - _PRIOR_OF_RANKED) * fit + _PRIOR_OF_RANKED * self.prior[candidates]
        fitting = fit >= _LEAST
        candidates, scores = candidates[fitting], scores[fitting]
        order = np.lexsort((candidates, -scores))
        return candidates[order].astype(np.int32), scores[order].astype(np.float32)

    def _candidates(self, query: str, only: NDArray[np.bool_] | None) -> NDArray[np.intp]:
        """Items that share most with a query, likes counted in, in no order.

        None that shares far less than the best one: to compare them takes most of the time.
        """
        places, counts = self._features(query)
        if not len(places):
            return np.empty(0, np.intp)
        parts = [slice(self.starts[place], self.starts[place + 1]) for place in places]
        weights = np.concatenate(
            [self.weights[part] * weight for part, weight in zip(parts, counts, strict=True)]
        )
        items = np.concatenate([self.items[part] for part in parts])
        shared = np.asarray(np.bincount(items, weights, len(self.prior)), np.float64)
        shared *= 1 + _PRIOR_OF_CANDIDATES * self.prior
        enough = shared > _LEAST_SHARED * shared.max(initial=0)
        some = np.flatnonzero(enough if only is None else enough & only)
        if len(some) <= MAX_FOUND:
            return some
        return some[np.argpartition(-shared[some], MAX_FOUND)[:MAX_FOUND]]

    def _features(self, query: str) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
        """Places of a query's known features and their weights, the rarest first.

        Common ones are left out once the items to look at are too many.
        """
        hashes = [one for word in query.split() for one in features_of(word)]
        asked, counts = np.unique(np.asarray(hashes, np.uint32), return_counts=True)
        places = np.searchsorted(self.features, asked)
        places[places == len(self.features)] = 0
        known = self.features[places] == asked if len(self.features) else np.zeros(0, bool)
        if not known.any():
            return np.empty(0, np.intp), np.empty(0, np.float32)
        places, counts = places[known], counts[known]
        lengths = self.starts[places + 1] - self.starts[places]
        order = np.argsort(lengths, kind="stable")
        order = order[: max(1, int(np.searchsorted(np.cumsum(lengths[order]), _MAX_POSTINGS)))]
        weights = ((1 + np.log(counts)) * self.idf[places]).astype(np.float32)
        return places[order], weights[order]

    def _fit(self, query: str, candidates: NDArray[np.intp]) -> NDArray[np.float32]:
        """How alike query and items are, in [0, 1]: whole titles best, then parts of texts."""
        titles, wholes = _decoded(self.titles, candidates), _decoded(self.wholes, candidates)
        fits = [
            _likeness(query, texts, scorer, weight, within=within)
            for texts, scorer, weight, within in (
                (titles, OSA.normalized_similarity, 1.0, False),
                (titles, fuzz.token_sort_ratio, 0.0098, False),
                (titles, fuzz.partial_ratio, 0.0075, True),
                (titles, fuzz.token_set_ratio, 0.009, True),
                (wholes, fuzz.token_set_ratio, 0.008, True),
                (wholes, fuzz.partial_ratio, 0.007, True),
            )
        ]
        return np.asarray(np.max(fits, axis=0), np.float32)


def _decoded(texts: Texts, places: NDArray[np.intp]) -> list[str]:
    data = memoryview(texts.data)  # type: ignore[arg-type]
    starts, stops = texts.starts[places].tolist(), texts.starts[places + 1].tolist()
    return [str(data[start:stop], "utf-8") for start, stop in zip(starts, stops, strict=True)]


def _likeness(
    query: str, texts: list[str], scorer: Callable[..., float], weight: float, *, within: bool
) -> NDArray[np.float32]:
    """A scorer's likeness times its weight; ``within``: nothing for texts shorter than a query.

    Scorers of parts find the text in the query as well as the query in the text.
    """
    found = weight * cdist([query], texts, scorer=scorer, dtype=np.float32)[0]
    if within:
        found *= np.fromiter(map(len, texts), np.int64, len(texts)) >= len(query) - 1
    return np.asarray(found, np.float32)
