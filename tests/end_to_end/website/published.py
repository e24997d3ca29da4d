"""The demo world as a published snapshot, without the crawl that the demo makes of it.

Its likes, drawings and tags stand in files; rows are what a crawl of the stand-in would land.
All that follows is the pipeline's own: pseudonyms, features, k-core, split, evaluation, fits and
lists, with the parameters that the models begin with.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.assembling import snapshot_contents
from pipeline.dataset.anonymize import anonymize
from pipeline.dataset.curated import Curated, empty_curated, write_curated
from pipeline.dataset.features import item_features
from pipeline.dataset.interactions import interactions
from pipeline.dataset.items import accumulate_items
from pipeline.dataset.keys import load_or_create_key
from pipeline.dataset.split_file import write_split
from pipeline.dataset.visitors import split_by_likes
from pipeline.evaluation.protocol import evaluate
from pipeline.evaluation_files import write_evaluation
from pipeline.listing import model_lists
from pipeline.lists import lists_path, save_lists
from pipeline.parameters import write_parameters
from pipeline.pointer import file_sha256
from pipeline.publishing import publish
from pipeline.recommenders.base import Recommender
from pipeline.recommenders.best import Best
from pipeline.recommenders.ease import Ease
from pipeline.recommenders.hybrid import Hybrid
from pipeline.recommenders.ials import Ials
from pipeline.recommenders.item_graph import ItemGraph
from pipeline.recommenders.model_file import SavedModel, model_path, save_model
from pipeline.recommenders.popular import Popular
from pipeline.recommenders.tag_profile import TagProfile
from pipeline.settings import read_settings
from pipeline.site_data import held_out, seen_items, site_dataset
from pipeline.sites import SITES
from pipeline.snapshot import build
from scrapers.records import RAW_SCHEMAS, Manifest, Part, RawTable, RunStatus, raw_folder
from scrapers.replica.sketchfab.catalogue import Catalogue
from scrapers.replica.world import read_frames, world_of

__all__ = ["SITE", "WORLD", "publish_demo"]

SITE: Final = "sketchfab"
WORLD: Final = Path(__file__).parents[3] / "scrapers" / "replica" / "worlds" / "openclipart"
_LIST_LENGTH: Final = 50
_SEED: Final = 0
_RESAMPLES: Final = 200


def publish_demo(data: Path, pictures_url: str) -> None:
    """Publish the world below a data folder; its pictures are those of the stand-in's url."""
    now = datetime.now(UTC)
    world = world_of(read_frames(WORLD))
    _curate(data, Catalogue(world, pictures_url), now)
    _land_site_record(data, pictures_url, now)
    _learn(data, _models(), now)
    contents = snapshot_contents(data, SITES[SITE])
    told = contents.site.with_columns(pl.lit("These likes are simulated.").alias("notice"))
    built = build(data, SITE, replace(contents, site=told), now=now)
    publish(data, SITE, built.snapshot_id)


def _curate(data: Path, catalogue: Catalogue, now: datetime) -> None:
    write = partial(write_curated, data, SITE)
    items = accumulate_items(empty_curated(Curated.ITEMS), _landed(catalogue, now))
    settings = read_settings()
    likes = pl.read_parquet(WORLD / "likes.parquet").with_columns(pl.lit(now).alias("crawled_at"))
    curated = anonymize(likes, SITE, load_or_create_key(data / "keys" / "pseudonym.key", data))
    learned = interactions(
        curated.select("user_id", "item_id", "liked_at"),
        user_floor=settings.user_floor,
        item_floor=settings.item_floor,
    )
    write(Curated.ITEMS, items)
    write(Curated.LIKES, curated)
    write(Curated.INTERACTIONS, learned)
    write(Curated.ITEM_FEATURES, item_features(items, floor=settings.feature_floor))
    write_split(data, SITE, split_by_likes(learned, curated, seed=_SEED))


def _landed(catalogue: Catalogue, now: datetime) -> pl.DataFrame:
    """The catalogue's rows, as a crawl of the stand-in lands them."""
    rows: list[dict[str, Any]] = [
        {
            "item_id": item.item_id,
            "title": item.title,
            "creator": item.creator,
            "license": item.license,
            "like_count": item.like_count,
            "published_at": item.published_at,
            "url": catalogue.page_url(item),
            "embed_url": catalogue.embed_url(item),
            "thumbnails": [
                {name: image[name] for name in ("url", "width", "height")}
                for image in catalogue.thumbnails(item)
            ],
            "tags": list(item.tags),
            "categories": list(item.categories),
            "crawled_at": now,
        }
        for item in catalogue.world.items
    ]
    schema = empty_curated(Curated.ITEMS).schema
    known = {name: kind for name, kind in schema.items() if name in rows[0]}
    return pl.DataFrame(rows, schema_overrides={**known, "like_count": pl.Int64})


def _land_site_record(data: Path, base_url: str, now: datetime) -> None:
    """The site's own row, as a crawl of the catalogue lands it."""
    host = base_url.split("//", 1)[1]
    row = {
        "title": SITES[SITE].title,
        "base_url": base_url,
        "hosts": [host],
        "page_url_forms": [
            f"{base_url}/3d-models/{{slug}}-{{item_id}}",
            f"{base_url}/models/{{item_id}}",
        ],
        "embed_template": f"{base_url}/models/{{item_id}}/embed",
        "picture_hosts": [host],
        "crawled_at": now,
    }
    folder = raw_folder(data, SITE, RawTable.SITE, "files")
    folder.mkdir(parents=True)
    path = folder / "part-00000.parquet"
    pq.write_table(pa.Table.from_pylist([row], schema=RAW_SCHEMAS[RawTable.SITE]), path)
    part = Part(path.name, 1, path.stat().st_size, file_sha256(path))
    stamp = now.isoformat()
    manifest = Manifest(SITE, RawTable.SITE, "files", RunStatus.COMPLETE, stamp, stamp, (part,), {})
    (folder / "manifest.json").write_text(manifest.to_json())


def _models() -> list[Recommender]:
    """Those that are quick to fit: the website shows any alike."""
    return [Popular(), ItemGraph(), Ials(iterations=4), Ease(), TagProfile(), Hybrid(), Best()]


def _learn(data: Path, models: list[Recommender], now: datetime) -> None:
    write_parameters(data, SITE, models)
    judged = evaluate(models, held_out(data, SITE), resamples=_RESAMPLES)
    write_evaluation(data, SITE, judged, now)
    dataset = site_dataset(data, SITE)
    seen = seen_items(data, SITE, dataset)
    for model in models:
        fitted = model.fit_once(dataset, seed=_SEED)
        saved = SavedModel.of(model, fitted, dataset, seed=_SEED, threads=1, fit_s=0.0)
        save_model(model_path(data, SITE, model.name), saved)
        save_lists(
            lists_path(data, SITE, model.name), model_lists(saved, seen, _LIST_LENGTH, threads=1)
        )
