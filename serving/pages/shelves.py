"""Shelves: the beginning of a list of the API under a name, and the page that has all of it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from serving.browsing import Order, group_items_body, order_body, random_body
from serving.lists.query import Grouped
from serving.pages.cards import Card, cards_of
from serving.pages.links import group_url, site_url
from serving.pages.stored import parsed
from serving.snapshot import GroupKind, Snapshot

__all__ = ["ORDERS", "Shelf", "group_shelf", "order_shelf", "random_shelf", "seed_of"]

ORDERS: Final[Mapping[Order, tuple[str, str]]] = {
    "popular": ("Popular", "What most people like."),
    "trending": ("Trending", "Gaining likes lately; the hearts count all likes so far."),
    "latest": ("New", "The latest arrivals."),
}
_QUERY: Final = Grouped(k=12)


@dataclass(frozen=True, slots=True)
class Shelf:
    """A named row of cards, and the page that has more of it."""

    name: str
    sentence: str
    cards: Sequence[Card]
    href: str


def order_shelf(snapshot: Snapshot, order: Order) -> Shelf:
    """The first items of an order."""
    name, sentence = ORDERS[order]
    cards = cards_of(snapshot.site, parsed(order_body(snapshot, order, _QUERY, None))["items"])
    return Shelf(name, sentence, cards, site_url(snapshot.site.site, order))


def group_shelf(snapshot: Snapshot, kind: GroupKind, row: int) -> Shelf:
    """The most liked items of a tag, category or creator."""
    groups = snapshot.groups[kind]
    answer = parsed(group_items_body(snapshot, kind, row, _QUERY, None))
    href = group_url(snapshot.site.site, kind, groups.slugs[row])
    return Shelf(groups.names[row], "", cards_of(snapshot.site, answer["items"]), href)


def random_shelf(snapshot: Snapshot) -> Shelf:
    """A few items at random, the same ones for as long as the snapshot is."""
    seed = seed_of(snapshot)
    answer = parsed(random_body(snapshot, seed, _QUERY, None))
    href = site_url(snapshot.site.site, "surprise", seed=seed)
    cards = cards_of(snapshot.site, answer["items"])
    return Shelf("A handful at random", "Likes have no say here.", cards, href)


def seed_of(snapshot: Snapshot) -> int:
    """A seed that a snapshot's name gives."""
    digest = hashlib.blake2b(snapshot.snapshot_id.encode(), digest_size=4).digest()
    return int.from_bytes(digest, "big")
