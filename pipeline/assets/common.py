"""What the assets of every site have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Set
from typing import Any, Final

import dagster as dg

from pipeline.assets.metadata import column_schema
from pipeline.sites import Site
from pipeline.tables import Table

__all__ = ["OWNERS", "asset_key", "check_of", "site_asset"]

OWNERS: Final = ("team:likewise",)


def asset_key(site: Site, name: str) -> dg.AssetKey:
    """Key of a site's asset: the site, then the asset."""
    return dg.AssetKey([site.identifier, str(name)])  # a StrEnum would not serialize


def site_asset(
    site: Site,
    name: str,
    *,
    description: str,
    after: Iterable[str],
    kinds: Set[str],
    table: Table | None = None,
    metadata: Mapping[str, Any] | None = None,
    pool: str | None = None,
) -> Callable[[Callable[..., Any]], dg.AssetsDefinition]:
    """Make a function the asset of a site.

    Parameters
    ----------
    after : names of the site's assets that it reads.
    table : the declared table that it writes, for the column schema.
    """
    schema = {} if table is None else column_schema(table)
    decorate = dg.asset(
        key=asset_key(site, name),
        deps=[asset_key(site, other) for other in after],
        description=description,
        group_name=site.identifier,
        owners=OWNERS,
        kinds=set(kinds),
        metadata={**schema, **(metadata or {})},
        pool=pool,
    )

    def made(function: Callable[..., Any]) -> dg.AssetsDefinition:
        definition = decorate(function)
        assert isinstance(definition, dg.AssetsDefinition)  # noqa: S101  narrows a union
        return definition

    return made


def check_of(
    site: Site, asset: str, *, blocking: bool = False
) -> Callable[[Callable[..., dg.AssetCheckResult]], dg.AssetChecksDefinition]:
    """Make a function a check of a site's asset; one that blocks stops what comes after."""
    return dg.asset_check(asset=asset_key(site, asset), blocking=blocking)
