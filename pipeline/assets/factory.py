"""One asset graph, made for each site."""

from __future__ import annotations

from collections.abc import Iterable

import dagster as dg

from pipeline.assets.checks import site_checks
from pipeline.assets.crawling import Crawler
from pipeline.assets.crawls import crawl_assets
from pipeline.assets.curation import curation_assets
from pipeline.assets.learning import learning_assets
from pipeline.assets.publication import publication_assets
from pipeline.assets.schedules import site_jobs
from pipeline.assets.workspace import Workspace
from pipeline.sites import Site

__all__ = ["definitions_of", "site_definitions"]


def site_definitions(site: Site) -> dg.Definitions:
    """Assets, checks, jobs and schedules of one site."""
    graph = dg.Definitions(
        assets=[
            *crawl_assets(site),
            *curation_assets(site),
            *learning_assets(site),
            *publication_assets(site),
        ],
        asset_checks=site_checks(site),
    )
    return dg.Definitions.merge(graph, site_jobs(site))


def definitions_of(sites: Iterable[Site], *, crawler: Crawler | None = None) -> dg.Definitions:
    """Definitions of all sites; the steps of a run share one process."""
    shared = dg.Definitions(
        resources={"workspace": Workspace(), "crawler": crawler or Crawler()},
        executor=dg.in_process_executor,
    )
    return dg.Definitions.merge(shared, *(site_definitions(site) for site in sites))
