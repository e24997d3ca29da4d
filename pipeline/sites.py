"""The sites that are crawled, one line each, and what an operator may set of a site."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from pipeline.pointer import RESERVED_NAMES, SITE_NAME_PATTERN
from scrapers.records import CatalogueSource, Side

__all__ = ["SITES", "Site", "SiteSettings", "by_name", "site_settings"]


@dataclass(frozen=True, slots=True)
class Site:
    """A site that a spider of the same name crawls.

    Raises
    ------
    ValueError : a name that is not of the form of a site's name, or begins other addresses.
    """

    name: str
    title: str
    base_url: str

    def __post_init__(self) -> None:
        if not re.fullmatch(SITE_NAME_PATTERN, self.name):
            raise ValueError(f"site name {self.name!r} does not match {SITE_NAME_PATTERN}")
        if self.name in RESERVED_NAMES:
            raise ValueError(f"site name {self.name!r} is an address of the website: take another")

    @property
    def identifier(self) -> str:
        """The name as it stands in asset keys, groups and jobs, which take no hyphen."""
        return self.name.replace("-", "_")


class SiteSettings(BaseSettings):
    """Settings of one site; each is ``LIKEWISE_<SITE>_`` and its name, hyphens as underscores."""

    model_config = SettingsConfigDict(frozen=True, env_ignore_empty=True)

    url: str | None = Field(default=None, description="Root to crawl; the site's public address.")
    notice: str | None = Field(default=None, description="What a reader must know of the data.")
    like_floor: int = Field(default=5, ge=0, description="Likes below which the catalogue ends.")
    catalogue: CatalogueSource = Field(
        default=CatalogueSource.BROWSER, description="browser reads the page, json the listing."
    )
    side: Side = Field(
        default=Side.ITEM, description="item reads who likes an item, user what one likes."
    )
    full_every_days: float = Field(
        default=7,
        ge=0,
        description="Days after which the daily schedule asks for a full crawl; 0 always does.",
    )


def site_settings(site: Site) -> SiteSettings:
    """Settings of a site from the environment.

    Raises
    ------
    pydantic.ValidationError : a value out of range, with every fault.
    """
    prefix = f"LIKEWISE_{site.identifier.upper()}_"
    return SiteSettings(_env_prefix=prefix)  # type: ignore[call-arg]  # mypy sees fields only


def by_name(sites: Sequence[Site]) -> Mapping[str, Site]:
    """Sites by name, in the given order.

    Raises
    ------
    ValueError : two names that are one identifier, ``art-shop`` and ``art_shop`` say.
    """
    identifiers = [site.identifier for site in sites]
    twice = sorted({name for name in identifiers if identifiers.count(name) > 1})
    if twice:
        raise ValueError(f"sites share the identifiers {twice}; names must differ beyond - and _")
    return MappingProxyType({site.name: site for site in sites})


SITES: Final = by_name([Site("sketchfab", "Sketchfab", "https://sketchfab.com")])
