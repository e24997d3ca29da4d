"""The one entry point of Dagster: every site of `pipeline.sites`."""

from __future__ import annotations

import dagster as dg

from pipeline.assets.factory import definitions_of
from pipeline.sites import SITES

__all__ = ["likewise"]


@dg.definitions
def likewise() -> dg.Definitions:
    """Definitions of all sites."""
    return definitions_of(SITES.values())
