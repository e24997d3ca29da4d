"""How a crawl ended, by the states of its units in the ledger."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from scrapers.ledger import Ledger
from scrapers.plan import CrawlPlan
from scrapers.records import STAGE_KINDS, Mode, RawTable, RunStatus, Stage, UnitState
from scrapers.site_spider import FINISHED, LEFT_ALONE

__all__ = ["outcome", "unit_states"]

_MAY_BRING_NOTHING: Final = (RawTable.LIKES, RawTable.FEATURES)  # an incremental crawl of these


def outcome(
    plan: CrawlPlan, states: Mapping[UnitState, int], n_landed: int, reason: str
) -> RunStatus:
    """Status of a run that could write down all it read.

    A crawl that landed nothing though all of its units are done has failed: a site that shows
    nothing at all is not believed.  Units may be done by other processes that share the crawl.

    Parameters
    ----------
    n_landed : rows of this process's run.
    reason : Scrapy's reason for closing the spider.
    """
    asked = plan.arguments
    is_news = asked.mode is Mode.INCREMENTAL and plan.table in _MAY_BRING_NOTHING
    is_shared = asked.worker.of > 1 and UnitState.DONE in states
    is_named = bool(states.keys() & {UnitState.PARTIAL, UnitState.FAILED})
    if is_news and not states and not plan.items():
        return RunStatus.FAILED  # its catalogue is empty: nothing could be visited
    if not (n_landed or is_news or is_shared or is_named or reason == LEFT_ALONE):
        return RunStatus.FAILED
    if reason != FINISHED or states.keys() - {UnitState.DONE}:
        return RunStatus.PARTIAL
    return RunStatus.COMPLETE


def unit_states(ledger: Ledger, stage: Stage) -> Mapping[UnitState, int]:
    """Units of a stage in each state; states without any are left out."""
    found: dict[UnitState, int] = {}
    for kind in STAGE_KINDS[stage]:
        for state, count in ledger.counts(kind).items():
            found[state] = found.get(state, 0) + count
    return found
