"""Crawls of a site: catalogue, likes and features, each a process under Dagster Pipes."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC
from typing import Any, Final

import dagster as dg

from pipeline.assets.common import site_asset
from pipeline.assets.crawl_report import landed_metadata, why_nothing_landed
from pipeline.assets.crawling import Crawler
from pipeline.assets.metadata import arrow_schema
from pipeline.assets.modes import asked_mode
from pipeline.assets.workspace import Workspace
from pipeline.hints import drop_hints, hints_path, read_hints
from pipeline.sites import Site, site_settings
from scrapers.records import RAW_SCHEMAS, STAGE_TABLES, Mode, Stage, raw_folder, read_manifest

__all__ = ["RAW_ASSETS", "crawl_assets", "crawl_name", "crawl_run_id"]

_MAX_RETRIES: Final = 2
_RETRY_DELAY_S: Final = 10
RAW_ASSETS: Final[Mapping[Stage, str]] = {stage: f"raw_{stage}" for stage in Stage}
"""Name of the asset that a stage of a crawl lands."""
_DESCRIPTIONS: Final[Mapping[Stage, str]] = {
    Stage.CATALOGUE: "The site's items, most liked first, down to the like floor, as crawled; "
    "also what the spider knows of the site.",
    Stage.LIKES: "Who likes what, as crawled: personal, in a folder that only its owner reads.",
    Stage.FEATURES: "Tags, categories, creator, licence and pictures of the items, as crawled.",
}


def crawl_assets(site: Site) -> list[dg.AssetsDefinition]:
    """The raw tables of a site; its crawls share a pool, one at a time."""
    return [_crawl_asset(site, stage) for stage in Stage]


def _crawl_asset(site: Site, stage: Stage) -> dg.AssetsDefinition:
    table = STAGE_TABLES[stage]

    @site_asset(
        site,
        RAW_ASSETS[stage],
        description=_DESCRIPTIONS[stage],
        after=[] if stage is Stage.CATALOGUE else [RAW_ASSETS[Stage.CATALOGUE]],
        kinds={"scrapy", "parquet"},
        metadata=arrow_schema(RAW_SCHEMAS[table]),
        pool=f"{site.identifier}_crawl",
    )
    def crawl(
        context: dg.AssetExecutionContext, workspace: Workspace, crawler: Crawler
    ) -> dg.MaterializeResult[Any]:
        run_id = crawl_run_id(context)
        mode = asked_mode(context.run.tags)
        hints = _hints(workspace, site, stage)
        first = {"first": str(hints_path(workspace.data, site.name))} if hints else {}
        arguments = {**_arguments(site, stage, run_id, mode), **first}
        with _retried(context):
            report = crawler.crawl(context, site.name, arguments, _environment(workspace))
        manifest = read_manifest(raw_folder(workspace.data, site.name, table, run_id))
        if report.is_partial:
            reason = why_nothing_landed(manifest)
            if reason is not None:
                raise dg.Failure(f"nothing was landed: {reason}", allow_retries=False)
            context.log.warning(
                "The crawl is partial: the site did not give all that it announced."
            )
        if not report.is_partial and mode is Mode.FULL:
            drop_hints(workspace.data, site.name, hints)
        landed = {} if manifest is None else landed_metadata(manifest)
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


def _arguments(site: Site, stage: Stage, run_id: str, mode: Mode) -> Mapping[str, str]:
    settings = site_settings(site)
    return {
        "base_url": settings.url or site.base_url,
        "stage": stage.value,
        "catalogue": settings.catalogue.value,
        "side": settings.side.value,
        "like_floor": str(settings.like_floor),
        "mode": mode.value,
        "run_id": run_id,
    }


def _hints(workspace: Workspace, site: Site, stage: Stage) -> Sequence[str]:
    """Items whose pictures visitors found broken: their features are read first."""
    return read_hints(workspace.data, site.name) if stage is Stage.FEATURES else ()


def _environment(workspace: Workspace) -> Mapping[str, str]:
    """Paths that hold in the folder of the crawl too."""
    return {
        "LIKEWISE_DATA": str(workspace.data),
        "LIKEWISE_KEY_FILE": str(workspace.settings.key_path.resolve()),
    }
