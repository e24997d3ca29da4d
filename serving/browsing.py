"""Bodies of answers to those who look around, joined from what was encoded at load."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal

import numpy as np
import orjson
from numpy.typing import NDArray

from serving.encoding import encoded_page
from serving.errors import ApiProblemError, invalid_request
from serving.lists.cursor import decode_cursor, encode_cursor
from serving.lists.filters import admission, group_rows
from serving.lists.query import Grouped
from serving.lists.ranking import Page
from serving.lists.shuffling import shuffled
from serving.resolving import resolve
from serving.snapshot import GroupKind, Snapshot

__all__ = [
    "Order",
    "completions_body",
    "group_body",
    "group_items_body",
    "group_row",
    "groups_body",
    "items_body",
    "order_body",
    "random_body",
    "resolved_body",
    "search_body",
]

Order = Literal["popular", "trending", "latest"]
_MAX_CHOSEN: Final = 2**32
_SEEDLESS: Final = "a list goes on by the seed that the page before has named"
_NO_SCORE: Final = np.float32("nan")  # null in JSON


def order_body(snapshot: Snapshot, order: Order, query: Grouped, cursor: str | None) -> bytes:
    """Body of a page of all items in an order, under the filters of the query.

    Raises
    ------
    ApiProblemError : 404, unknown groups; 409 and 422, a cursor that is stale or none.
    """
    whole: NDArray[np.int32] = getattr(snapshot, order)
    allowed = _mask(snapshot, query)
    if allowed is not None:
        whole = whole[allowed[whole]]
    page = _page(snapshot, whole, query.k, cursor, liked=order == "popular")
    return encoded_page(snapshot, page, about={"order": order}, source=order)


def random_body(snapshot: Snapshot, seed: int | None, query: Grouped, cursor: str | None) -> bytes:
    """Body of a page of the random order of a seed; as `order_body`.

    Without a seed one is chosen, but not where a list goes on: that is a fault, 422.
    """
    offset = decode_cursor(snapshot.edition, cursor)
    if seed is None:
        if cursor is not None:
            raise invalid_request("query", "seed", _SEEDLESS)
        seed = secrets.randbelow(_MAX_CHOSEN)
    allowed = _mask(snapshot, query)
    pool = snapshot.popular if allowed is None else snapshot.popular[allowed[snapshot.popular]]
    stop = min(offset + query.k, len(pool))
    item_idxs = pool[shuffled(np.arange(offset, stop), len(pool), seed)]
    scores = np.full(len(item_idxs), _NO_SCORE)
    page = Page(offset, item_idxs, scores, stop if stop < len(pool) else None)
    return encoded_page(snapshot, page, about={"order": "random", "seed": seed}, source="random")


def search_body(snapshot: Snapshot, q: str, query: Grouped, cursor: str | None) -> bytes:
    """Body of a page of what a search has found; as `order_body`."""
    offset = decode_cursor(snapshot.edition, cursor)
    only = _mask(snapshot, query)
    found, scores = snapshot.search.search(q, query.k + 1, offset, only=only)
    more = offset + query.k if len(found) > query.k else None
    page = Page(offset, found[: query.k], scores[: query.k], more)
    return encoded_page(snapshot, page, about={"q": q}, source="search")


def completions_body(snapshot: Snapshot, q: str, k: int) -> bytes:
    """Body of what a beginning may become."""
    slugs: dict[str, Sequence[str]] = {kind: one.slugs for kind, one in snapshot.groups.items()}
    return _closed(
        snapshot,
        {
            "q": q,
            "completions": [
                {
                    "kind": one.kind,
                    "text": one.text,
                    "slug": None if one.kind == "item" else slugs[one.kind][one.row],
                    "item_id": snapshot.items.ids[one.row] if one.kind == "item" else None,
                }
                for one in snapshot.search.complete(q, k)
            ],
        },
    )


def group_row(snapshot: Snapshot, kind: GroupKind, slug: str) -> int:
    """Row of a group.

    Raises
    ------
    ApiProblemError : 404, the site has none of this slug.
    """
    ((_, row),) = group_rows(snapshot, [(kind, slug)], location="path")
    return row


def groups_body(snapshot: Snapshot, kind: GroupKind, k: int, cursor: str | None) -> bytes:
    """Body of a page of the groups of a kind, the most liked first."""
    offset = decode_cursor(snapshot.edition, cursor)
    n_groups = len(snapshot.groups[kind].slugs)
    stop = min(offset + k, n_groups)
    return _closed(
        snapshot,
        {
            "kind": kind,
            "groups": [_group(snapshot, kind, row) for row in range(offset, stop)],
            "next_cursor": encode_cursor(snapshot.edition, stop) if stop < n_groups else None,
        },
    )


def group_body(snapshot: Snapshot, kind: GroupKind, row: int) -> bytes:
    """Body of the answer about one group."""
    return _closed(snapshot, {"kind": kind, **_group(snapshot, kind, row)})


def group_items_body(
    snapshot: Snapshot, kind: GroupKind, row: int, query: Grouped, cursor: str | None
) -> bytes:
    """Body of a page of a group's items, the most liked first; as `order_body`."""
    groups = snapshot.groups[kind]
    whole = groups.items[row]
    allowed = _mask(snapshot, query)
    if allowed is not None:
        whole = whole[allowed[whole]]
    page = _page(snapshot, whole, query.k, cursor, liked=True)
    about = {"kind": kind, "slug": groups.slugs[row], "name": groups.names[row]}
    return encoded_page(snapshot, page, about=about, source=kind)


