"""``python -m tests.benchmarks.serving.publishes [ROUNDS]``: publish and roll back under load.

Four workers answer while snapshots are published and rolled back, two at once and torn ones among
them.  No request may fail and no answer may mix two snapshots.  Prints one JSON object; 1 where
something of it happened.
"""

from __future__ import annotations

import http.client
import json
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from pipeline import publishing
from pipeline.errors import LikewiseError
from pipeline.pointer import Pointer, read_pointer, snapshot_path, write_pointer
from pipeline.tables import SCHEMA_VERSION
from tests.benchmarks.serving.served import service
from tests.factories import NOW, SITE, SmallSite, build_small_snapshot

__all__ = ["Asking", "measure"]

ROUNDS: Final = 200
WORKERS: Final = 4
CONNECTIONS: Final = 8
N_SNAPSHOTS: Final = 3
PAUSE_S: Final = 0.7
PATH: Final = f"/v1/{SITE}/items/item-003/similar?model=lightfm_cf&k=10"
SETTLED_S: Final = 2.0


@dataclass(slots=True)
class Asking:
    """Clients that ask without a pause, each on a connection that it keeps.

    Attributes
    ----------
    truth : ids of the listed items by snapshot.
    counts : answers; failed, mixed and late ones.
    """

    port: int
    truth: Mapping[str, list[str]]
    counts: Counter[str] = field(default_factory=Counter)
    served_at: dict[str, float] = field(default_factory=dict)
    over: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def run(self) -> None:
        """Ask until it is over."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        while not self.over.is_set():
            try:
                connection.request("GET", PATH)
                answer = connection.getresponse()
                self.judge(answer.status, answer.read())
            except (OSError, http.client.HTTPException) as err:
                self._count(f"failed: {type(err).__name__}")
                connection.close()
        connection.close()

    def judge(self, status: int, body: bytes) -> None:
        """Count an answer, and what is wrong with it."""
        self._count("answers")
        if status != 200:
            self._count(f"failed: {status}")
            return
        found = json.loads(body)
        listed = [item["item_id"] for item in found["items"]]
        with self._lock:
            self.served_at[found["snapshot_id"]] = time.monotonic()
        if listed != self.truth.get(found["snapshot_id"]):
            self._count("mixed")

    def _count(self, what: str) -> None:
        with self._lock:
            self.counts[what] += 1


def main() -> int:
    """Publish so many times; 0 when nothing failed, mixed or lagged."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    with tempfile.TemporaryDirectory() as folder:
        found = measure(Path(folder), rounds=rounds)
    sys.stdout.write(json.dumps(found) + "\n")
    return 0 if not found["failed"] and not found["mixed"] and not found["late"] else 1


def measure(data: Path, *, rounds: int = ROUNDS, workers: int = WORKERS) -> dict[str, Any]:
    """Counts of answers under so many publishes."""
    ids, truth = _snapshots(data)
    with service(data, WORKERS=str(workers)) as served:
        asking = Asking(served.port, truth)
        threads = [threading.Thread(target=asking.run) for _ in range(CONNECTIONS)]
        for thread in threads:
            thread.start()
        lags = [_round(data, ids, number, asking) for number in range(rounds)]
        asking.over.set()
        for thread in threads:
            thread.join()
    counts = asking.counts
    settled = sorted(lag for lag in lags if lag is not None)
    return {
        "rounds": rounds,
        "workers": workers,
        "answers": counts["answers"],
        "failed": {name: n for name, n in counts.items() if name.startswith("failed")},
        "mixed": counts["mixed"],
        "late": sum(lag > SETTLED_S for lag in settled),
        "settled_s_median": round(settled[len(settled) // 2], 2) if settled else None,
        "settled_s_most": round(settled[-1], 2) if settled else None,
    }


def _snapshots(data: Path) -> tuple[list[str], dict[str, list[str]]]:
    built = [
        build_small_snapshot(data, seed=seed, now=NOW.replace(hour=seed))
        for seed in range(N_SNAPSHOTS)
    ]
    truth = {
        one.snapshot_id: [
            f"item-{idx:03d}" for idx in SmallSite(seed).lists("lightfm_cf").item_item_idxs[3]
        ]
        for seed, one in enumerate(built)
    }
    publishing.publish(data, SITE, built[0].snapshot_id)
    return [one.snapshot_id for one in built], truth


def _round(data: Path, ids: list[str], number: int, asking: Asking) -> float | None:
    """One change of what is published; seconds from then until no other snapshot answered.

    None where the change was one that must not be seen.
    """
    kind = ("publish", "rollback", "two at once", "torn", "during a load")[number % 5]
    wanted = ids[number % len(ids)]
    if kind == "publish":
        publishing.publish(data, SITE, wanted)
    elif kind == "rollback":
        _rolled_back(data)
    elif kind == "two at once":
        _at_once(data, [ids[(number + 1) % len(ids)], wanted])
    elif kind == "torn":
        return _torn(data, asking)
    else:
        publishing.publish(data, SITE, ids[(number + 1) % len(ids)])
        time.sleep(PAUSE_S / 2)  # while workers load that one
        publishing.publish(data, SITE, wanted)
    began = time.monotonic()
    published = read_pointer(data, SITE)
    while asking.served_at.get(published.snapshot_id if published else "", 0.0) < began:
        time.sleep(0.05)
    time.sleep(max(0.0, began + SETTLED_S + PAUSE_S - time.monotonic()))
    others = [at for name, at in asking.served_at.items() if name != published.snapshot_id]
    return max(max(others, default=began) - began, 0.0)


def _rolled_back(data: Path) -> None:
    try:
        publishing.rollback(data, SITE)
    except LikewiseError:  # the oldest is published already
        publishing.publish(data, SITE, max(_kept(data)))


def _kept(data: Path) -> list[str]:
    return [path.stem for path in (data / "snapshots" / SITE).glob("2*.duckdb")]


def _at_once(data: Path, names: list[str]) -> None:
    threads = [
        threading.Thread(target=publishing.publish, args=(data, SITE, name)) for name in names
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _torn(data: Path, asking: Asking) -> None:
    """Point at a file that is not what was published: nobody may serve it."""
    before = read_pointer(data, SITE)
    if before is None:
        raise RuntimeError("nothing is published")
    path = snapshot_path(data, SITE, "torn")
    path.write_bytes(snapshot_path(data, SITE, before.snapshot_id).read_bytes()[:-4096])
    write_pointer(data, SITE, Pointer("torn", before.sha256, SCHEMA_VERSION, NOW.isoformat()))
    time.sleep(PAUSE_S)
    write_pointer(data, SITE, before)
    path.unlink()
    if "torn" in asking.served_at:
        asking.counts["mixed"] += 1


if __name__ == "__main__":
    sys.exit(main())
