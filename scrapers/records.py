"""Door 1: what a spider may emit and what lies in the raw zone, column by column.

The raw zone is ``<data>/raw/<site>/<table>/<run_id>/``: part files listed in ``manifest.json``.
A part that no manifest lists does not exist for a reader, and the manifest names the units of
work that each part holds.  This is the only place where a site's user handle has a name.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from scrapers.pseudonyms import Key, KeyFault, load_key, load_or_create_key, pseudonym

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

SCHEMA_VERSION: Final = 2
"""Version 1 had no units and no modes; it is still read."""
MANIFEST_NAME: Final = "manifest.json"
GONE: Final = "gone"
"""Why a unit was read to its end though nothing is there: the site says that it does not exist."""
USER_HANDLE: Final = "user_handle"

_INSTANT: Final = pa.timestamp("us", tz="UTC")


class RawTable(StrEnum):
    """Names of the raw tables, which are also their folders."""

    SITE = "site"
    ITEMS = "items"
    LIKES = "likes"
    FEATURES = "features"


class RunStatus(StrEnum):
    """How a crawl of one table ended, or that it has not."""

    RUNNING = "running"
    COMPLETE = "complete"
    PARTIAL = "partial"
    FAILED = "failed"


class Stage(StrEnum):
    """Which part of a site is crawled."""

    CATALOGUE = "catalogue"
    LIKES = "likes"
    FEATURES = "features"


STAGE_TABLES: Final[Mapping[Stage, RawTable]] = {
    Stage.CATALOGUE: RawTable.ITEMS,
    Stage.LIKES: RawTable.LIKES,
    Stage.FEATURES: RawTable.FEATURES,
}
"""The table that a stage lands."""


class CatalogueSource(StrEnum):
    """How the catalogue is read: the page in a browser, or the JSON listing."""

    BROWSER = "browser"
    JSON = "json"


class Side(StrEnum):
    """Which lists hold the likes: those of items, or those of users."""

    ITEM = "item"
    USER = "user"


class Mode(StrEnum):
    """What a crawl visits: everything, or what is new or has changed."""

    FULL = "full"
    INCREMENTAL = "incremental"


class UnitKind(StrEnum):
    """Kinds of units of work."""

    CATALOGUE_PAGE = "catalogue_page"
    ITEM_LIKES = "item_likes"
    USER_LIKES = "user_likes"
    USER_DIRECTORY = "user_directory"
    ITEM_FEATURES = "item_features"


STAGE_KINDS: Final[Mapping[Stage, tuple[UnitKind, ...]]] = {
    Stage.CATALOGUE: (UnitKind.CATALOGUE_PAGE,),
    Stage.LIKES: (UnitKind.ITEM_LIKES, UnitKind.USER_LIKES, UnitKind.USER_DIRECTORY),
    Stage.FEATURES: (UnitKind.ITEM_FEATURES,),
}
"""The units that a stage reads."""


class UnitState(StrEnum):
    """Where a unit of work stands; the last three are ends."""

    PENDING = "pending"
    LEASED = "leased"
    DONE = "done"
    PARTIAL = "partial"
    FAILED = "failed"


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

    ``subject_id`` is the item (item side) or the user (user side) whose list was read;
    ``announced_count`` what the site says the whole list holds.  Neither is landed.
    """

    subject_id: str
    user_handles: tuple[str, ...]
    item_ids: tuple[str, ...]
    liked_at: tuple[datetime | None, ...]
    crawled_at: datetime
    announced_count: int | None = None


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


