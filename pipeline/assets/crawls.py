"""Crawls of a site: catalogue, likes and features, each a process under Dagster Pipes."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC
from typing import Any, Final

import dagster as dg

from pipeline.assets.common import site_asset
from pipeline.assets.crawling import Crawler
from pipeline.assets.metadata import arrow_schema, row_count
from pipeline.assets.workspace import Workspace
from pipeline.sites import Site, site_settings
from scrapers.records import RAW_SCHEMAS, Manifest, RawTable, raw_folder, read_manifest

__all__ = ["crawl_assets", "crawl_name", "crawl_run_id"]

_MAX_RETRIES: Final = 2
_RETRY_DELAY_S: Final = 10
_STAGES: Final = (
    ("raw_catalogue", "catalogue", RawTable.ITEMS, ()),
    ("raw_likes", "likes", RawTable.LIKES, ("raw_catalogue",)),
    ("raw_features", "features", RawTable.FEATURES, ("raw_catalogue",)),
)
_DESCRIPTIONS: Final[Mapping[str, str]] = {
    "raw_catalogue": "The site's items, most liked first, down to the like floor, as crawled; "
    "also what the spider knows of the site.",
    "raw_likes": "Who likes what, as crawled: personal, in a folder that only its owner reads.",
    "raw_features": "Tags, categories, creator, licence and pictures of the items, as crawled.",
}


def crawl_assets(site: Site) -> list[dg.AssetsDefinition]:
    """The raw tables of a site; its crawls share a pool, one at a time."""
    return [_crawl_asset(site, *stage) for stage in _STAGES]


def _crawl_asset(
    site: Site, name: str, stage: str, table: RawTable, after: tuple[str, ...]
) -> dg.AssetsDefinition:
    @site_asset(
        site,
        name,
        description=_DESCRIPTIONS[name],
        after=after,
        kinds={"scrapy", "parquet"},
        metadata=arrow_schema(RAW_SCHEMAS[table]),
        pool=f"{site.identifier}_crawl",
    )
    def crawl(
        context: dg.AssetExecutionContext, workspace: Workspace, crawler: Crawler
    ) -> dg.MaterializeResult[Any]:
        run_id = crawl_run_id(context)
        with _retried(context):
            report = crawler.crawl(
                context,
                site.name,
                _arguments(site, stage, run_id),
                {"LIKEWISE_DATA": str(workspace.data)},
            )
        if report.is_partial:
            context.log.warning(
                "The crawl is partial: the site did not give all that it announced."
            )
        manifest = read_manifest(raw_folder(workspace.data, site.name, table, run_id))
        landed = {} if manifest is None else _landed(manifest)
        return dg.MaterializeResult(metadata={**report.metadata, **landed})

    return crawl


@contextmanager
def _retried(context: dg.AssetExecutionContext) -> Iterator[None]:
    """Ask for another attempt where a crawl fails.

    Dagster's own retry policy would also crawl again what an operator has cancelled.
    """
    try:
        yield
    except dg.Failure as err:
        delay_s = _RETRY_DELAY_S * 2**context.retry_number
        raise dg.RetryRequested(_MAX_RETRIES, delay_s) from err


def crawl_run_id(context: dg.AssetExecutionContext) -> str:
    """Name of what this run lands: see `crawl_name`."""
    record = context.instance.get_run_record_by_id(context.run.run_id)
    if record is None:
        raise dg.Failure(f"run {context.run.run_id} is not in Dagster's storage")
    return crawl_name(record)


def crawl_name(record: dg.RunRecord) -> str:
    """Name of what a run lands in the raw zone, one for all its stages; later ones sort later."""
    begun = record.create_timestamp.astimezone(UTC)
    return f"{begun:%Y%m%dT%H%M%SZ}-{record.dagster_run.run_id[:8]}"


def _arguments(site: Site, stage: str, run_id: str) -> Mapping[str, str]:
    settings = site_settings(site)
    return {
        "base_url": settings.url or site.base_url,
        "stage": stage,
        "catalogue": settings.catalogue.value,
        "side": settings.side.value,
        "like_floor": str(settings.like_floor),
        "run_id": run_id,
    }


def _landed(manifest: Manifest) -> Mapping[str, Any]:
    return {
        **row_count(manifest.rows),
        "crawl_run": manifest.run_id,
        "status": manifest.status.value,
        "parts": len(manifest.parts),
        "size_bytes": sum(part.size_bytes for part in manifest.parts),
        **manifest.counts,
    }
