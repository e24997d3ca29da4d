"""What a spider makes of a page, before anything of it is checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from scrapers.json_pages import Json
from scrapers.like_list import Row
from scrapers.records import ItemRecord

__all__ = ["CataloguePage", "DirectoryPage", "LikesOfPage", "UserRow"]


@dataclass(frozen=True, slots=True)
class CataloguePage:
    """Items of a page in their order; ``following`` is the url of the next page, if it has one."""

    items: Sequence[ItemRecord]
    following: Json = None


@dataclass(frozen=True, slots=True)
class LikesOfPage:
    """Likes of a page of a list; ``following`` is falsy at the list's end."""

    rows: Sequence[Row]
    following: Json = None


@dataclass(frozen=True, slots=True)
class UserRow:
    """A user whom a page names, and how many likes it says they have."""

    user_handle: Json
    announced: Json = None


@dataclass(frozen=True, slots=True)
class DirectoryPage:
    """Users of a page; ``following`` is the url of the next page, if it has one.

    ``row_ids`` are of what the page lists, each once in a directory: the users themselves, or
    that which names them.
    """

    users: Sequence[UserRow]
    following: Json = None
    row_ids: Sequence[Json] = ()
