"""A crawl that may start: its arguments and settings, checked against each other and the disk."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from scrapers.arguments import CrawlArguments, is_loopback, read_arguments
from scrapers.environment import CrawlSettings, Profile, read_settings
from scrapers.errors import ArgumentError
from scrapers.raw_zone import ItemUnit, catalogue_folder, read_items
from scrapers.records import (
    STAGE_TABLES,
    CatalogueSource,
    RawTable,
    RunStatus,
    Stage,
    raw_folder,
    read_manifest,
)
from scrapers.settings import at_once_of_host

__all__ = ["CrawlPlan", "make_plan"]


@dataclass(frozen=True, slots=True)
class CrawlPlan:
    """A checked crawl; ``catalogue_folder`` is where later stages find the items."""

    site: str
    arguments: CrawlArguments
    settings: CrawlSettings
    catalogue_folder: Path | None

    @property
    def table(self) -> RawTable:
        """The table that the stage lands."""
        return STAGE_TABLES[self.arguments.stage]

    @property
    def landing_folder(self) -> Path:
        """Folder of what this process lands."""
        data, run_id = self.settings.data, self.arguments.landing_id
        return raw_folder(data, self.site, self.table, run_id)

    def items(self) -> list[ItemUnit]:
        """Items of the catalogue that later stages visit; none where there is no catalogue."""
        return [] if self.catalogue_folder is None else read_items(self.catalogue_folder)

    @property
    def user_agent(self) -> str:
        """Who asks, and where to complain."""
        contact = self.settings.contact or "stand-in on loopback"
        return f"likewise/{version('likewise')} (+{contact})"


def make_plan(site: str, arguments: Mapping[str, str], environment: Mapping[str, str]) -> CrawlPlan:
    """The plan of a crawl.

    Raises
    ------
    ArgumentError : every fault of arguments, environment and what lies on the disk.
    """
    faults: list[str] = []
    settings = read_settings(environment, faults)
    asked = read_arguments(arguments, faults)
    _check_manners(asked, settings, faults)
    _check_browser(asked, settings, faults)
    _check_worker(asked, settings, faults)
    if faults:
        raise ArgumentError(faults)
    try:
        folder = _checked_zone(site, asked, settings.data, faults)
    except (OSError, ValueError) as err:
        faults.append(f"the raw zone of {settings.data} cannot be read: {err}")
    if faults:
        raise ArgumentError(faults)
    return CrawlPlan(site, asked, settings, folder)


def _check_manners(asked: CrawlArguments, settings: CrawlSettings, faults: list[str]) -> None:
    away = [url for url in {asked.base_url, asked.api_url} if url and not is_loopback(url)]
    if not away:
        return
    if settings.profile is Profile.FAST:
        faults.append(
            f"LIKEWISE_PROFILE is fast and {away[0]} is not on loopback: the fast profile would "
            "overrun a real site; unset it"
        )
    if settings.contact is None:
        faults.append(
            f"LIKEWISE_CONTACT is missing and {away[0]} is not on loopback: set the address or "
            "url where the site's owner can reach you"
        )


def _check_browser(asked: CrawlArguments, settings: CrawlSettings, faults: list[str]) -> None:
    draws = asked.stage is Stage.CATALOGUE and asked.catalogue is CatalogueSource.BROWSER
    path = settings.chromium
    if draws and path is not None and not (path.is_file() and os.access(path, os.X_OK)):
        faults.append(
            f"CHROMIUM_PATH is {path}, which is no program: unset it and run python -m "
            "scrapers.chromium, or read the catalogue with -a catalogue=json"
        )


def _check_worker(asked: CrawlArguments, settings: CrawlSettings, faults: list[str]) -> None:
    at_once = at_once_of_host(fast=settings.profile is Profile.FAST)
    if asked.worker.of > at_once:
        faults.append(
            f"worker is {asked.worker.number}/{asked.worker.of}: the {settings.profile} profile "
            f"asks a host for {at_once} pages at once, so that no more processes can share them"
        )
    if asked.worker.of > 1 and asked.stage is Stage.CATALOGUE:
        faults.append("worker is set for the catalogue: one process reads it; leave worker out")


def _checked_zone(site: str, asked: CrawlArguments, data: Path, faults: list[str]) -> Path | None:
    table = STAGE_TABLES[asked.stage]
    manifest = read_manifest(raw_folder(data, site, table, asked.landing_id))
    if manifest is not None and manifest.status is RunStatus.COMPLETE:
        faults.append(
            f"run_id {asked.run_id} has landed its {table} already and is complete: "
            "leave run_id out or give another"
        )
    if asked.stage is Stage.CATALOGUE:
        return None
    folder = catalogue_folder(data, site, asked.run_id)
    if folder is None:
        faults.append(
            f"no catalogue of {site} lies in {data}: run -a stage=catalogue first, with this "
            "run_id or to completion"
        )
    return folder
