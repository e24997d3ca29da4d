"""The words of a crawl: its tables, stages, modes, units and how they end."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

__all__ = [
    "STAGE_KINDS",
    "STAGE_TABLES",
    "CatalogueSource",
    "Mode",
    "RawTable",
    "RunStatus",
    "Side",
    "Stage",
    "UnitKind",
    "UnitState",
]


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
