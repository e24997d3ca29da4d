"""From raw parts to what models learn from: likes, items, features, interactions, split."""

from datetime import UTC, datetime
from typing import Any, Final

import dagster as dg
import polars as pl

from pipeline.assets.common import site_asset
from pipeline.assets.crawls import RAW_ASSETS
from pipeline.assets.metadata import curve, markdown_table, row_count
from pipeline.assets.workspace import Workspace
from pipeline.dataset.columns import FEATURE, ITEM_ID, LIKED_AT, PART, USER_ID
from pipeline.dataset.curated import Curated, require_curated, write_curated
from pipeline.dataset.features import item_features
from pipeline.dataset.interactions import interactions
from pipeline.dataset.items import curate_items
from pipeline.dataset.keys import load_or_create_key
from pipeline.dataset.likes import curate_likes
from pipeline.dataset.presence import read_present
from pipeline.dataset.retention import purge_raw
from pipeline.dataset.split_file import write_split
from pipeline.dataset.visitors import read_visitor_likes, split_by_likes, with_visitors
from pipeline.sites import Site
from pipeline.tables import CURATED_TABLES
from scrapers.records import Stage

__all__ = ["curation_assets"]

Result = dg.MaterializeResult[Any]
_TABLES: Final = {table.name: table for table in CURATED_TABLES}
_SHOWN: Final = 10
_KINDS: Final = frozenset({"polars", "parquet"})


def curation_assets(site: Site) -> list[dg.AssetsDefinition]:
    """Assets between a site's crawls and its models, and the purge of what is past its time."""
    makers = (
        _likes,
        _items,
        _item_features,
        _visitor_likes,
        _interactions,
        _split,
        _raw_retention,
    )
    return [make(site) for make in makers]


def _likes(site: Site) -> dg.AssetsDefinition:
    @site_asset(
        site,
        Curated.LIKES,
        description="Likes of all crawls so far, people by keyed pseudonym (see docs/privacy.md).",
        after=RAW_ASSETS.values(),
        kinds=_KINDS,
        table=_TABLES[Curated.LIKES],
    )
    def likes(workspace: Workspace) -> Result:
        key = load_or_create_key(workspace.settings.key_path, workspace.data)
        report = curate_likes(workspace.data, site.name, key)
        return dg.MaterializeResult(
            metadata={
                **row_count(report.n_likes),
                "users": report.n_users,
                "items": report.n_items,
                "new_likes": report.n_new_likes,
                "gone_likes": report.n_gone,
                "raw_rows_read": report.n_raw_rows,
                "crawl_runs": list(report.run_ids),
                "key_id": report.key_id,
            }
        )

    return likes


def _items(site: Site) -> dg.AssetsDefinition:
    @site_asset(
        site,
        Curated.ITEMS,
        description="The catalogue of all crawls so far; of each column the newest known value.",
        after=[RAW_ASSETS[Stage.CATALOGUE], RAW_ASSETS[Stage.FEATURES], Curated.LIKES],
        kinds=_KINDS,
        table=_TABLES[Curated.ITEMS],
    )
    def items(workspace: Workspace) -> Result:
        report = curate_items(workspace.data, site.name)
        frame = require_curated(workspace.data, site.name, Curated.ITEMS)
        first = frame.top_k(_SHOWN, by="announced_like_count").sort(
            "announced_like_count", descending=True
        )
        return dg.MaterializeResult(
            metadata={
                **row_count(report.n_items),
                "new_items": report.n_new_items,
                "gone_items": report.n_gone,
                "known_by_id_alone": report.n_undescribed,
                "most_liked": markdown_table(
                    first.select("title", "creator", "license", "announced_like_count")
                ),
            }
        )

    return items


def _item_features(site: Site) -> dg.AssetsDefinition:
    @site_asset(
        site,
        Curated.ITEM_FEATURES,
        description="What items are described by: tags, categories and creators that several "
        "items share, as unit vectors.",
        after=[Curated.ITEMS],
        kinds=_KINDS,
        table=_TABLES[Curated.ITEM_FEATURES],
    )
    def features(workspace: Workspace) -> Result:
        items = read_present(workspace.data, site.name).items
        frame = item_features(items, floor=workspace.settings.feature_floor)
        write_curated(workspace.data, site.name, Curated.ITEM_FEATURES, frame)
        common = (
            frame.group_by(FEATURE).len("items").sort("items", FEATURE, descending=[True, False])
        )
        return dg.MaterializeResult(
            metadata={
                **row_count(len(frame)),
                "features": len(common),
                "items_described": frame[ITEM_ID].n_unique(),
                "items_without_features": len(items) - frame[ITEM_ID].n_unique(),
                "most_common": markdown_table(common.head(_SHOWN)),
            }
        )

    return features


