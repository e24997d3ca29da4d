"""Recommendations for a visitor known only by a few items: nothing is stored, nothing trained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Final

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from pipeline.feature_sums import ItemVectors
from pipeline.fold_in import ItemFactors, ItemWeights
from serving.answers.visitors import Method
from serving.encoding import MAX_K, encoded_page
from serving.errors import ApiProblemError
from serving.lists.answering import Count, admitted, spread, uncounted
from serving.lists.because import Explained, explained, unexplained
from serving.lists.query import MAX_ID_LENGTH, Filters
from serving.lists.ranking import Page, ranked
from serving.lists.scoring import Likes, list_scores, part_scores
from serving.lists.terms import list_terms, part_terms
from serving.snapshot import Lists, Snapshot, VisitorPart

__all__ = ["MAX_ITEMS", "Visitor", "VisitorItem", "visitor_body"]

MAX_ITEMS: Final = 200
MAX_WEIGHT: Final = 1000
_POPULAR: Final = "popular"
_METHODS: Final[Mapping[type, Method]] = {
    ItemWeights: "weights",
    ItemVectors: "profile",
    ItemFactors: "factors",
}


def _as_whole(value: object) -> object:
    """5.0 is a whole number in JSON."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


_Whole = Annotated[int, BeforeValidator(_as_whole)]


class VisitorItem(BaseModel):
    """An item that a visitor likes."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    item_id: str = Field(max_length=MAX_ID_LENGTH)
    weight: float = Field(
        1.0,
        gt=0,
        le=MAX_WEIGHT,
        strict=True,
        allow_inf_nan=False,
        description="How much it is liked, beside the other ones; 1 is a like.",
    )


class Visitor(Filters):
    """What a visitor likes, and what is asked for."""

    items: Annotated[list[VisitorItem], Field(min_length=1, max_length=MAX_ITEMS)] = Field(
        description="Liked items; weights of one that is sent twice are summed."
    )
    exclude_seen: bool = Field(
        default=True, strict=True, description="Leave out the items that were sent."
    )
    k: _Whole = Field(20, ge=1, le=MAX_K, strict=True, description="Length of the list.")
    diversity: float = Field(
        0.0, ge=0, le=1, strict=True, allow_inf_nan=False, description="As for other lists."
    )
    explain: bool = Field(default=False, strict=True, description="As for other lists.")


@dataclass(frozen=True, slots=True)
class _Way:
    """How a visitor is scored: by parts, by lists, or not at all."""

    model: str
    method: Method
    parts: tuple[VisitorPart, ...] = ()
    lists: Lists | None = None

    def scores(self, likes: Likes, n_items: int) -> NDArray[np.float32]:
        """Score of each item; ``-inf`` where nothing speaks for it."""
        if self.parts:
            return part_scores(self.parts, likes, n_items)
        if self.lists:
            return list_scores(self.lists, likes, n_items)
        return np.full(n_items, -np.inf, np.float32)

    def explained(self, snapshot: Snapshot, likes: Likes, page: Page) -> Explained:
        """Reasons of a page."""
        targets = page.item_idxs[: len(page.scores)]
        if self.parts:
            terms = part_terms(self.parts, likes, targets)
        elif self.lists:
            terms = list_terms(self.lists, likes, targets, len(snapshot.items.ids))
        else:
            return unexplained(page)
        return explained(snapshot, page, terms)

    @property
    def used(self) -> list[dict[str, object]]:
        """What was summed."""
        if self.lists:
            return [{"model": self.model, "weight": 1.0}]
        if len(self.parts) == 1:
            return [{"model": self.parts[0].model, "weight": 1.0}]
        return [{"model": part.model, "weight": part.weight} for part in self.parts]


def visitor_body(snapshot: Snapshot, visitor: Visitor, count: Count = uncounted) -> bytes:
    """Body of the answer to a visitor.

    Raises
    ------
    ApiProblemError : 404, the site has none of the items, or not the model or a group.
    """
    way = _way(snapshot, visitor.model)
    likes, unknown_ids = _likes(snapshot, visitor.items)
    scores = way.scores(likes, len(snapshot.items.ids))
    hidden = likes.item_idxs if visitor.exclude_seen else ()
    admission = admitted(snapshot, visitor, hidden, location="body")
    best = _best(np.where(admission.mask, scores, -np.inf), MAX_K)
    whole = spread(snapshot, ranked(best, scores[best], admission), visitor.diversity)
    page = whole.page(0, visitor.k)
    about: dict[str, object] = {
        "model": way.model,
        "method": way.method,
        "parts": way.used,
        "unknown_ids": unknown_ids,
    }
    last = Page(0, page.item_idxs, page.scores, next_offset=None)
    count(visitor.k, len(page.item_idxs) - len(page.scores))
    if not visitor.explain:
        return encoded_page(snapshot, last, about=about, source=way.model)
    why = way.explained(snapshot, likes, last)
    about["explainable"] = why.explainable
    return encoded_page(snapshot, last, about=about, source=way.model, becauses=why.becauses)


def _way(snapshot: Snapshot, model: str | None) -> _Way:
    """How the model that is asked for scores visitors; without one the first that can."""
    similar, people = snapshot.lists["similar"], snapshot.lists["recommendations"]
    known = dict.fromkeys((*snapshot.visitors, *similar, *people, _POPULAR))
    chosen = model or next(iter(known))
    parts = snapshot.visitors.get(chosen, ())
    if parts:
        method: Method = "blend" if len(parts) > 1 else _METHODS[type(parts[0].scorer)]
        return _Way(chosen, method, parts=parts)
    if chosen in similar:
        return _Way(chosen, "lists", lists=similar[chosen])
    if chosen in known:
        return _Way(chosen, "popular")
    detail = f"{snapshot.site.site} has no model {chosen[:100]!r}."
    raise ApiProblemError(404, detail, kind="unknown-model", more={"known": list(known)})


def _likes(snapshot: Snapshot, items: Sequence[VisitorItem]) -> tuple[Likes, list[str]]:
    """Likes of the items that the site has, and ids of the others.

    Raises
    ------
    ApiProblemError : 404, it has none of them.
    """
    index = snapshot.items.index
    unknown_ids = list(dict.fromkeys(one.item_id for one in items if one.item_id not in index))
    known = [one for one in items if one.item_id in index]
    if not known:
        named = ", ".join(repr(one[:100]) for one in unknown_ids[:5])
        more = ", ..." if len(unknown_ids) > 5 else ""  # noqa: PLR2004
        raise ApiProblemError(
            404,
            f"{snapshot.site.site} has none of the items that were sent: {named}{more}.",
            kind="unknown-item",
        )
    item_idxs = np.array([index[one.item_id] for one in known], np.int32)
    return Likes.of(item_idxs, np.array([one.weight for one in known])), unknown_ids


def _best(scores: NDArray[np.float32], k: int) -> NDArray[np.int32]:
    """Up to ``k`` finite scores, highest first; equal ones by lower index."""
    candidates = np.flatnonzero(np.isfinite(scores))
    if len(candidates) > k:
        least = np.partition(scores[candidates], len(candidates) - k)[len(candidates) - k]
        candidates = candidates[scores[candidates] >= least]
    order = np.argsort(-scores[candidates], kind="stable")[:k]
    return candidates[order].astype(np.int32)
