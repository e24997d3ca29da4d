"""``retry``: units that are partial or failed are to be tried again."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterable
from datetime import UTC, datetime

from scrapers.errors import LedgerError
from scrapers.ledger import Ledger
from scrapers.ledger_claims import Scope
from scrapers.overview import RETRIED, Crawl, command, crawls, settings_of
from scrapers.records import STAGE_KINDS, Stage, UnitState

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``retry``."""
    parser.add_argument(
        "--state",
        action="append",
        choices=[state.value for state in RETRIED],
        required=True,
        help="of which state the units are; may be given twice",
    )
    parser.add_argument("--site", help="needed where several sites are crawled")
    parser.add_argument(
        "--run", dest="run_id", metavar="RUN_ID", help="this crawl; else the one begun last"
    )


def run(args: argparse.Namespace) -> int:
    """Make the units pending and print what takes the crawl up again."""
    states = [UnitState(state) for state in args.state]
    settings = settings_of(os.environ)
    with crawls(settings, args.site, args.run_id) as found:
        if len(found) > 1:
            sites = ", ".join(crawl.site for crawl in found)
            raise LedgerError(f"which site is meant? --site is one of {sites}")
        reopened = _retry(found[0], states)
        for line in _told(found[0], reopened, datetime.now(UTC)):
            sys.stdout.write(f"{line}\n")
    return 0


def _retry(crawl: Crawl, states: Iterable[UnitState]) -> dict[Stage, int]:
    ledger = Ledger(crawl.database, Scope(crawl.site, crawl.crawl_id, owner=""))
    chosen = set(states)
    counts = {stage: ledger.retry(chosen, kinds) for stage, kinds in STAGE_KINDS.items()}
    return {stage: count for stage, count in counts.items() if count}


def _told(crawl: Crawl, reopened: dict[Stage, int], now: datetime) -> Iterable[str]:
    if not reopened:
        yield f"crawl {crawl.crawl_id} of {crawl.site} has no such units"
    for stage, count in reopened.items():
        yield f"{stage}: {count:,} units are pending again"
        of_stage = [process for process in crawl.processes if process.stage is stage]
        if any(process.is_alive(now) for process in of_stage):
            yield "  the crawl that is under way takes them up"
        else:
            yield from (f"  {command(process)}" for process in of_stage)