@dataclass(frozen=True, slots=True)
class LandedUnit:
    """How a unit of work ended.

    ``key`` is an item's id, a user's pseudonym, or a page; ``read`` counts distinct rows, those
    known from an earlier crawl included, and ``announced`` what the site said there are.
    ``whole`` says that the list was read from its beginning to its end, so that what it does
    not hold is gone; ``why`` names what is missing of a partial or failed unit, or is `GONE`.
    """

    kind: UnitKind
    key: str
    state: UnitState
    read: int = 0
    announced: int | None = None
    whole: bool = False
    ended_at: str = ""
    why: str | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """One landed file of a manifest; ``size_bytes`` and ``sha256`` are of the whole file.

    ``units`` are those whose rows it holds, each from its first row to its last.
    """

    name: str
    rows: int
    size_bytes: int
    sha256: str
    units: tuple[LandedUnit, ...] = ()

    @classmethod
    def from_fields(cls, fields: Mapping[str, Any]) -> Part:
        """Part of the fields of a manifest."""
        units = tuple(
            LandedUnit(UnitKind(kind), key, UnitState(state), *rest)
            for kind, key, state, *rest in fields.get("units", ())
        )
        return cls(**{**fields, "units": units})


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a run landed of one table.

    Processes that share a crawl have a run each and its ``crawl_id`` in common.  ``counts``
    holds the figures of the crawl (announced, read, rejected, by reason); instants are ISO 8601
    in UTC.
    """

    site: str
    table: RawTable
    run_id: str
    status: RunStatus
    started_at: str
    finished_at: str | None = None
    parts: tuple[Part, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    schema_version: int = SCHEMA_VERSION
    mode: Mode = Mode.FULL
    crawl_id: str = ""

    @property
    def rows(self) -> int:
        """Rows of all listed parts."""
        return sum(part.rows for part in self.parts)

    @property
    def units(self) -> Mapping[tuple[UnitKind, str], LandedUnit]:
        """Units of all listed parts by kind and key; of one that ended twice, the last end."""
        return {(unit.kind, unit.key): unit for part in self.parts for unit in part.units}

    def to_json(self) -> str:
        """Text of ``manifest.json``: a line a part, in which a unit is a list of its fields."""
        parts = [
            {**_fields(part), "units": [list(_fields(unit).values()) for unit in part.units]}
            for part in self.parts
        ]
        lines = ",\n  ".join(json.dumps(part, sort_keys=True) for part in parts)
        rest = json.dumps({**_fields(self), "parts": []}, indent=1, sort_keys=True)
        return rest.replace('"parts": []', f'"parts": [\n  {lines}\n ]', 1) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Manifest:
        """Manifest written by `to_json`.

        Raises
        ------
        ValueError : no JSON, a missing field, or another schema version.
        """
        read: dict[str, Any] = json.loads(text)
        version = read.get("schema_version")
        if version not in range(1, SCHEMA_VERSION + 1):
            raise ValueError(
                f"manifest has schema version {version}, this code reads 1 to {SCHEMA_VERSION}"
            )
        try:
            read["table"] = RawTable(read["table"])
            read["status"] = RunStatus(read["status"])
            read["parts"] = tuple(map(Part.from_fields, read["parts"]))
            read["mode"] = Mode(read.get("mode", Mode.FULL))
            read["crawl_id"] = read.get("crawl_id") or read["run_id"]
            return cls(**read)
        except (KeyError, TypeError) as err:
            raise ValueError(f"manifest is not of the expected form: {err}") from err


def raw_folder(data: Path, site: str, table: RawTable, run_id: str) -> Path:
    """Folder of one run's parts of a table."""
    return data / "raw" / site / table.value / run_id


def read_manifest(folder: Path) -> Manifest | None:
    """Manifest of a run's folder; None where nothing was landed."""
    path = folder / MANIFEST_NAME
    return Manifest.from_json(path.read_text("utf-8")) if path.exists() else None


def listed_parts(folder: Path) -> list[Path]:
    """Part files that the folder's manifest lists, in landing order; empty without one."""
    manifest = read_manifest(folder)
    return [] if manifest is None else [folder / part.name for part in manifest.parts]


def _fields(record: Manifest | Part | LandedUnit) -> dict[str, Any]:
    """Fields of a record as they are; `dataclasses.asdict` copies all that lies in them."""
    return {item.name: getattr(record, item.name) for item in fields(record)}
