"""Pages of likes checked in bulk; a like that fails is set aside and its neighbours are kept."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from scrapers.checking import check_id, check_instant, is_plain_id
from scrapers.errors import Fault
from scrapers.records import USER_HANDLE, LikesPage

__all__ = ["CheckedLikes", "RejectedLike", "check_likes"]


@dataclass(frozen=True, slots=True)
class RejectedLike:
    """A like that breaks the contract, with every fault."""

    user_handle: object
    item_id: object
    liked_at: object
    faults: tuple[Fault, ...]


@dataclass(frozen=True, slots=True)
class CheckedLikes:
    """The good likes of a page, as columns, and those set aside."""

    user_handles: list[str]
    item_ids: list[str]
    liked_at: list[datetime | None]
    rejected: tuple[RejectedLike, ...] = ()

    def __len__(self) -> int:
        return len(self.user_handles)


def check_likes(page: LikesPage) -> CheckedLikes:
    """The page's likes, cleaned; position i of each column is one like."""
    plain = all(map(is_plain_id, page.user_handles)) and all(map(is_plain_id, page.item_ids))
    if plain and page.liked_at.count(None) == len(page.liked_at):
        return CheckedLikes(list(page.user_handles), list(page.item_ids), list(page.liked_at))
    handles: list[str] = []
    item_ids: list[str] = []
    instants: list[datetime | None] = []
    rejected: list[RejectedLike] = []
    for handle, item_id, liked_at in zip(
        page.user_handles, page.item_ids, page.liked_at, strict=True
    ):
        try:
            instant = check_instant(liked_at)
            if not plain:
                check_id(handle)
                check_id(item_id)
        except ValueError:
            faults = tuple(_faults(handle, item_id, liked_at))
            rejected.append(RejectedLike(handle, item_id, liked_at, faults))
            continue
        handles.append(handle)
        item_ids.append(item_id)
        instants.append(instant)
    return CheckedLikes(handles, item_ids, instants, tuple(rejected))


def _faults(handle: object, item_id: object, liked_at: object) -> Iterator[Fault]:
    checks = ((USER_HANDLE, check_id, handle), ("item_id", check_id, item_id))
    for name, check, value in (*checks, ("liked_at", check_instant, liked_at)):
        try:
            check(value)
        except ValueError as err:
            yield Fault(name, str(err))
