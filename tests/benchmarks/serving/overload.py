"""``python -m tests.benchmarks.serving.overload FOLDER``: what is answered when too much is asked.

Closed loop by `wrk`, at the connections of the peak and at three times as many; open loop by
`h2load` (Debian's packages of these names), at three times what the peak answers.  Each with and
without shedding, one worker.  Prints one JSON object.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.benchmarks.serving.served import get, service
from tests.benchmarks.serving.site import build, item_paths

CONNECTIONS: Final = (8, 16, 32)
TIMES: Final = 3
SECONDS: Final = 6
WARM_UP_S: Final = 1.0
PATIENCE_S: Final = 0.5  # an answer that takes longer is of no use to anybody
OPEN_CONNECTIONS_S: Final = 0.4  # of the offered rate: as many requests may be open at once
CALM: Final = 20
CALM_S: Final = 0.05


def main() -> int:
    """Measure; 0 when the figures are printed."""
    data = Path(sys.argv[1])
    build(data)
    sys.stdout.write(json.dumps(measure(data)) + "\n")
    return 0


def measure(data: Path) -> dict[str, Any]:
    """Figures with and without shedding, against the peak without overload."""
    with service(data) as served:
        rates = {count: closed_loop(served.port, count) for count in CONNECTIONS}
        peak = max(CONNECTIONS, key=lambda count: rates[count]["good_per_s"])
        peak_per_s = rates[peak]["good_per_s"]
        shedding = _overloaded(served.port, peak, peak_per_s)
    with service(data, SHED_AFTER_MS="0") as served:
        get(served.port, item_paths()[0])
        without = _overloaded(served.port, peak, peak_per_s)
    return {
        "peak_connections": peak,
        "peak_per_s": round(peak_per_s),
        "with_shedding": shedding,
        "without_shedding": without,
    }


def _overloaded(port: int, peak: int, peak_per_s: float) -> dict[str, Any]:
    closed = closed_loop(port, TIMES * peak)
    opened = open_loop(port, TIMES * peak_per_s)
    recovery_s = recovered_s(port)
    return {
        "closed": closed,
        "closed_share": round(closed["good_per_s"] / peak_per_s, 2),
        "open": opened,
        "open_share": round(opened["good_per_s"] / peak_per_s, 2),
        "recovery_s": round(recovery_s, 2),
    }


def closed_loop(port: int, connections: int) -> dict[str, float]:
    """Good answers a second of clients that each ask again once they are answered."""
    listed = ",".join(json.dumps(path) for path in item_paths())
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(
            f"local p={{{listed}}} local n=0 "
            "request=function() n=n%#p+1 return wrk.format('GET', p[n]) end"
        )
        script.flush()
        command = ["wrk", "-t1", f"-c{connections}", f"-d{SECONDS}s", "--latency"]
        done = subprocess.run(
            [*command, "-s", script.name, f"http://127.0.0.1:{port}"],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
    return wrk_figures(done.stdout)


def wrk_figures(text: str) -> dict[str, float]:
    """Good and shed answers a second, and the 99th percentile of all, of what `wrk` prints."""
    rate = float(re.findall(r"Requests/sec:\s+([\d.]+)", text)[0])
    requests = int(re.findall(r"(\d+) requests in", text)[0])
    shed = sum(map(int, re.findall(r"Non-2xx or 3xx responses: (\d+)", text)))
    value, unit = re.findall(r"99%\s+([\d.]+)(us|ms|s)\b", text)[0]
    return {
        "good_per_s": round(rate * (requests - shed) / requests, 1),
        "shed_per_s": round(rate * shed / requests, 1),
        "p99_ms": round(float(value) * {"us": 0.001, "ms": 1.0, "s": 1000.0}[unit], 1),
    }


@dataclass(frozen=True, slots=True)
class Answer:
    """A line of h2load's log: when it was asked, with what status and after how long."""

    asked_s: float
    status: int
    took_s: float


def open_loop(port: int, per_s: float) -> dict[str, float]:
    """Answers to requests that come when they come, whether others are answered or not.

    Each of many connections asks at a fixed pace, and all are out of step with each other.
    """
    connections = round(per_s * OPEN_CONNECTIONS_S)
    pace = per_s / connections
    with tempfile.TemporaryDirectory() as folder:
        log, uris = Path(folder, "log"), Path(folder, "uris")
        log.touch()
        uris.write_text("".join(f"http://127.0.0.1:{port}{path}\n" for path in item_paths()))
        command = [
            "h2load", "--h1", "-t1", f"-c{connections}", f"-n{round(pace * SECONDS) * connections}",
            f"--rps={pace:.4f}", "-r", str(max(1, round(per_s * OPEN_CONNECTIONS_S * pace / 100))),
            "--rate-period=10ms", "-i", str(uris), f"--log-file={log}",
        ]  # fmt: skip
        subprocess.run(command, capture_output=True, check=True)
        return h2load_figures(log.read_text(), per_s)


def h2load_figures(log: str, per_s: float) -> dict[str, float]:
    """Figures of a log of h2load, after the warm-up."""
    lines = (line.split("\t")[:3] for line in log.splitlines())
    answers = sorted(
        (Answer(int(at) / 1e6, int(status), int(took) / 1e6) for at, status, took in lines),
        key=lambda answer: answer.asked_s,
    )
    first_s = answers[0].asked_s + WARM_UP_S
    counted = [answer for answer in answers if answer.asked_s >= first_s]
    span_s = counted[-1].asked_s - first_s
    good = sorted(answer.took_s for answer in counted if answer.status == 200)
    useful = sum(took_s <= PATIENCE_S for took_s in good)
    return {
        "offered_per_s": round(per_s),
        "asked_per_s": round(len(counted) / span_s),
        "good_per_s": round(useful / span_s),
        "too_late_per_s": round((len(good) - useful) / span_s),
        "shed_per_s": round(sum(answer.status == 503 for answer in counted) / span_s),
        "failed": sum(answer.status not in {200, 503} for answer in counted),
        "p50_ms": round(good[len(good) // 2] * 1000, 1) if good else 0.0,
        "p99_ms": round(good[int(len(good) * 0.99)] * 1000, 1) if good else 0.0,
    }


def recovered_s(port: int) -> float:
    """Seconds until twenty requests in a row are answered well and soon."""
    path = item_paths()[0]
    began, calm = time.monotonic(), 0
    while calm < CALM:
        asked = time.monotonic()
        try:
            get(port, path)
        except (OSError, RuntimeError):
            calm = 0
            continue
        calm = calm + 1 if time.monotonic() - asked < CALM_S else 0
    return time.monotonic() - began


if __name__ == "__main__":
    sys.exit(main())
