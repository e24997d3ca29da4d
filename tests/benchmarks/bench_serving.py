"""Requests a second of a list against a constant answer of the same size; load time and memory.

``python -m tests.benchmarks.bench_serving FOLDER`` writes a snapshot of Sketchfab's size into the
folder (random lists, no learning), serves it by one worker and prints one JSON object.
"""

from __future__ import annotations

import http.client
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import duckdb

from pipeline.pointer import Pointer, file_sha256, site_folder, snapshot_path, write_pointer
from pipeline.tables import SCHEMA_VERSION, ddl

SITE: Final = "sketchfab"
NAMES: Final = ("one", "two")
N_USERS: Final = 62_583
N_ITEMS: Final = 28_806
K: Final = 100
MODELS: Final = ("popular", "lightfm_cf", "lightfm_hybrid", "tag_profile")
CONNECTIONS: Final = 8
SECONDS: Final = 5
ROUNDS: Final = 3

_LIST: Final = f"""
    list_transform(range({K}), lambda n: ((hash(subject, n) % {N_ITEMS})::INTEGER)),
    list_transform(range({K}), lambda n: (1 / (n + 1))::FLOAT)
"""
_FILL: Final = (
    (
        f"INSERT INTO snapshot_info VALUES ('one', '{SITE}', {SCHEMA_VERSION}, now(), 'k', [], "
        f"'0', {N_USERS}, {N_ITEMS}, 632840, 'x')"
    ),
    f"INSERT INTO site VALUES ('{SITE}', 'Large', NULL, [], [], NULL, [], NULL)",
    f"""INSERT INTO items SELECT i, md5(i::VARCHAR), 'Title of ' || i, 'Artist ' || i % 999, 'CC0',
        i, now(), now(), 'https://example.org/3d-models/' || md5(i::VARCHAR),
        'https://example.org/models/' || md5(i::VARCHAR) || '/embed',
        [{{'url': 'https://example.org/t/' || i || '.jpeg', 'width': 320, 'height': 180}}],
        ['tag' || i % 50, 'other' || i % 70, 'third' || i % 90], ['animals']
        FROM range({N_ITEMS}) AS r(i)""",
    f"INSERT INTO user_items SELECT md5('u' || u), [0] FROM range({N_USERS}) AS r(u)",
    *(
        statement
        for position, model in enumerate(MODELS)
        for statement in (
            (
                f"INSERT INTO user_lists SELECT md5('u' || subject), '{model}', {_LIST} "
                f"FROM range({N_USERS}) AS r(subject)"
            ),
            (
                f"INSERT INTO item_lists SELECT subject, '{model}', {_LIST} "
                f"FROM range({N_ITEMS}) AS r(subject)"
            ),
            (
                f"INSERT INTO models VALUES ('{model}', {position}, '{model}', 's', '{{}}', 0, 1, "
                "now(), 1, 'x', 'x')"
            ),
        )
    ),
)

# A typed route that answers a constant, under the same middleware and settings of uvicorn.
_CONSTANT: Final = """
import sys, uvicorn
from fastapi import FastAPI, Response
from serving.edge import Edge
body = sys.stdin.buffer.read()
app = FastAPI(); app.add_middleware(Edge, log_requests=False)
@app.get("/{name}")
async def constant(name: str, k: int = 20) -> Response:
    return Response(body, media_type="application/json")
uvicorn.run(app, port=int(sys.argv[1]), log_level="error", access_log=False, server_header=False)
"""


def main() -> int:
    """Build what is missing, serve it, measure; 0 when the figures are printed."""
    data = Path(sys.argv[1])
    if not snapshot_path(data, SITE, NAMES[1]).exists():
        _build(data)
    began = time.perf_counter()
    environment = {**os.environ, "LIKEWISE_DATA": str(data), "LIKEWISE_LOG_REQUESTS": "false"}
    command = [sys.executable, "-m", "serving"]
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as served:
        try:
            url = (served.stdout.readline() if served.stdout else "").split()[-1]
            figures: dict[str, Any] = {
                "seconds_to_serve": round(time.perf_counter() - began, 1),
                "memory_mb": _private_mb(served.pid),
            }
            port = int(url.rsplit(":", 1)[1])
            figures |= {**_rates(port), **_swap(data, port, served.pid)}
        finally:
            served.terminate()
    sys.stdout.write(json.dumps(figures) + "\n")
    return 0


