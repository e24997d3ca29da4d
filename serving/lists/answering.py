"""Published lists as bytes: as they stand where nothing else is asked, else filtered and filled."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from serving.answers.base import ListKind
from serving.encoding import encoded_page
from serving.errors import ApiProblemError
from serving.lists.because import Explained, explained, unexplained
from serving.lists.cursor import decode_cursor
from serving.lists.diversity import mmr_order, similarities
from serving.lists.filters import Admission, admission, group_rows
from serving.lists.query import Filters, ListQuery, RecommendationsQuery
from serving.lists.ranking import Page, Ranked, ranked
from serving.lists.scoring import Likes
from serving.lists.terms import Terms, composed_terms, part_terms, similar_terms
from serving.snapshot import Lists, Snapshot

__all__ = [
    "Count",
    "admitted",
    "known_idxs",
    "list_body",
    "named_lists",
    "recommendations_body",
    "similar_body",
    "spread",
    "uncounted",
]

Hidden = NDArray[np.integer] | Sequence[int]
Count = Callable[[int, int], None]


def uncounted(requested: int, filled: int) -> None:
    """Count nothing."""


def similar_body(
    snapshot: Snapshot, item_id: str, item_idx: int, query: ListQuery, count: Count = uncounted
) -> bytes:
    """Body of the list beside an item, never with the item itself.

    Parameters
    ----------
    count : is told how many items were asked for and how many of them were filled in.

    Raises
    ------
    ApiProblemError : 404, no such lists or groups; 409, a cursor of another edition; 422, none.
    """
    return list_body(
        snapshot,
        "similar",
        {"item_id": item_id},
        row=item_idx,
        hidden=(item_idx,),
        query=query,
        count=count,
    )


def recommendations_body(
    snapshot: Snapshot,
    user_id: str,
    row: int,
    query: RecommendationsQuery,
    count: Count = uncounted,
) -> bytes:
    """Body of a person's list; as `similar_body`."""
    hidden = snapshot.user_items[row] if query.exclude_seen else ()
    return list_body(
        snapshot,
        "recommendations",
        {"user_id": user_id},
        row=row,
        hidden=hidden,
        query=query,
        count=count,
    )


def list_body(
    snapshot: Snapshot,
    kind: ListKind,
    subject: dict[str, str],
    *,
    row: int,
    hidden: Hidden,
    query: ListQuery,
    count: Count = uncounted,
) -> bytes:
    """Body of one page of a list; ``hidden`` items are never listed."""
    model, lists = named_lists(snapshot, kind, row, query.model)
    about: dict[str, Any] = {"model": model, **subject}
    start, stop = lists.starts[row], lists.starts[row + 1]
    if query.cursor is None and query.is_plain and stop - start > query.k:
        item_idxs, scores = lists.top(row, query.k)
        page = Page(0, item_idxs, scores, next_offset=query.k)
        count(query.k, 0)
        return encoded_page(snapshot, page, about=about, source=model)
    offset = decode_cursor(snapshot.edition, query.cursor)
    whole = ranked(*lists.top(row), admitted(snapshot, query, hidden))
    page = spread(snapshot, whole, query.diversity).page(offset, query.k)
    count(query.k, len(page.item_idxs) - len(page.scores))
    if not query.explain:
        return encoded_page(snapshot, page, about=about, source=model)
    why = _explained_list(snapshot, kind, model, row, page)
    about["explainable"] = why.explainable
    return encoded_page(snapshot, page, about=about, source=model, becauses=why.becauses)


def _explained_list(
    snapshot: Snapshot, kind: ListKind, model: str, row: int, page: Page
) -> Explained:
    """Reasons of a page of a published list: its scores are sums where the model's are."""
    targets = page.item_idxs[: len(page.scores)]
    tried = (
        explained(snapshot, page, terms)
        for terms in _list_terms(snapshot, kind, model, row, targets)
    )
    return next((why for why in tried if why.explainable), unexplained(page))


def _list_terms(
    snapshot: Snapshot, kind: ListKind, model: str, row: int, targets: NDArray[np.int32]
) -> Iterator[Terms]:
    """What the scores of a list may be the sums of; beside an item stands a list of one part."""
    parts = snapshot.visitors.get(model, ())
    if model in snapshot.composed:
        yield composed_terms(snapshot.composed[model], kind, row, targets)
    elif kind == "similar":
        yield from (similar_terms(part, row, targets) for part in parts)
    elif parts:
        yield part_terms(parts, Likes.of(snapshot.user_items[row]), targets)


def named_lists(
    snapshot: Snapshot, kind: ListKind, row: int, model: str | None
) -> tuple[str, Lists]:
    """Lists of the model that is asked for, else of the site's default that has one.

    Raises
    ------
    ApiProblemError : 404, the site has no lists of that kind, or none of that model.
    """
    named = snapshot.lists[kind]
    chosen = model or snapshot.default_model(kind, row)
    if chosen is None or chosen not in named:
        asked = f"model {chosen[:100]!r}" if chosen else "any model"
        raise ApiProblemError(
            404,
            f"{snapshot.site.site} has no lists ({kind}) of {asked}.",
            kind="unknown-model",
            more={"known": list(named)},
        )
    return chosen, named[chosen]


def admitted(
    snapshot: Snapshot, query: Filters, hidden: Hidden, *, location: str = "query"
) -> Admission:
    """Items that the filters of a request let through.

    Raises
    ------
    ApiProblemError : 404, unknown groups.
    """
    groups = group_rows(snapshot, query.slugs, location=location)
    excluded = known_idxs(snapshot, query.exclude)
    return admission(snapshot, groups, [*np.asarray(hidden).tolist(), *excluded])


def known_idxs(snapshot: Snapshot, item_ids: Sequence[str]) -> list[int]:
    """Positions of those of the items that the snapshot has."""
    index = snapshot.items.index
    return [index[item_id] for item_id in item_ids if item_id in index]


def spread(snapshot: Snapshot, whole: Ranked, diversity: float) -> Ranked:
    """The list with the model's own items in the order of `mmr_order`."""
    if not diversity or not len(whole.scores):
        return whole
    order = mmr_order(whole.scores, similarities(snapshot, whole.own), diversity)
    return whole.reordered(order)