def _visitor_likes(site: Site) -> dg.AssetsDefinition:
    @site_asset(
        site,
        Curated.VISITOR_LIKES,
        description="Likes of visitors to the operator's own pages, from the API's feedback; they "
        "weigh nothing until LIKEWISE_FEEDBACK_WEIGHT is set (see docs/privacy.md).",
        after=[],
        kinds={"python", "sqlite"},
        table=_TABLES[Curated.VISITOR_LIKES],
    )
    def visitor_likes(workspace: Workspace) -> Result:
        frame = read_visitor_likes(workspace.data, site.name)
        write_curated(workspace.data, site.name, Curated.VISITOR_LIKES, frame)
        return dg.MaterializeResult(
            metadata={
                **row_count(len(frame)),
                "visitors": frame[USER_ID].n_unique(),
                "items": frame[ITEM_ID].n_unique(),
                "weight": workspace.settings.feedback_weight,
            }
        )

    return visitor_likes


def _interactions(site: Site) -> dg.AssetsDefinition:
    @site_asset(
        site,
        Curated.INTERACTIONS,
        description="What models learn from: one row a person and an item, after the k-core.",
        after=[Curated.LIKES, Curated.ITEMS, Curated.VISITOR_LIKES],
        kinds=_KINDS,
        table=_TABLES[Curated.INTERACTIONS],
    )
    def learned(workspace: Workspace) -> Result:
        floors = workspace.settings
        likes = with_visitors(
            read_present(workspace.data, site.name),
            require_curated(workspace.data, site.name, Curated.VISITOR_LIKES),
            floors.feedback_weight,
        )
        frame = interactions(likes, user_floor=floors.user_floor, item_floor=floors.item_floor)
        write_curated(workspace.data, site.name, Curated.INTERACTIONS, frame)
        return dg.MaterializeResult(metadata=_shape_of(frame, n_likes=len(likes)))

    return learned


def _shape_of(frame: pl.DataFrame, *, n_likes: int) -> dict[str, Any]:
    users, items = frame[USER_ID].n_unique(), frame[ITEM_ID].n_unique()
    counts = frame.group_by(ITEM_ID).len("likes")["likes"].sort(descending=True).to_list()
    return {
        **row_count(len(frame)),
        "users": users,
        "items": items,
        "density": len(frame) / max(users * items, 1),
        "share_with_time": frame[LIKED_AT].count() / max(len(frame), 1),
        "dropped_by_core": n_likes - len(frame),
        "popularity": curve(
            range(1, len(counts) + 1),
            counts,
            x_label="rank of the item",
            y_label="likes",
            title="Popularity curve",
        ),
    }


def _split(site: Site) -> dg.AssetsDefinition:
    @site_asset(
        site,
        Curated.SPLIT,
        description="Likes held out for judging: the newest where times are known, else a random "
        "share of each person's.",
        after=[Curated.INTERACTIONS],
        kinds=_KINDS,
        table=_TABLES[Curated.SPLIT],
    )
    def split(workspace: Workspace) -> Result:
        frame = require_curated(workspace.data, site.name, Curated.INTERACTIONS)
        likes = read_present(workspace.data, site.name).likes
        made = split_by_likes(frame, likes, seed=workspace.settings.seed)
        write_split(workspace.data, site.name, made)
        parts = made.parts.group_by(PART).len("likes").sort(PART)
        return dg.MaterializeResult(
            metadata={
                **row_count(len(made.parts)),
                "kind": made.kind.value,
                "seed": made.seed,
                "users_judged": made.n_users_judged,
                "users_skipped": made.n_users_skipped,
                "parts": markdown_table(parts),
            }
        )

    return split


def _raw_retention(site: Site) -> dg.AssetsDefinition:
    @site_asset(
        site,
        "raw_retention",
        description="Purges raw likes and rejected records that are older than the retention "
        "time; what was not pseudonymized yet is kept and reported.",
        after=[Curated.LIKES, Curated.ITEMS],
        kinds={"python"},
    )
    def raw_retention(workspace: Workspace) -> Result:
        days = workspace.settings.raw_retention_days
        report = purge_raw(workspace.data, site.name, retention_days=days, now=datetime.now(UTC))
        return dg.MaterializeResult(
            metadata={
                "retention_days": days,
                "purged_likes": report.n_likes,
                "purged_files": report.n_files,
                "purged_runs": list(report.purged_run_ids),
                "waiting_runs": list(report.waiting_run_ids),
            }
        )

    return raw_retention