def items_body(snapshot: Snapshot, item_ids: Sequence[str]) -> bytes:
    """Body of several items in the order of their ids; what is unknown is named.

    Raises
    ------
    ApiProblemError : 404, all are unknown.
    """
    index, details = snapshot.items.index, snapshot.items.details
    asked = list(dict.fromkeys(item_ids))
    unknown = [item_id for item_id in asked if item_id not in index]
    if len(unknown) == len(asked):
        named = ", ".join(repr(item_id[:100]) for item_id in unknown[:10])
        detail = f"{snapshot.site.site} has none of these items: {named}."
        raise ApiProblemError(404, detail, kind="unknown-item")
    known = (b"{" + details[index[item_id]] for item_id in asked if item_id in index)
    return b"".join(
        (
            snapshot.head,
            b',"items":[',
            b",".join(known),
            b'],"unknown":',
            orjson.dumps(unknown),
            b"}",
        )
    )


def resolved_body(snapshot: Snapshot, url: str) -> bytes:
    """Body of the item that a link names; raises as `resolve`."""
    found = resolve(snapshot, url)
    matched = orjson.dumps({"matched": found.form})[1:-1]
    return b"".join((snapshot.head, b",", matched, b",", snapshot.items.details[found.item_idx]))


def _mask(snapshot: Snapshot, query: Grouped) -> NDArray[np.bool_] | None:
    """Items of all groups that are asked for; None where none is."""
    if not query.slugs:
        return None
    return admission(snapshot, group_rows(snapshot, query.slugs), ()).mask


def _page(
    snapshot: Snapshot, whole: NDArray[np.int32], k: int, cursor: str | None, *, liked: bool
) -> Page:
    offset = decode_cursor(snapshot.edition, cursor)
    stop = offset + k
    item_idxs = whole[offset:stop]
    scores = (
        snapshot.items.like_counts[item_idxs].astype(np.float32)
        if liked
        else np.full(len(item_idxs), _NO_SCORE)
    )
    return Page(offset, item_idxs, scores, stop if stop < len(whole) else None)


def _group(snapshot: Snapshot, kind: GroupKind, row: int) -> dict[str, Any]:
    groups = snapshot.groups[kind]
    return {
        "slug": groups.slugs[row],
        "name": groups.names[row],
        "item_count": len(groups.items[row]),
        "like_count": int(groups.like_counts[row]),
    }


def _closed(snapshot: Snapshot, members: Mapping[str, Any]) -> bytes:
    return snapshot.head + b"," + orjson.dumps(members)[1:]
