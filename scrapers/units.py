"""Units of crawl work: what is still to be read, what was read, and what is remembered of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from scrapers.counts import Count
from scrapers.records import FeatureRecord, ItemRecord, LandedUnit, LikesPage, UnitKind

__all__ = ["EndedUnit", "Memory", "Unit"]


@dataclass(frozen=True, slots=True)
class Unit:
    """Something to read: a page of the catalogue, the likes or the features of one subject.

    ``announced`` rows where the site says how many; ``payload`` is the url of a page that only
    another page names, and never holds anything personal.
    """

    kind: UnitKind
    key: str
    announced: Count | None = None
    payload: str | None = None
    attempts: int = 0


@dataclass(frozen=True, slots=True)
class EndedUnit:
    """A unit with all its records, which are landed together or not at all.

    ``known`` are the 8-byte keyed digests of all rows of the list, joined, for the next crawl.
    What ``is_claimed`` is landed only while this process holds it; what is not, by every one.
    """

    unit: LandedUnit
    records: tuple[ItemRecord | LikesPage | FeatureRecord, ...] = ()
    announced: Count | None = None
    known: bytes = b""
    is_claimed: bool = True


@dataclass(frozen=True, slots=True)
class Memory:
    """What an earlier crawl knew of a list: announced and read rows, their digests, and when."""

    announced: Count | None
    read: int
    known: bytes
    read_at: datetime