def _rates(port: int) -> dict[str, Any]:
    """Best of some rounds, asked in turns so that a busy moment hits all alike."""
    items, users = _paths()
    body = _get(port, items[0])
    constant_port = port + 100
    routes = {
        "constant": (constant_port, ["/constant?k=20"]),
        "similar": (port, items),
        "recommendations": (port, users),
    }
    rates = dict.fromkeys(routes, 0.0)
    with _constant(constant_port, body) as constant:
        try:
            for _ in range(ROUNDS):
                for name, (at, paths) in routes.items():
                    rates[name] = max(rates[name], _rate(at, paths))
        finally:
            constant.terminate()
    return {
        "bytes": len(body),
        **{f"{name}_per_s": round(rate) for name, rate in rates.items()},
        **{
            f"{name}_ratio": round(rates[name] / rates["constant"], 2)
            for name in ("similar", "recommendations")
        },
    }


def _build(data: Path) -> None:
    site_folder(data, SITE).mkdir(parents=True, exist_ok=True)
    for name in NAMES:
        path = snapshot_path(data, SITE, name)
        with duckdb.connect(str(path)) as con:
            for statement in (*ddl(), *_FILL):
                con.execute(statement)
            con.execute("UPDATE snapshot_info SET snapshot_id = $name", {"name": name})
    _publish(data, NAMES[0])


def _publish(data: Path, name: str) -> None:
    digest = file_sha256(snapshot_path(data, SITE, name))
    write_pointer(data, SITE, Pointer(name, digest, SCHEMA_VERSION, "2026-11-21T00:00:00+00:00"))


def _paths() -> tuple[list[str], list[str]]:
    with duckdb.connect() as con:
        items = con.execute("SELECT md5(i::VARCHAR) FROM range(0, 28806, 29) AS r(i)").fetchall()
        users = con.execute("SELECT md5('u' || i) FROM range(0, 62583, 63) AS r(i)").fetchall()
    return (
        [f"/v1/{SITE}/items/{item}/similar?k=20" for (item,) in items],
        [f"/v1/{SITE}/users/{user}/recommendations?k=20" for (user,) in users],
    )


def _get(port: int, path: str) -> bytes:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", path)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    if answer.status != 200:
        message = f"{path} answered {answer.status}"
        raise RuntimeError(message)
    return body


def _constant(port: int, body: bytes) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", _CONSTANT, str(port)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE)
    if process.stdin:
        process.stdin.write(body)
        process.stdin.close()
    _until(lambda: bool(_get(port, "/constant")))
    return process


def _until(holds: Callable[[], bool], seconds: float = 60) -> None:
    limit = time.monotonic() + seconds
    while time.monotonic() < limit:
        try:
            if holds():
                return
        except OSError:
            pass
        time.sleep(0.02)
    message = f"nothing happened within {seconds} s"
    raise TimeoutError(message)


def _rate(port: int, paths: list[str]) -> float:
    """Requests a second over paths in turn, asked by `wrk` (Debian's package of that name)."""
    listed = ",".join(json.dumps(path) for path in paths)
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(
            f"local p={{{listed}}} local n=0 "
            "request=function() n=n%#p+1 return wrk.format('GET', p[n]) end"
        )
        script.flush()
        command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}s", "-s", script.name]
        done = subprocess.run(
            [*command, f"http://127.0.0.1:{port}"], capture_output=True, text=True, check=True
        )
    if "Non-2xx" in done.stdout:
        raise RuntimeError(done.stdout)
    (rate,) = re.findall(r"Requests/sec:\s+([\d.]+)", done.stdout)
    return float(rate)


def _private_mb(pid: int) -> int:
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return sum(int(kb) for kb in re.findall(r"^Private_\w+:\s+(\d+)", rollup, re.MULTILINE)) // 1024


def _served(port: int) -> str:
    return str(json.loads(_get(port, f"/v1/{SITE}"))["snapshot_id"])


def _swap(data: Path, port: int, pid: int) -> dict[str, Any]:
    """Seconds, peak memory and slowest answer while another snapshot is published."""
    other = NAMES[1] if _served(port) == NAMES[0] else NAMES[0]
    peak, slowest, swapped = [0], [0.0], threading.Event()

    def watch() -> None:
        while not swapped.is_set():
            peak[0] = max(peak[0], _private_mb(pid))
            time.sleep(0.05)

    def answered() -> bool:
        began = time.perf_counter()
        current = _served(port)
        slowest[0] = max(slowest[0], time.perf_counter() - began)
        return current == other

    watcher = threading.Thread(target=watch)
    watcher.start()
    began = time.perf_counter()
    _publish(data, other)
    _until(answered)
    took = time.perf_counter() - began
    swapped.set()
    watcher.join()
    return {
        "swap_seconds": round(took, 1),
        "swap_peak_mb": peak[0],
        "swap_slowest_ms": round(slowest[0] * 1000, 1),
        "after_swap_mb": _private_mb(pid),
    }


if __name__ == "__main__":
    sys.exit(main())
