"""``python -m tests.benchmarks.serving.rates FOLDER``: requests a second, latency, memory, swap.

A site of Sketchfab's size on one worker, beside a bare route that answers the same bytes.  Prints
one JSON object.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any, Final

from tests.benchmarks.serving.served import Served, constant, get, memory_mb, service, until
from tests.benchmarks.serving.site import NAMES, SITE, build, item_paths, publish, user_paths

CONNECTIONS: Final = 8
SECONDS: Final = 5
ROUNDS: Final = 3


def main() -> int:
    """Measure; 0 when the figures are printed."""
    data = Path(sys.argv[1])
    build(data)
    sys.stdout.write(json.dumps(measure(data)) + "\n")
    return 0


def measure(data: Path) -> dict[str, Any]:
    """Figures of one worker."""
    began = time.perf_counter()
    with service(data) as served:
        ready_s = time.perf_counter() - began
        items, users = item_paths(), user_paths()
        body = get(served.port, items[0])
        with constant(body) as bare:
            routes = {
                "constant": (bare.port, ["/constant?k=20"]),
                "similar": (served.port, items),
                "recommendations": (served.port, users),
            }
            rates = _rates(routes)
        half = {
            name: _p99_ms(served.port, paths[0], rates[name] / 2)
            for name, (_, paths) in routes.items()
            if name in {"similar", "recommendations"}
        }
        after = memory_mb(served.pid)
        return {
            "ready_s": round(ready_s, 1),
            "bytes": len(body),
            **{f"{name}_per_s": round(rate) for name, rate in rates.items()},
            **{f"{name}_ratio": round(rates[name] / rates["constant"], 3) for name in half},
            **{f"{name}_p99_ms_at_half": p99 for name, p99 in half.items()},
            **{name: round(value) for name, value in after.items()},
            **_swap(data, served),
        }


def _rates(routes: dict[str, tuple[int, list[str]]]) -> dict[str, float]:
    """Best of some rounds, asked in turns so that a busy moment hits all alike."""
    rates = dict.fromkeys(routes, 0.0)
    for _ in range(ROUNDS):
        for name, (port, paths) in routes.items():
            rates[name] = max(rates[name], rate(port, paths))
    return rates


def rate(port: int, paths: list[str], *, seconds: float = SECONDS) -> float:
    """Requests a second over paths in turn, by `wrk` (Debian's package of that name)."""
    listed = ",".join(json.dumps(path) for path in paths)
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(
            f"local p={{{listed}}} local n=0 "
            "request=function() n=n%#p+1 return wrk.format('GET', p[n]) end"
        )
        script.flush()
        command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "-s", script.name]
        done = subprocess.run(
            [*command, f"http://127.0.0.1:{port}"], capture_output=True, text=True, check=True
        )
    if "Non-2xx" in done.stdout:
        raise RuntimeError(done.stdout)
    (found,) = re.findall(r"Requests/sec:\s+([\d.]+)", done.stdout)
    return float(found)


def _p99_ms(port: int, path: str, per_s: float) -> float:
    """99th percentile at a fixed rate, by `hey` (Debian's package of that name)."""
    each = max(1, round(per_s / CONNECTIONS))
    command = ["hey", "-z", f"{SECONDS}s", "-c", str(CONNECTIONS), "-q", str(each)]
    done = subprocess.run(
        [*command, f"http://127.0.0.1:{port}{path}"], capture_output=True, text=True, check=True
    )
    (found,) = re.findall(r"99%+ in ([\d.]+) secs", done.stdout)
    return round(float(found) * 1000, 1)


def _swap(data: Path, served: Served) -> dict[str, Any]:
    """Seconds, peak memory and slowest answer while another snapshot is published."""
    current = _snapshot_id(served.port)
    other = next(name for name in NAMES if name != current)
    peak, slowest, swapped = [0.0], [0.0], threading.Event()

    def watch() -> None:
        while not swapped.is_set():
            peak[0] = max(peak[0], memory_mb(served.pid)["private_mb"])
            time.sleep(0.05)

    def answered() -> bool:
        began = time.perf_counter()
        found = _snapshot_id(served.port)
        slowest[0] = max(slowest[0], time.perf_counter() - began)
        return found == other

    watcher = threading.Thread(target=watch)
    watcher.start()
    publish(data, other)
    took = until(answered)
    swapped.set()
    watcher.join()
    return {
        "swap_s": round(took, 1),
        "swap_peak_private_mb": round(peak[0]),
        "swap_slowest_ms": round(slowest[0] * 1000, 1),
    }


def _snapshot_id(port: int) -> str:
    return str(json.loads(get(port, f"/v1/{SITE}"))["snapshot_id"])


if __name__ == "__main__":
    sys.exit(main())
