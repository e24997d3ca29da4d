"""What a run's crawls visit: everything, or what is new or has changed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import dagster as dg

from pipeline.dataset.crawls import Crawl, raw_crawls
from pipeline.sites import Site, site_settings
from scrapers.records import Mode, RawTable

__all__ = ["MODE_TAG", "asked_mode", "due_mode", "mode_tags"]

MODE_TAG: Final = "likewise/mode"
"""Tag of a run; a run without it visits everything."""
_VISITED: Final = (RawTable.ITEMS, RawTable.LIKES)
_EARLY: Final = timedelta(hours=12)
"""A schedule's tick comes some seconds before the last full crawl is so many days old."""


def asked_mode(tags: Mapping[str, str]) -> Mode:
    """Mode that the tags of a run ask for.

    Raises
    ------
    dagster.Failure : a mode that there is not.
    """
    text = tags.get(MODE_TAG, Mode.FULL)
    try:
        return Mode(text)
    except ValueError as err:
        modes = " or ".join(Mode)
        raise dg.Failure(
            f"tag {MODE_TAG} is {text!r}, must be {modes}", allow_retries=False
        ) from err


def mode_tags(data: Path, site: Site, now: datetime) -> Mapping[str, str]:
    """Tags of a run that a schedule starts at an instant."""
    days = site_settings(site).full_every_days
    return {MODE_TAG: due_mode(data, site.name, full_every_days=days, now=now).value}


def due_mode(data: Path, site: str, *, full_every_days: float, now: datetime) -> Mode:
    """Full where no full crawl is younger than so many days, else incremental.

    A full crawl counts that has read both the catalogue and the lists but for a few of them,
    because some lists of a site are always short.

    Raises
    ------
    RawZoneError : a manifest that cannot be read.
    """
    begun = [_last_full_at(raw_crawls(data, site, table)) for table in _VISITED]
    oldest = min(begun)
    is_due = now - oldest >= timedelta(days=full_every_days) - _EARLY
    return Mode.FULL if is_due else Mode.INCREMENTAL


def _last_full_at(crawls: list[Crawl]) -> datetime:
    full = [crawl.began_at for crawl in crawls if crawl.mode is Mode.FULL and crawl.is_thorough]
    return max(full, default=datetime.min.replace(tzinfo=UTC))
