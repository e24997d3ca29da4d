"""A site that lives, day by day, and what crawls of it land: the shipped world with churn."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import numpy as np
import polars as pl

from scrapers.records import RAW_SCHEMAS, LandedUnit, Mode, RawTable, UnitKind, UnitState
from tests.pipeline.dataset.conftest import BEGUN, RawZone, read

WORLD = Path(__file__).parents[3] / "scrapers" / "replica" / "worlds" / "openclipart"
HOST = "https://clips.example"
PAIR = ["user_handle", "item_id"]


@dataclass
class Landing:
    """What a crawl lands of one table."""

    rows: pl.DataFrame
    units: list[LandedUnit] = field(default_factory=list)
    counts: Mapping[str, int] = field(default_factory=dict)


class LivingWorld:
    """Items and likes that come and go; everything follows from the seed."""

    def __init__(self, seed: int = 0):
        self.random = np.random.default_rng(seed)
        self.day = 0
        items = pl.read_parquet(WORLD / "items.parquet")
        views = pl.Series("view_count", self.random.lognormal(6, 1.5, len(items)).astype(int))
        self.items = items.with_columns(views)
        self.likes = pl.read_parquet(WORLD / "likes.parquet").select(*PAIR, "liked_at")
        self.read = self.likes.clear()
        self.described = self.items["item_id"].clear()

    @property
    def now(self):
        return BEGUN + timedelta(days=self.day)

    def advance(self, churn=0.01):
        """A day goes by: a share of likes and items goes, and as much comes."""
        self.day += 1
        moved = max(1, round(len(self.items) * churn))
        stay = np.sort(self.random.permutation(len(self.items))[moved:])
        self.items = pl.concat([self.items[stay.tolist()], self._new_items(moved)])
        liked = self.likes.join(self.items, on="item_id", how="semi", maintain_order="left")
        went = pl.Series(self.random.random(len(liked)) < churn)
        self.likes = pl.concat([liked.filter(~went), self._new_likes(int(went.sum()))])

    def _some(self, column, n):
        return column.gather(self.random.integers(0, len(column), n))

    def _new_items(self, n):
        models = self.items[self.random.integers(0, len(self.items), n).tolist()]
        return models.with_columns(
            pl.Series("item_id", [self.random.bytes(16).hex() for _ in range(n)]),
            pl.Series("view_count", self.random.integers(0, 20, n)),
            pl.lit(self.now).cast(models.schema["published_at"]).alias("published_at"),
        )

    def _new_likes(self, n):
        """Likes of the last day: of people who like much, mostly of what is liked much."""
        popular, any_item = (
            self._some(self.likes["item_id"], n),
            self._some(self.items["item_id"], n),
        )
        ages = pl.Series(self.random.integers(0, 24 * 60 * 60, n)).cast(pl.Int64) * 1_000_000
        new = pl.DataFrame(
            {
                "user_handle": self._some(self.likes["user_handle"], n),
                "item_id": popular.zip_with(pl.Series(self.random.random(n) < 0.9), any_item),
                "liked_at": pl.Series([self.now]) - ages.cast(pl.Duration("us")),
            },
            schema=self.likes.schema,
        )
        fresh = new.unique(PAIR, maintain_order=True)
        return fresh.join(self.likes, on=PAIR, how="anti", maintain_order="left")

    def crawl(self, mode: Mode = Mode.FULL) -> dict[RawTable, Landing]:
        """What a crawl of this day lands, table by table."""
        counts = self.items.select("item_id").join(
            self.likes.group_by("item_id").len("like_count"), on="item_id", how="left"
        )
        announced = counts.with_columns(pl.col("like_count").fill_null(0).cast(pl.Int64))
        landed = {
            RawTable.ITEMS: Landing(self._catalogue(announced)),
            RawTable.LIKES: self._lists(announced, mode),
            RawTable.FEATURES: self._pages(announced, mode),
        }
        self.read, self.described = self.likes, self.items["item_id"]
        return landed

    def _raw(self, table, rows):
        stamped = rows.with_columns(pl.lit(self.now).alias("crawled_at"))
        schema = pl.Schema(RAW_SCHEMAS[table])
        missing = [
            pl.lit(None, kind).alias(k) for k, kind in schema.items() if k not in stamped.columns
        ]
        return stamped.with_columns(missing).select(schema.names()).cast(dict(schema))

    def _catalogue(self, announced):
        listed = self.items.select("item_id", "title", url=HOST + "/item/" + pl.col("item_id"))
        rows = listed.join(announced, on="item_id").sort("like_count", descending=True)
        return self._raw(RawTable.ITEMS, rows)

    def _lists(self, announced, mode):
        """Lists of all items, or of those whose count has changed; one in 200 is cut short."""
        before = self.read.group_by("item_id").len("known")
        counts = announced.join(before, on="item_id", how="left")
        known = pl.col("known").fill_null(0)
        changed = counts.filter(pl.lit(mode is Mode.FULL) | (pl.col("like_count") != known))
        grown = pl.lit(mode is Mode.INCREMENTAL) & (pl.col("like_count") > known)
        visited = changed.with_columns(
            grown.alias("grown"), pl.Series("short", self.random.random(len(changed)) < 0.005)
        )
        liked = self.likes.join(visited, on="item_id").join(
            self.read.select(*PAIR, old=pl.lit(value=True)), on=PAIR, how="left"
        )
        rows = liked.filter(pl.col("old").is_null() | ~pl.col("grown"))
        return Landing(
            self._raw(RawTable.LIKES, rows.select(*PAIR, "liked_at")),
            [
                read(
                    UnitKind.ITEM_LIKES,
                    item_id,
                    day=self.day,
                    state=UnitState.PARTIAL if short else UnitState.DONE,
                    whole=not grown and not short,
                    announced=count,
                    read=count - 3 * short,
                )
                for item_id, count, grown, short in visited.select(
                    "item_id", "like_count", "grown", "short"
                ).iter_rows()
            ],
        )

    def _pages(self, announced, mode):
        """Pages of all items, or of new ones; about one record in 500 breaks the contract."""
        new = self.items.filter(
            pl.lit(mode is Mode.FULL) | ~pl.col("item_id").is_in(self.described.implode())
        )
        rejected = pl.Series(self.random.random(len(new)) < 0.002)
        picture = pl.struct(
            url=HOST + "/thumbs/" + pl.col("item_id"), width=pl.lit(320), height=pl.lit(240)
        )
        rows = (
            new.filter(~rejected)
            .drop("url", "embed_url")
            .join(announced, on="item_id")
            .with_columns(
                url=HOST + "/item/" + pl.col("item_id"),
                embed_url=HOST + "/embed/" + pl.col("item_id"),
                thumbnails=pl.concat_list(picture),
            )
        )
        columns = [name for name in RAW_SCHEMAS[RawTable.FEATURES].names if name in rows.columns]
        n = int(rejected.sum())
        counts = {"rejected": n, "rejected_title": n} if n else {}
        ended = [read(UnitKind.ITEM_FEATURES, item, day=self.day) for item in rows["item_id"]]
        return Landing(self._raw(RawTable.FEATURES, rows.select(columns)), ended, counts)


def land(raw: RawZone, world: LivingWorld, landings, mode=Mode.FULL) -> str:
    """Land a day's crawl; returns its name."""
    run_id = f"day-{world.day:03}"
    for table, landing in landings.items():
        raw.land_frames(
            table,
            run_id,
            [(landing.rows, landing.units)],
            day=world.day,
            mode=mode,
            counts=landing.counts,
        )
    return run_id
