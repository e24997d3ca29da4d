"""Why an item is recommended, in plain words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

__all__ = ["Reason", "reason_of"]

_N_ITEMS: Final = 2
_N_GROUPS: Final = 3
_FAINT: Final = 0.2
"""Share of the strongest reason below which another one goes unsaid."""


@dataclass(frozen=True, slots=True)
class Reason:
    """What carried an item into a list.

    Attributes
    ----------
    items : titles of liked items; groups : names of shared tags, categories and creators.
    items_first : whether an item carried it most.
    is_filled : nothing did: it was filled in from popular items.
    is_told : whether the algorithm can tell at all.
    """

    items: Sequence[str]
    groups: Sequence[str]
    items_first: bool
    is_filled: bool
    is_told: bool


def reason_of(because: Iterable[Mapping[str, Any]] | None, *, is_filled: bool) -> Reason:
    """The strongest of the reasons that the API gives for an item."""
    parts = sorted(
        (one for one in because or () if one["part"] > 0), key=lambda one: -float(one["part"])
    )
    least = _FAINT * parts[0]["part"] if parts else 0
    told = [one for one in parts if one["part"] >= least]
    items = [one["title"] or "an item without a title" for one in told if one["item_id"]]
    groups = list(dict.fromkeys(one["tag"] for one in told if one["tag"]))
    return Reason(
        items=items[:_N_ITEMS],
        groups=groups[:_N_GROUPS],
        items_first=bool(told) and bool(told[0]["item_id"]),
        is_filled=is_filled,
        is_told=bool(items or groups),
    )
