"""Jobs of a site, and when they would run once an operator switches their schedules on."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC
from functools import partial
from typing import Final

import dagster as dg

from pipeline.assets.common import asset_key
from pipeline.assets.modes import mode_tags
from pipeline.settings import read_settings
from pipeline.sites import Site

__all__ = ["site_jobs"]

_DAILY: Final = "0 3 * * *"
_EVERY_TWO_DAYS: Final = "0 15 */2 * *"
_THUMBNAILS: Final = ("raw_features", "items", "snapshot")
_DAY_S: Final = 24 * 60 * 60


def site_jobs(site: Site) -> dg.Definitions:
    """``refresh_<site>``, daily, and ``thumbnails_<site>``, every two days, with schedules.

    Schedules are off until they are switched on.  The daily one asks its crawls for what is
    new, and now and then for everything; a run that is started by hand visits everything.
    """
    refresh = dg.define_asset_job(
        f"refresh_{site.identifier}",
        selection=dg.AssetSelection.groups(site.identifier),
        description=f"Crawl {site.title}, learn, and publish.",
    )
    thumbnails = dg.define_asset_job(
        f"thumbnails_{site.identifier}",
        selection=dg.AssetSelection.assets(*(asset_key(site, name) for name in _THUMBNAILS)),
        description=f"Renew the picture links of {site.title}, which expire within days, "
        "and publish them with the lists as they are.",
        tags={"dagster/max_runtime": str(_DAY_S)},
    )
    schedules = [
        dg.ScheduleDefinition(
            name=f"{job.name}_schedule",
            job=job,
            cron_schedule=cron,
            execution_timezone="UTC",
            default_status=dg.DefaultScheduleStatus.STOPPED,
            tags_fn=tags_fn,
        )
        for job, cron, tags_fn in (
            (refresh, _DAILY, partial(_daily_tags, site)),
            (thumbnails, _EVERY_TWO_DAYS, None),
        )
    ]
    return dg.Definitions(jobs=[refresh, thumbnails], schedules=schedules)


def _daily_tags(site: Site, context: dg.ScheduleEvaluationContext) -> Mapping[str, str]:
    now = context.scheduled_execution_time.astimezone(UTC)
    return mode_tags(read_settings().data.resolve(), site, now)
