"""A small but whole snapshot: 30 people, 40 items, three models with honest lists."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import permutations
from pathlib import Path

import numpy as np
import polars as pl

from pipeline import publishing
from pipeline.charts import draw_charts
from pipeline.files import write_frame
from pipeline.fold_in import ItemFactors, ItemWeights
from pipeline.lists import ModelLists
from pipeline.snapshot import BuiltSnapshot, Chart, SnapshotContents, build
from pipeline.snapshot.fold_ins import ModelFoldIn
from pipeline.tables import CURATED_TABLES

SITE = "sketchfab"
NOW = datetime(2026, 11, 21, 3, 55, 1, tzinfo=UTC)
N_USERS, N_ITEMS, K = 30, 40, 10
MODELS = ("popular", "lightfm_cf", "tag_profile")
_TAGS = ("cat", "boat", "tree", "robot", "castle")


@dataclass(frozen=True)
class SmallSite:
    """Curated tables and what follows from them; `seed` varies the likes."""

    seed: int = 0

    @property
    def user_ids(self) -> list[str]:
        return sorted(hashlib.sha256(f"user {n}".encode()).hexdigest()[:32] for n in range(N_USERS))

    @property
    def item_ids(self) -> list[str]:
        return [f"item-{n:03d}" for n in range(N_ITEMS)]

    @property
    def likes(self) -> pl.DataFrame:
        """Curated likes: 3 to 9 a person; the last two items are cold."""
        generator = np.random.default_rng(self.seed)
        rows = []
        for user_id in self.user_ids:
            weights = 1.0 / (1 + np.arange(N_ITEMS - 2))
            chosen = generator.choice(
                N_ITEMS - 2, generator.integers(3, 10), replace=False, p=weights / weights.sum()
            )
            rows += [(user_id, self.item_ids[idx]) for idx in sorted(chosen)]
        times = [NOW - timedelta(days=3 * n) for n in range(len(rows))]
        return pl.DataFrame(rows, schema=["user_id", "item_id"], orient="row").with_columns(
            pl.Series("liked_at", times),
            pl.lit(NOW).alias("first_seen_at"),
            pl.lit(NOW).alias("last_seen_at"),
            pl.lit(None, pl.Datetime("us", "UTC")).alias("gone_at"),
            pl.lit("0123456789abcdef").alias("key_id"),
        )

    @property
    def items(self) -> pl.DataFrame:
        """Curated items; the first has hostile text, the last nothing but an id."""
        rows = [self._item(number, item_id) for number, item_id in enumerate(self.item_ids)]
        picture = pl.Struct({"url": pl.String, "width": pl.Int32, "height": pl.Int32})
        return pl.DataFrame(
            rows,
            schema_overrides={
                "published_at": pl.Datetime("us", "UTC"),
                "gone_at": pl.Datetime("us", "UTC"),
                "thumbnails": pl.List(picture),
                "tags": pl.List(pl.String),
                "categories": pl.List(pl.String),
            },
        )

    def _item(self, number: int, item_id: str) -> dict[str, object]:
        bare = number == N_ITEMS - 1
        page = f"http://127.0.0.1:8000/3d-models/{item_id}"
        sizes = [] if bare else [(64, 36), (320, 180)]
        return {
            "item_id": item_id,
            "title": None if bare else "<b>Café</b> & 'co'" if number == 0 else f"Model {number}",
            "creator": None if bare else f"Artist {number % 7}",
            "license": None if bare else "CC0",
            "announced_like_count": None if bare else 100 - number,
            "published_at": None if bare else NOW - timedelta(days=10 * number),
            "first_seen_at": NOW,
            "last_seen_at": NOW,
            "gone_at": None,
            "url": None if bare else page,
            "embed_url": None if bare else f"http://127.0.0.1:8000/models/{item_id}/embed",
            "thumbnails": [
                {"url": f"http://127.0.0.1:8000/thumbs/{item_id}-{w}.webp", "width": w, "height": h}
                for w, h in sizes
            ],
            "tags": [] if bare else [_TAGS[number % 5], _TAGS[(number + 1) % 5].title()],
            "categories": [] if bare else ["Animals" if number % 2 else "Places"],
        }

    @property
    def readings(self) -> pl.DataFrame:
        """Lists that a crawl read whole: one an item."""
        return self.items.select(
            pl.lit("item_likes").alias("kind"),
            pl.col("item_id").alias("key"),
            pl.lit("run-2").alias("crawl_id"),
            pl.lit(NOW - timedelta(hours=1)).alias("began_at"),
            pl.lit(NOW).alias("ended_at"),
            pl.lit(None, pl.String).alias("why"),
        )

    @property
    def interactions(self) -> pl.DataFrame:
        return self.likes.select(
            "user_id", "item_id", pl.lit(1.0, pl.Float32).alias("weight"), "liked_at"
        )

    @property
    def split(self) -> pl.DataFrame:
        part = pl.Series(["test" if n % 5 == 0 else "train" for n in range(self.likes.height)])
        return self.likes.select("user_id", "item_id").with_columns(part.alias("part"))

    @property
    def item_features(self) -> pl.DataFrame:
        return (
            self.items.select("item_id", pl.col("tags").alias("feature"))
            .explode("feature")
            .drop_nulls()
            .select(
                "item_id",
                pl.format("tag:{}", pl.col("feature").str.to_lowercase()).alias("feature"),
                pl.lit(np.sqrt(0.5), pl.Float32).alias("weight"),
            )
        )

    @property
    def models(self) -> pl.DataFrame:
        return pl.DataFrame(
            [
                {
                    "model": model,
                    "position": position,
                    "label": model.replace("_", " ").title(),
                    "sentence": f"How {model} works, in a sentence.",
                    "parameters": '{"factors": 8}',
                    "seed": 0,
                    "threads": 1,
                    "fitted_at": NOW,
                    "fit_s": 0.5,
                    "data_sha256": "ab" * 32,
                    "model_sha256": hashlib.sha256(f"{model}{self.seed}".encode()).hexdigest(),
                }
                for position, model in enumerate(MODELS)
            ]
        )

    @property
    def evaluation(self) -> pl.DataFrame:
        rows = []
        for position, model in enumerate(MODELS):
            for metric in ("NDCG", "Recall", "MAP", "Precision", "coverage", "popular_share"):
                for k in (5, 10, 20):
                    mean = 0.05 + 0.03 * position + 0.001 * k + 0.001 * self.seed
                    listwide = metric in {"coverage", "popular_share"}
                    rows.append(
                        {
                            "model": model,
                            "metric": metric,
                            "k": k,
                            "mean": mean,
                            "low": None if listwide else mean - 0.01,
                            "high": None if listwide else mean + 0.01,
                            "n_users": 28,
                            "n_users_skipped": 2,
                            "split": "temporal",
                            "seed": 0,
                            "evaluated_at": NOW,
                        }
                    )
        return pl.DataFrame(rows)

    @property
    def evaluation_details(self) -> dict[str, pl.DataFrame]:
        """Slices and differences with made-up figures, and the overlap of every pair."""
        figure = {"metric": "NDCG", "k": 20, "mean": 0.1, "low": 0.05, "high": 0.2, "n_users": 9}
        slices = [{"model": m, "slice": s, **figure} for m in MODELS for s in ("head", "light")]
        others = [{"model": m, "against": MODELS[0], **figure} for m in MODELS[1:]]
        pairs = [
            {"model": a, "other": b, "k": 10, "share": 0.5} for a, b in permutations(MODELS, 2)
        ]
        tables = (
            ("evaluation_slices", slices),
            ("evaluation_differences", others),
            ("model_overlap", pairs),
        )
        return {name: pl.DataFrame(rows) for name, rows in tables}

    @property
    def site(self) -> pl.DataFrame:
        return pl.DataFrame(
            {
                "site": [SITE],
                "title": ["Sketchfab"],
                "base_url": ["http://127.0.0.1:8000"],
                "hosts": [["127.0.0.1"]],
                "page_url_forms": [["http://127.0.0.1:8000/3d-models/{slug}-{item_id}"]],
                "embed_template": ["http://127.0.0.1:8000/models/{item_id}/embed"],
                "picture_hosts": [["127.0.0.1"]],
                "notice": ["These likes are simulated."],
            }
        )

    @property
    def visitor_likes(self) -> pl.DataFrame:
        """Likes of one visitor of the operator's pages."""
        visitor = hashlib.sha256(b"visitor").hexdigest()[:32]
        return pl.DataFrame({"user_id": [visitor], "item_id": self.item_ids[:1], "liked_at": [NOW]})

    def lists(self, model: str) -> ModelLists:
        """Lists of made-up scores with nothing seen; `tag_profile` leaves the cold items out."""
        generator = np.random.default_rng([self.seed, MODELS.index(model)])
        user_ids, item_ids = np.array(self.user_ids), np.array(self.item_ids)
        scores = generator.random((N_USERS, N_ITEMS), dtype=np.float32)
        likes = self.likes
        scores[
            np.searchsorted(user_ids, likes["user_id"].to_numpy().astype(str)),
            np.searchsorted(item_ids, likes["item_id"].to_numpy().astype(str)),
        ] = np.nan
        similar = generator.random((N_ITEMS, N_ITEMS), dtype=np.float32)
        np.fill_diagonal(similar, np.nan)
        if model == "tag_profile":
            scores[:, -2:] = np.nan
        subjects = np.arange(0 if model == "popular" else N_ITEMS, dtype=np.int32)
        listed, user_scores = _best(scores)
        similar_listed, similar_scores = _best(similar[subjects])
        return ModelLists(
            model=model,
            item_ids=item_ids,
            user_ids=user_ids,
            user_item_idxs=listed,
            user_scores=user_scores,
            item_idxs=subjects,
            item_item_idxs=similar_listed,
            item_scores=similar_scores,
        )

    def all_lists(self) -> Iterator[ModelLists]:
        return (self.lists(model) for model in MODELS)

    def fold_ins(self) -> Iterator[ModelFoldIn]:
        """Weights of one model and factors of another one; the last item has neither."""
        random = np.random.default_rng(self.seed)
        dense = np.triu(random.random((N_ITEMS, N_ITEMS)), 1)
        rows, columns = np.nonzero(dense > 0.5)
        counts = np.bincount(rows, minlength=N_ITEMS)
        weights = ItemWeights(
            np.concatenate([[0], np.cumsum(counts)]),
            columns.astype(np.int32),
            dense[rows, columns].astype(np.float32),
        )
        factors = random.normal(size=(N_ITEMS, 3)).astype(np.float32)
        factors[-1] = 0
        ids = np.array(self.item_ids)
        for model, own, rest in (
            ("popular", None, None),
            ("lightfm_cf", None, ItemFactors(factors, 0.1, 0.1, 1.0)),
            ("tag_profile", weights, None),
        ):
            yield ModelFoldIn(model=model, item_ids=ids, weights=own, factors=rest)

    def contents(self) -> SnapshotContents:
        likes = self.likes
        return SnapshotContents(
            site=self.site,
            items=self.items,
            likes=likes,
            models=self.models,
            lists=self.all_lists(),
            evaluation=self.evaluation,
            charts=_charts(),
            run_ids=["run-1", "run-2"],
            data_sha256="ab" * 32,
            evaluation_details=self.evaluation_details,
            fold_ins=self.fold_ins(),
        )

    def write_curated(self, data: Path) -> None:
        """Write the curated zone as the assets would."""
        for name in (table.name for table in CURATED_TABLES):
            write_frame(getattr(self, name), data / "curated" / SITE / f"{name}.parquet")


@cache
def _charts() -> Sequence[Chart]:
    """Charts of seed 0, drawn once: drawing takes most of a small build."""
    site = SmallSite()
    return draw_charts(site.likes, site.evaluation, site.models)


def _best(scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The K best columns of each row, as models give them: NaN is no candidate."""
    order = np.argsort(-np.nan_to_num(scores, nan=-np.inf), axis=1, kind="stable")[:, :K]
    best = np.take_along_axis(scores, order, axis=1).astype(np.float32)
    return np.where(np.isnan(best), -1, order).astype(np.int32), best


def build_small_snapshot(data: Path, *, seed: int = 0, now: datetime = NOW) -> BuiltSnapshot:
    """Build, not publish, the small snapshot under a data folder."""
    return build(data, SITE, SmallSite(seed).contents(), now=now)


def publish_small_site(data: Path, *, seed: int = 0, now: datetime = NOW) -> BuiltSnapshot:
    """Write the curated zone, build the small snapshot and publish it."""
    SmallSite(seed).write_curated(data)
    built = build_small_snapshot(data, seed=seed, now=now)
    publishing.publish(data, SITE, built.snapshot_id)
    return built
