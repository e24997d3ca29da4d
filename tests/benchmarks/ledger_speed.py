"""``python -m tests.benchmarks.ledger_speed``: 40,000 units through a ledger, on both databases."""

from __future__ import annotations

import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import URL

from scrapers.counts import Count
from scrapers.ledger import Ledger, ledger_url
from scrapers.records import LandedUnit, UnitKind, UnitState
from scrapers.units import Unit
from tests.postgres import server

N_UNITS, BATCH = 40_000, 64
KIND = UnitKind.ITEM_LIKES


def measure(url: str | URL) -> str:
    """One line of figures: adding, claiming with settling, reconciling."""
    ledger = Ledger.open(url, site="bench", crawl_id="r1", owner="a")
    began = time.perf_counter()
    ledger.add(Unit(KIND, f"{n:032x}", Count(n, n)) for n in range(N_UNITS))
    added = time.perf_counter()
    ended: list[LandedUnit] = []
    while claimed := ledger.claim(KIND, BATCH):
        now = datetime.now(UTC).isoformat()
        batch = [LandedUnit(KIND, u.key, UnitState.DONE, 5, 5, True, now) for u in claimed]
        ledger.settle(batch, {})
        ended += batch
    settled = time.perf_counter()
    ledger.reconcile(ended)
    reconciled = time.perf_counter()
    ledger.close()
    return (
        f"add {added - began:.2f} s, claim and settle by {BATCH} "
        f"{N_UNITS / (settled - added):,.0f} units/s, reconcile {reconciled - settled:.2f} s"
    )


def main() -> None:
    """Print the figures of SQLite, then those of PostgreSQL."""
    with tempfile.TemporaryDirectory() as folder:
        sys.stdout.write(f"SQLite: {measure(ledger_url(Path(folder), 'bench'))}\n")
    with server() as url:
        sys.stdout.write(f"PostgreSQL: {measure(url)}\n")


if __name__ == "__main__":
    main()
