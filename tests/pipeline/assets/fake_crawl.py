"""A crawl without a site: it lands a small planted world as a spider would.

``FAKE_CRAWL`` in the environment tells it to end with an exit code, or to ``wait`` for a signal;
``FAKE_CRAWL_LIKES=none`` that the site shows no like, ``=unread`` that no list could be read,
``=timeless`` that it tells no times any more, and
``FAKE_CRAWL_TAGS=none`` that it has renamed its tags, ``FAKE_CRAWL_GONE`` names an item whose
page is not there.  An incremental crawl finds nothing new.  A list of items that are to be read
first is copied to ``first.json`` of the data folder.
"""

import json
import os
import shutil
import signal
import sys
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import polars as pl
from dagster_pipes import open_dagster_pipes

from scrapers.records import (
    GONE,
    MANIFEST_NAME,
    RAW_SCHEMAS,
    LandedUnit,
    Manifest,
    Mode,
    Part,
    RawTable,
    RunStatus,
    UnitKind,
    UnitState,
    raw_folder,
)

NOW = datetime.now(UTC)
USERS, ITEMS, TASTES, LIKES_EACH = 90, 36, 3, 8
TABLES = {
    "catalogue": (RawTable.SITE, RawTable.ITEMS),
    "likes": (RawTable.LIKES,),
    "features": (RawTable.FEATURES,),
}


def handle(user: int) -> str:
    return f"Müller-{user}@private.example"


def likes_of(user: int) -> list[int]:
    """Mostly items of the user's taste (item number modulo TASTES), some popular ones."""
    own = [item for item in range(ITEMS) if item % TASTES == user % TASTES]
    start = user // TASTES
    chosen = {own[(start + step) % len(own)] for step in range(LIKES_EACH)}
    return sorted(chosen | {user % 2, 2})


def rows(table: RawTable, base_url: str) -> list[dict[str, object]]:
    counts = [sum(item in likes_of(user) for user in range(USERS)) for item in range(ITEMS)]
    match table:
        case RawTable.SITE:
            return [
                {
                    "title": "Fake",
                    "base_url": base_url,
                    "hosts": ["127.0.0.1"],
                    "page_url_forms": [base_url + "/{item_id}"],
                    "embed_template": None,
                    "picture_hosts": ["127.0.0.1"],
                    "crawled_at": NOW,
                }
            ]
        case RawTable.ITEMS:
            return [
                {
                    "item_id": f"item-{item}",
                    "title": f"Item | {item} <b>",
                    "like_count": counts[item],
                    "like_count_text": str(counts[item]),
                    "url": f"{base_url}/{item}",
                    "crawled_at": NOW,
                }
                for item in range(ITEMS)
            ]
        case RawTable.LIKES:
            return [
                {
                    "user_handle": handle(user),
                    "item_id": f"item-{item}",
                    "liked_at": NOW - timedelta(days=(user * 7 + place * 13) % 300),
                    "crawled_at": NOW,
                }
                for user in range(USERS)
                for place, item in enumerate(likes_of(user))
            ]
        case RawTable.FEATURES:
            return [
                {
                    "item_id": f"item-{item}",
                    "title": f"Item | {item} <b>",
                    "creator": f"Creator {item % 5}",
                    "tags": [f"taste{item % TASTES}"],
                    "categories": ["things"],
                    "thumbnails": [
                        {"url": f"{base_url}/t/{item}", "width": 64, "height": 64},
                    ],
                    "crawled_at": NOW,
                }
                for item in range(ITEMS)
            ]


def units_of(table: RawTable) -> list[LandedUnit]:
    """The ends of the lists; of one of them but a part was read."""
    if table is not RawTable.LIKES:
        item = os.environ.get("FAKE_CRAWL_GONE")
        ended = (UnitKind.ITEM_FEATURES, item, UnitState.DONE, 0, None, True, NOW.isoformat())
        return [LandedUnit(*ended, GONE)] if item and table is RawTable.FEATURES else []
    unread = os.environ.get("FAKE_CRAWL_LIKES") == "unread"
    ends = []
    for item in range(ITEMS):
        announced = sum(item in likes_of(user) for user in range(USERS))
        short = unread or item == 7
        ends.append(
            LandedUnit(
                UnitKind.ITEM_LIKES,
                f"item-{item}",
                UnitState.FAILED if unread else UnitState.PARTIAL if short else UnitState.DONE,
                read=0 if unread else announced,
                announced=announced,
                whole=not short,
                ended_at=NOW.isoformat(),
                why="robots.txt forbids | it" if short else None,
            )
        )
    return ends


def land(table: RawTable, site: str, options: dict[str, str], status: RunStatus) -> int:
    folder = raw_folder(Path(os.environ["LIKEWISE_DATA"]), site, table, options["run_id"])
    folder.mkdir(parents=True, exist_ok=True)
    found = rows(table, options["base_url"])
    units = units_of(table)
    mode = Mode(options["mode"])
    if mode is Mode.INCREMENTAL and table in {RawTable.LIKES, RawTable.FEATURES}:
        found, units = [], [unit for unit in units if unit.state is not UnitState.DONE]
    if table is RawTable.LIKES and os.environ.get("FAKE_CRAWL_LIKES") in {"none", "unread"}:
        found = []
    if table is RawTable.LIKES and os.environ.get("FAKE_CRAWL_LIKES") == "timeless":
        found = [{**row, "liked_at": None} for row in found]
    if table is RawTable.FEATURES and os.environ.get("FAKE_CRAWL_TAGS") == "none":
        found = [{**row, "tags": []} for row in found]
    if table is RawTable.FEATURES:
        found = [row for row in found if row["item_id"] != os.environ.get("FAKE_CRAWL_GONE")]
    frame = pl.DataFrame(found, schema=pl.Schema(RAW_SCHEMAS[table]))
    path = folder / "part-00000.parquet"
    frame.write_parquet(path)
    content = path.read_bytes()
    digest = sha256(content).hexdigest()
    part = Part(path.name, len(frame), len(content), digest, tuple(units))
    manifest = Manifest(
        site,
        table,
        options["run_id"],
        status,
        NOW.isoformat(),
        finished_at=datetime.now(UTC).isoformat(),
        parts=(part,),
        counts={"requests": len(frame), "retries": 2},
        mode=mode,
        crawl_id=options["run_id"],
    )
    (folder / MANIFEST_NAME).write_text(manifest.to_json())
    return len(frame)


def main() -> int:
    site, options = sys.argv[1], dict(text.split("=", 1) for text in sys.argv[3::2])
    behaviour = os.environ.get("FAKE_CRAWL", "0")
    if behaviour == "wait":
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})  # one that comes early is kept
        Path(os.environ["LIKEWISE_DATA"], "waiting.json").write_text(json.dumps(os.getpid()))
        signal.sigwait({signal.SIGINT})
        land(RawTable.ITEMS, site, options, RunStatus.PARTIAL)
        return 3
    if options.get("first"):
        shutil.copy(options["first"], Path(os.environ["LIKEWISE_DATA"], "first.json"))
    code = int(behaviour)
    status = RunStatus.PARTIAL if code == 3 else RunStatus.COMPLETE
    if code == 1:
        return code
    with open_dagster_pipes() as pipes:
        landed = [land(table, site, options, status) for table in TABLES[options["stage"]]]
        pipes.report_asset_materialization(metadata={"requests": sum(landed)})
    return code


if __name__ == "__main__":
    sys.exit(main())
