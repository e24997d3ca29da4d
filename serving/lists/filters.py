"""Which items a list may show: all groups that are asked for hold, and nothing hidden."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from serving.errors import ApiProblemError
from serving.snapshot import GroupKind, Snapshot

__all__ = ["Admission", "admission", "group_rows"]


@dataclass(frozen=True, slots=True)
class Admission:
    """Items that may be listed.

    Attributes
    ----------
    mask : bool, shape (n_items,), fresh.
    pool : a superset of them, most liked first.
    """

    mask: NDArray[np.bool_]
    pool: NDArray[np.int32]

    def fill(self, listed: NDArray[np.int32]) -> NDArray[np.int32]:
        """Admitted items that are not listed yet, most liked first."""
        left = self.mask.copy()
        left[listed] = False
        filled: NDArray[np.int32] = self.pool[left[self.pool]]
        return filled


def admission(
    snapshot: Snapshot,
    groups: Sequence[tuple[GroupKind, int]],
    hidden: NDArray[np.integer] | Sequence[int],
) -> Admission:
    """Items of all these groups (rows by kind), allowed by the operator and not hidden."""
    mask = snapshot.items.allowed.copy()
    pool = snapshot.popular
    for kind, row in groups:
        members = snapshot.groups[kind].items[row]
        own = np.zeros(len(mask), bool)
        own[members] = True
        mask &= own
        if len(members) < len(pool):
            pool = members
    mask[np.asarray(hidden, np.int64)] = False
    return Admission(mask, pool)


def group_rows(
    snapshot: Snapshot, slugs: Sequence[tuple[GroupKind, str]], *, location: str = "query"
) -> list[tuple[GroupKind, int]]:
    """Rows of groups by slug.

    Raises
    ------
    ApiProblemError : 404, the site has no such groups; every unknown one is named.
    """
    found = [(kind, slug, snapshot.groups[kind].index.get(slug)) for kind, slug in slugs]
    unknown = [(kind, slug) for kind, slug, row in found if row is None]
    if unknown:
        raise _unknown_groups(snapshot.site.site, unknown, location)
    return [(kind, row) for kind, _, row in found if row is not None]


def _unknown_groups(
    site: str, unknown: Sequence[tuple[GroupKind, str]], location: str
) -> ApiProblemError:
    named = ", ".join(f"{kind} {slug[:100]!r}" for kind, slug in unknown)
    errors = [
        {
            "location": location,
            "name": kind,
            "detail": f"the site has no {kind} of this slug",
            "value": slug[:100],
        }
        for kind, slug in unknown
    ]
    return ApiProblemError(
        404, f"{site} has no {named}.", kind="unknown-group", more={"errors": errors}
    )
