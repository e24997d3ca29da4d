"""Door 1: what a spider may emit and what lies in the raw zone, column by column.

The raw zone is ``<data>/raw/<site>/<table>/<run_id>/``: part files listed in ``manifest.json``.
A part that no manifest lists does not exist for a reader, and the manifest names the units of
work that each part holds.  This is the only place where a site's user handle has a name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import pyarrow as pa

from scrapers.manifest import (
    GONE,
    MANIFEST_NAME,
    SCHEMA_VERSION,
    LandedUnit,
    Manifest,
    Part,
    listed_parts,
    raw_folder,
    read_manifest,
)
from scrapers.pseudonyms import Key, KeyFault, load_key, load_or_create_key, pseudonym
from scrapers.vocabulary import (
    STAGE_KINDS,
    STAGE_TABLES,
    CatalogueSource,
    Mode,
    RawTable,
    RunStatus,
    Side,
    Stage,
    UnitKind,
    UnitState,
)

__all__ = [
    "GONE",
    "MANIFEST_NAME",
    "RAW_SCHEMAS",
    "SCHEMA_VERSION",
    "STAGE_KINDS",
    "STAGE_TABLES",
    "USER_HANDLE",
    "CatalogueSource",
    "FeatureRecord",
    "ItemRecord",
    "Key",
    "KeyFault",
    "LandedUnit",
    "LikesPage",
    "Manifest",
    "Mode",
    "Part",
    "RawTable",
    "Record",
    "RunStatus",
    "Side",
    "SiteRecord",
    "Stage",
    "Thumbnail",
    "UnitKind",
    "UnitState",
    "listed_parts",
    "load_key",
    "load_or_create_key",
    "pseudonym",
    "raw_folder",
    "read_manifest",
]

USER_HANDLE: Final = "user_handle"

_INSTANT: Final = pa.timestamp("us", tz="UTC")


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """One picture of an item; width and height in pixels."""

    url: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class SiteRecord:
    """What only the spider knows of its site; one a run.

    ``page_url_forms`` and ``embed_template`` hold ``{item_id}`` (and, in forms, ``{slug}``)
    where the item's id stands.
    """

    title: str
    base_url: str
    hosts: tuple[str, ...]
    page_url_forms: tuple[str, ...]
    embed_template: str | None
    picture_hosts: tuple[str, ...]
    crawled_at: datetime


@dataclass(frozen=True, slots=True)
class ItemRecord:
    """One row of the catalogue, sorted by likes; ``like_count`` is the announced count.

    ``like_count_text`` keeps the count as the site wrote it (``1.2k``); such a count is
    rounded, so ``like_count`` is then a lower bound of what was announced.
    """

    item_id: str
    title: str | None
    like_count: int | None
    like_count_text: str | None
    url: str | None
    crawled_at: datetime


@dataclass(frozen=True, slots=True)
class LikesPage:
    """One page of likes: position i of each sequence is one like.

    ``subject_id`` is the item (item side) or the user (user side) whose list was read; it is not
    landed.
    """

    subject_id: str
    user_handles: tuple[str, ...]
    item_ids: tuple[str, ...]
    liked_at: tuple[datetime | None, ...]
    crawled_at: datetime


@dataclass(frozen=True, slots=True)
class FeatureRecord:
    """What the item's own JSON says of it; creators by name, never by user id."""

    item_id: str
    title: str | None
    creator: str | None
    license: str | None
    like_count: int | None
    view_count: int | None
    published_at: datetime | None
    url: str | None
    embed_url: str | None
    tags: tuple[str, ...]
    categories: tuple[str, ...]
    thumbnails: tuple[Thumbnail, ...]
    crawled_at: datetime


Record = SiteRecord | ItemRecord | LikesPage | FeatureRecord


def _column(name: str, kind: pa.DataType, comment: str, *, required: bool = False) -> pa.Field:
    return pa.field(name, kind, nullable=not required, metadata={"comment": comment})


_THUMBNAILS: Final = pa.list_(
    pa.struct([("url", pa.string()), ("width", pa.int32()), ("height", pa.int32())])
)

RAW_SCHEMAS: Final[Mapping[RawTable, pa.Schema]] = {
    RawTable.SITE: pa.schema(
        [
            _column("title", pa.string(), "Name of the site for people.", required=True),
            _column("base_url", pa.string(), "Root that was crawled.", required=True),
            _column("hosts", pa.list_(pa.string()), "Hosts of item pages."),
            _column(
                "page_url_forms",
                pa.list_(pa.string()),
                "Forms of item page urls; {item_id} and {slug} mark the variable parts.",
            ),
            _column("embed_template", pa.string(), "Player url; {item_id} marks the id."),
            _column("picture_hosts", pa.list_(pa.string()), "Hosts that serve pictures."),
            _column("crawled_at", _INSTANT, "When the crawl began.", required=True),
        ]
    ),
    RawTable.ITEMS: pa.schema(
        [
            _column("item_id", pa.string(), "The site's opaque id.", required=True),
            _column("title", pa.string(), "Title in the catalogue."),
            _column("like_count", pa.int64(), "Announced number of likes."),
            _column("like_count_text", pa.string(), "The announced count as written, 1.2k say."),
            _column("url", pa.string(), "Page of the item."),
            _column("crawled_at", _INSTANT, "When the row was read.", required=True),
        ]
    ),
    RawTable.LIKES: pa.schema(
        [
            _column(
                USER_HANDLE,
                pa.string(),
                "The site's user id: personal, it never leaves the raw zone.",
                required=True,
            ),
            _column("item_id", pa.string(), "The item that is liked.", required=True),
            _column("liked_at", _INSTANT, "When it was liked, where the site says so."),
            _column("crawled_at", _INSTANT, "When the page was read.", required=True),
        ]
    ),
    RawTable.FEATURES: pa.schema(
        [
            _column("item_id", pa.string(), "The site's opaque id.", required=True),
            _column("title", pa.string(), "Title on the item's page."),
            _column("creator", pa.string(), "Name of the creator."),
            _column("license", pa.string(), "Licence label."),
            _column("like_count", pa.int64(), "Announced number of likes."),
            _column("view_count", pa.int64(), "Announced number of views."),
            _column("published_at", _INSTANT, "When the item was published."),
            _column("url", pa.string(), "Page of the item."),
            _column("embed_url", pa.string(), "Player of the item."),
            _column("tags", pa.list_(pa.string()), "Free tags, as written."),
            _column("categories", pa.list_(pa.string()), "The site's own categories."),
            _column("thumbnails", _THUMBNAILS, "Pictures; width and height in pixels."),
            _column("crawled_at", _INSTANT, "When the JSON was read.", required=True),
        ]
    ),
}
