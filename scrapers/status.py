"""``status``: how far the crawls are, how long they still take, what is missing and why."""

from __future__ import annotations

import argparse
import json
import os
import sys
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any, Final

from rich.console import Console

from scrapers.ledger_view import StageView
from scrapers.overview import CrawlStatus, crawls, read_status, settings_of
from scrapers.records import LandedUnit, UnitState
from scrapers.status_screen import show

__all__ = ["add_arguments", "plain", "run"]

_NAMED: Final = 10


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``status``."""
    parser.add_argument("--site", help="of this site alone; else of all")
    parser.add_argument(
        "--run", dest="run_id", metavar="RUN_ID", help="this crawl; else the one begun last"
    )
    parser.add_argument(
        "--limit",
        type=_limit,
        default=_NAMED,
        metavar="N",
        help="name N units that are partial or failed in each stage, 0: all (%(default)s)",
    )
    parser.add_argument("--json", action="store_true", help="print JSON, for programs")


def run(args: argparse.Namespace) -> int:
    """Print how each crawl stands that is asked for."""
    settings = settings_of(os.environ)
    now, limit = datetime.now(UTC), args.limit or None
    with crawls(settings, args.site, args.run_id) as found:
        statuses = [read_status(crawl, settings.data, now, limit) for crawl in found]
    if args.json:
        sys.stdout.write(json.dumps([plain(status) for status in statuses], indent=1) + "\n")
    else:
        console = Console(highlight=False)
        for status in statuses:
            show(console, status)
    return 0


def plain(status: CrawlStatus) -> dict[str, Any]:
    """Status as JSON holds it."""
    return {
        "site": status.site,
        "crawl_id": status.crawl_id,
        "read_at": status.read_at.isoformat(),
        "stages": [_plain_stage(stage, status.read_at) for stage in status.stages],
        "rejected": [
            {"path": str(file.path), "records": file.records, "reasons": dict(file.reasons)}
            for file in status.rejected
        ],
        "go_on": list(status.go_on),
    }


def _plain_stage(stage: StageView, now: datetime) -> dict[str, Any]:
    return {
        "stage": stage.stage,
        "standing": stage.standing(now),
        "processes": [
            {
                "owner": process.owner,
                "status": process.status,
                "started_at": process.started_at.isoformat(),
                "ended_at": process.ended_at and process.ended_at.isoformat(),
                "is_alive": process.is_alive(now),
            }
            for process in stage.processes
        ],
        "units": {
            kind.kind: {state: kind.states.get(state, 0) for state in UnitState}
            | {"read": kind.read, "lapsed": kind.lapsed}
            for kind in stage.kinds
        },
        "units_per_s": stage.units_per_s,
        "left_s": stage.left_s,
        "missing": [
            {"state": missing.state, "why": missing.why, "units": missing.units}
            for missing in stage.missing
        ],
        "named": [
            {field.name: getattr(unit, field.name) for field in fields(LandedUnit)}
            for unit in stage.named
        ],
    }


def _limit(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 0 on")
    return int(text)
