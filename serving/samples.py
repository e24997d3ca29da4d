"""Links that work, to show what a site's snapshot answers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final
from urllib.parse import quote

from serving.snapshot import Snapshot

__all__ = ["sample_links", "sample_paths", "sample_user_link"]

_LOOKED_AT: Final = 100


def sample_paths(snapshot: Snapshot, *, user_routes: bool) -> Iterator[str]:
    """Paths for the operator's terminal; one of a person only where there are such routes."""
    yield from sample_links(snapshot)
    user_link = sample_user_link(snapshot) if user_routes else None
    if user_link:
        yield user_link


def sample_links(snapshot: Snapshot) -> Iterator[str]:
    """Paths of the most liked item that has similar ones, and of those; none without items."""
    named = snapshot.lists["similar"]
    popular = snapshot.popular[:_LOOKED_AT].tolist()
    with_list = (idx for idx in popular if any(lists.has(idx) for lists in named.values()))
    item_idx = next(with_list, next(iter(popular), None))
    if item_idx is None:
        return
    path = f"/v1/{snapshot.site.site}/items/{quote(snapshot.items.ids[item_idx], safe='')}"
    yield path
    if named:
        yield f"{path}/similar?k=10"


def sample_user_link(snapshot: Snapshot) -> str | None:
    """Path of one person's recommendations; None where nobody has any.

    For the operator's terminal: no page shows a pseudonym unasked.
    """
    named = snapshot.lists["recommendations"]
    for user_id, row in snapshot.users.items():
        if any(lists.has(row) for lists in named.values()):
            user = quote(user_id, safe="")
            return f"/v1/{snapshot.site.site}/users/{user}/recommendations?k=10"
    return None
