"""``python -m tests.benchmarks.serving.pages``: the page of an item, at Sketchfab's size.

With as many algorithms as are published, each page asked for the first time: how long it takes,
and how much travels with its style sheets and scripts, pictures left out.  Prints one JSON object.
"""

from __future__ import annotations

import http.client
import json
import os
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from pipeline.recommenders.registry import PUBLISHED
from tests.benchmarks.serving.served import Served, service
from tests.benchmarks.serving.site import N_ITEMS, build, item_paths

N_WARM: Final = 50
MOST_MEDIAN_MS, MOST_BYTES = 15.0, 60_000
_LINKED: Final = re.compile(rb'(?:href|src)="(/static/[^"]+)"')
_ASKED: Final = {"Accept": "text/html", "Accept-Encoding": "gzip"}


def main() -> int:
    """Measure; 0 when time and bytes are within their limits."""
    names = [model.name for model in PUBLISHED]
    with tempfile.TemporaryDirectory() as folder:
        build(Path(folder), names, with_people=False)
        with service(Path(folder)) as served:
            figures = measure(served)
    figures |= {"items": N_ITEMS, "algorithms": len(names)}
    sys.stdout.write(json.dumps(figures) + "\n")
    is_quick = figures["median_ms"] < MOST_MEDIAN_MS
    return 0 if is_quick and figures["bytes_with_css_and_js"] < MOST_BYTES else 1


def measure(served: Served) -> dict[str, Any]:
    """Milliseconds and compressed bytes of pages of a thousand items."""
    connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=10)
    paths = [path.removeprefix("/v1").rsplit("/", 1)[0] for path in item_paths()]
    for path in paths[:N_WARM]:
        _get(connection, path)
    taken, sizes, before = [], [], _processor_s(served)
    for path in paths[N_WARM:]:
        began = time.perf_counter()
        body = _get(connection, path)
        taken.append((time.perf_counter() - began) * 1000)
        sizes.append(len(body))
    processor_ms = 1000 * (_processor_s(served) - before) / len(taken)
    linked = {found.decode() for found in _LINKED.findall(_get(connection, paths[0], {}))}
    files = {path.split("?")[0]: len(_get(connection, path)) for path in sorted(linked)}
    page_bytes = round(statistics.median(sizes))
    return {
        "pages": len(taken),
        "median_ms": round(statistics.median(taken), 2),
        "p99_ms": round(statistics.quantiles(taken, n=100)[98], 2),
        "mean_processor_ms": round(processor_ms, 2),
        "page_bytes": page_bytes,
        "css_and_js_bytes": sum(files.values()),
        "bytes_with_css_and_js": page_bytes + sum(files.values()),
    }


def _processor_s(served: Served) -> float:
    """Seconds that the service has had of a processor: what a busy machine does not lengthen."""
    stats = (Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2] for pid in served.workers)
    ticks = sum(int(one) for stat in stats for one in stat.split()[11:13])
    return ticks / os.sysconf("SC_CLK_TCK")


def _get(
    connection: http.client.HTTPConnection, path: str, headers: Mapping[str, str] = _ASKED
) -> bytes:
    connection.request("GET", path, headers=dict(headers))
    answer = connection.getresponse()
    body = answer.read()
    if answer.status != 200:
        message = f"{path} answered {answer.status}"
        raise RuntimeError(message)
    return body


if __name__ == "__main__":
    sys.exit(main())
