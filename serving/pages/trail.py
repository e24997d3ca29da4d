"""Where somebody has wandered: the items that a page was reached by, carried in its url."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Final, Self
from urllib.parse import unquote

from pydantic import BaseModel, ConfigDict, Field

from serving.pages.cards import Card, card_of
from serving.pages.links import page_url, segment, site_url, trail_text
from serving.pages.stored import details_of
from serving.snapshot import Snapshot

__all__ = ["MAX_TRAIL", "MAX_TRAIL_LENGTH", "Way", "WayQuery", "read_trail", "steps", "trail_after"]

MAX_TRAIL: Final = 20
"""Items that a trail remembers; the first ones fall off."""
MAX_TRAIL_LENGTH: Final = 4096
_LONGEST_WRITTEN: Final = 4096  # bytes, encoded; as many are left for all else in a query


class WayQuery(BaseModel):
    """How an item was reached, and which rows are switched off, as a url says it."""

    model_config = ConfigDict(frozen=True)

    trail: str = Field("", max_length=MAX_TRAIL_LENGTH)
    off: tuple[Annotated[str, Field(max_length=100)], ...] = Field((), max_length=50)

    @property
    def is_personal(self) -> bool:
        """Whether the url has a trail, be it one of which the site knows nothing."""
        return "trail" in self.model_fields_set


@dataclass(frozen=True, slots=True)
class Way:
    """How somebody came to an item, and which rows they have switched off.

    Attributes
    ----------
    trail : ids of the items before it, the oldest first.
    off : models whose rows are not shown.
    query : both as the item's own pages have them, with the question mark.
    onward : both as the pages have them that the item leads to.
    """

    site: str
    item_id: str
    trail: tuple[str, ...]
    off: tuple[str, ...]
    query: str
    onward: str

    @classmethod
    def of(cls, snapshot: Snapshot, item_id: str, query: WayQuery) -> Self:
        """The way that a url tells; what the site does not have is left out.

        Who comes back to an item is there again: the way between is cut off.
        """
        before = read_trail(snapshot, query.trail)
        if item_id in before:
            before = before[: before.index(item_id)]
        chosen = tuple(sorted({model.model for model in snapshot.models} & set(query.off)))
        return cls(
            site=snapshot.site.site,
            item_id=item_id,
            trail=tuple(before),
            off=chosen,
            query=page_url("", trail=trail_text(before), off=chosen),
            onward=page_url("", trail=trail_text(trail_after(before, item_id)), off=chosen),
        )

    @property
    def trail_text(self) -> str:
        """The trail as it stands in a url."""
        return trail_text(self.trail)

    def url(self, *further: str, **query: str | int | Sequence[str] | None) -> str:
        """The item's page, or one below it, with the way kept."""
        kept = {"trail": self.trail_text, "off": self.off}
        return site_url(self.site, "items", self.item_id, *further, **{**kept, **query})

    def urls(self, *further: str, last: Sequence[str]) -> list[str]:
        """Pages below the item that differ in their last part alone; as `url`."""
        path = site_url(self.site, "items", self.item_id, *further)
        return [f"{path}/{segment(one)}{self.query}" for one in last]


def read_trail(snapshot: Snapshot, text: str) -> list[str]:
    """Ids of the items of a trail that the site still has, the oldest first."""
    ids = [unquote(part) for part in text.split(",") if part]
    return [item_id for item_id in ids if item_id in snapshot.items.index][-MAX_TRAIL:]


def trail_after(trail: Sequence[str], item_id: str) -> list[str]:
    """Trail of what is reached from an item; one that a url could not hold begins later."""
    way = [*trail, item_id][-MAX_TRAIL:]
    while len(page_url("", trail=trail_text(way))) > _LONGEST_WRITTEN:
        way.pop(0)
    return way


def steps(snapshot: Snapshot, way: Way) -> list[Card]:
    """Card of each item of a trail; its link goes back there, with the way that led to it."""
    return [
        card_of(
            snapshot.site,
            details_of(snapshot, item_id),
            page_url("", trail=trail_text(way.trail[:place]), off=way.off),
            width=64,
        )
        for place, item_id in enumerate(way.trail)
    ]
