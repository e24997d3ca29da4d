"""Python that runs before a crawl and lets it die, or run short, at a named point."""

from __future__ import annotations

__all__ = ["POINTS", "dies_at", "little_memory", "measured", "small_files"]

POINTS = (
    "before the part is renamed",
    "after the part is renamed",
    "before the manifest is renamed",
    "after the manifest is renamed",
    "before the ledger commits",
    "after the ledger commits",
)

_DIES = """
import os, signal
from pathlib import Path
from sqlalchemy import event
from sqlalchemy.engine import Engine
from scrapers.ledger import Ledger

times, settling = [{times}], []

def come_to(point):
    if point == "{point}":
        times[0] -= 1
        if times[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)

def replace(self, target, replace=Path.replace):
    parted = Path(target).name.startswith("part-")
    thing = "part" if parted else Path(target).stem
    if parted:
        parts.append(target)
    if parts:
        come_to(f"before the {{thing}} is renamed")
    replaced = replace(self, target)
    if parts:
        come_to(f"after the {{thing}} is renamed")
    return replaced

def settle(self, units, memories, settle=Ledger.settle):
    settling.append(bool(units))
    settled = settle(self, units, memories)
    if settling.pop():
        come_to("after the ledger commits")
    return settled

@event.listens_for(Engine, "commit")
def commit(connection):
    if any(settling):
        come_to("before the ledger commits")

parts = []
Path.replace, Ledger.settle = replace, settle
"""


def dies_at(point: str, times: int) -> str:
    """Prelude that kills the crawl the `times`-th time that it comes to a point.

    Manifests count once a part was written: the first ones only say that a crawl has begun.
    """
    return _DIES.format(point=point, times=times)


def small_files(size_bytes: int) -> str:
    """Prelude after which no file may be longer, as on a disk that is full."""
    return (
        "import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); "
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({size_bytes}, {size_bytes}))"
    )


def little_memory(megabytes: int) -> str:
    """Prelude after which the process may take so much, and no more."""
    size = megabytes * 2**20
    return f"import resource; resource.setrlimit(resource.RLIMIT_AS, ({size}, {size}))"


def measured() -> str:
    """Prelude that notes in the log what the crawl took: processor and wall, peak memory."""
    return _MEASURED


_MEASURED = """
import json, resource, sys, time
from scrapy.extensions.corestats import CoreStats

def opened(self, spider, opened=CoreStats.spider_opened):
    opened(self, spider)
    begun[:] = time.process_time(), time.monotonic()

def closed(self, spider, reason, closed=CoreStats.spider_closed):
    closed(self, spider, reason)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    figures = {
        "cpu_s": time.process_time() - begun[0],
        "seconds": time.monotonic() - begun[1],
        "peak_mb": peak / 1024,
        "responses": self.stats.get_value("response_received_count", 0),
    }
    print("measured:", json.dumps(figures), file=sys.stderr, flush=True)

begun = []
CoreStats.spider_opened, CoreStats.spider_closed = opened, closed
"""
