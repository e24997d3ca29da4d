"""The models and members of a world as the real site names them, with JSON made once each."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, Final
from urllib.parse import quote

from scrapers.replica.media import Pictures
from scrapers.replica.names import Person, creator_person, invented_person, slug
from scrapers.replica.sketchfab.rules import THUMBNAIL_SIZES
from scrapers.replica.world import Item, World

__all__ = ["Catalogue", "dump", "iso"]

_OLDEST: Final = datetime.min.replace(tzinfo=UTC)


class Catalogue:
    """The site's own view of a world, with urls below `base_url` (no slash at its end)."""

    def __init__(self, world: World, base_url: str) -> None:
        self.world = world
        self.base_url = base_url
        self.pictures = Pictures(world.folder)
        self.members: Sequence[Person] = [invented_person(handle) for handle in world.users]
        creators = {item.creator for item in world.items if item.creator is not None}
        self.creators = {name: creator_person(name) for name in sorted(creators)}
        self.creators_by_uid = {person.uid: person for person in self.creators.values()}
        self.creators_by_username = {person.username: person for person in self.creators.values()}
        self.member_index = {person.username: idx for idx, person in enumerate(self.members)}
        self._fragments: list[bytes | None] = [None] * len(world.items)

    @cached_property
    def newest_first(self) -> Sequence[int]:
        """Items by time of publication, unknown times last."""
        items = self.world.items
        return sorted(
            range(len(items)), key=lambda idx: items[idx].published_at or _OLDEST, reverse=True
        )

    def item(self, item_id: str) -> Item | None:
        """Item with an id; None where there is none."""
        idx = self.world.item_index.get(item_id)
        return None if idx is None else self.world.items[idx]

    def item_by_slug(self, slug_and_uid: str) -> Item | None:
        """Item of ``{slug}-{uid}``; ids may hold hyphens, so the item's own slug decides.

        Like the real site, any slug before a known id will do.
        """
        heads = [i for i, letter in enumerate(slug_and_uid) if letter == "-"]
        splits = [(slug_and_uid[:i], self.item(slug_and_uid[i + 1 :])) for i in heads]
        found = [(head, item) for head, item in splits if item is not None]
        exact = [item for head, item in found if slug(item.title) == head]
        return next(iter([*exact, *(item for _, item in found)]), None)

    def page_url(self, item: Item) -> str:
        """Page of a model for people."""
        return f"{self.base_url}/3d-models/{slug(item.title)}-{quote(item.item_id, safe='')}"

    def embed_url(self, item: Item) -> str:
        """Player of a model."""
        return f"{self.base_url}/models/{quote(item.item_id, safe='')}/embed"

    def thumbnails(self, item: Item) -> list[dict[str, Any]]:
        """Pictures of a model, largest first, each size once."""
        sizes = THUMBNAIL_SIZES
        drawn = "svg" if self.pictures.path(item) is None else "webp"
        folder = f"{self.base_url}/media/{quote(item.item_id, safe='')}"
        fitted = zip(sizes, self.pictures.dimensions(item, sizes), strict=True)
        images = {
            (width, height): {
                "uid": f"{item.item_id}-{size}",
                "url": f"{folder}/{size}.{drawn}",
                "width": width,
                "height": height,
            }
            for size, (width, height) in reversed(list(fitted))
        }
        return list(images.values())

    def model(self, item: Item) -> dict[str, Any]:
        """A model as ``/v3/models`` shows it."""
        return {
            "uid": item.item_id,
            "name": item.title,
            "uri": f"{self.base_url}/v3/models/{quote(item.item_id, safe='')}",
            "viewerUrl": self.page_url(item),
            "embedUrl": self.embed_url(item),
            "likeCount": item.like_count,
            "viewCount": _views(item),
            "publishedAt": iso(item.published_at),
            "tags": [{"name": tag, "slug": slug(tag)} for tag in item.tags],
            "categories": [{"name": name, "slug": slug(name)} for name in item.categories],
            "user": self._creator(item),
            "thumbnails": {"images": self.thumbnails(item)},
            "license": _license(item),
        }

    def open_model(self, idx: int) -> bytes:
        """JSON of a model without its closing brace, so that a caller may add to it."""
        fragment = self._fragments[idx]
        if fragment is None:
            fragment = dump(self.model(self.world.items[idx]))[:-1]
            self._fragments[idx] = fragment
        return fragment

    def person(self, person: Person) -> dict[str, Any]:
        """A member as models and likes name them."""
        return {
            "uid": person.uid,
            "username": person.username,
            "displayName": person.display_name,
            "profileUrl": f"{self.base_url}/{quote(person.username, safe='')}",
        }

    def where(self, wanted: Callable[[Item], bool], order: Sequence[int]) -> Sequence[int]:
        """Items of an order for which `wanted` holds."""
        return [idx for idx in order if wanted(self.world.items[idx])]

    def _creator(self, item: Item) -> dict[str, Any] | None:
        return None if item.creator is None else self.person(self.creators[item.creator])


def dump(value: object) -> bytes:
    """Compact JSON."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def iso(instant: datetime | None) -> str | None:
    """ISO 8601 in UTC with a ``Z``; None for None."""
    return None if instant is None else f"{instant:%Y-%m-%dT%H:%M:%S.%f}Z"


def _license(item: Item) -> dict[str, str] | None:
    return None if item.license is None else {"slug": slug(item.license), "label": item.license}


def _views(item: Item) -> int:
    """Invented, but steady: some people look and do not like."""
    return item.like_count * 12 + sum(item.item_id.encode()) % 97
