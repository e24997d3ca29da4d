"""Pages of a list: which one this is, and where the others are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from pydantic import BaseModel, ConfigDict

from serving.lists.cursor import decode_cursor, encode_cursor
from serving.lists.query import Cursor
from serving.snapshot import Snapshot

__all__ = ["PAGE_LENGTH", "PageQuery", "Pager", "pager_of"]

PAGE_LENGTH: Final = 24
"""Cards of a page: even rows of two, three, four and six."""


class PageQuery(BaseModel):
    """Which page of a list; what else stands in the query is nobody's business."""

    model_config = ConfigDict(frozen=True)

    cursor: Cursor = None


@dataclass(frozen=True, slots=True)
class Pager:
    """A page's number, from 1, and addresses of others; None where there is none."""

    number: int
    first: str | None
    previous: str | None
    following: str | None

    @property
    def is_only(self) -> bool:
        """Whether there is no other page."""
        return self.number == 1 and self.following is None


def pager_of(
    snapshot: Snapshot,
    cursor: str | None,
    next_cursor: str | None,
    href: Callable[[str | None], str],
    k: int = PAGE_LENGTH,
) -> Pager:
    """Where a page of a list stands among the others.

    Parameters
    ----------
    cursor, next_cursor : of this page, and of the next as the API's answer names it.
    href : address of the page of a cursor; of the first one without.

    Raises
    ------
    ApiProblemError : 409 and 422, the cursor is stale or none.
    """
    offset = decode_cursor(snapshot.edition, cursor)
    before = offset - k
    earlier = encode_cursor(snapshot.edition, before) if before > 0 else None
    return Pager(
        number=-(-offset // k) + 1,
        first=href(None) if before > 0 else None,
        previous=href(earlier) if offset else None,
        following=href(next_cursor) if next_cursor else None,
    )
