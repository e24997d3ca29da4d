"""Checks of a site's assets; those that block stop what would build on a wrong table."""

from typing import Final

import dagster as dg
import polars as pl

from pipeline.assets.common import check_of
from pipeline.assets.crawl_checks import crawl_checks
from pipeline.assets.workspace import Workspace
from pipeline.dataset.columns import CATEGORIES, CREATOR, ITEM_ID, PAIR, TAGS, USER_ID
from pipeline.dataset.curated import Curated, curated_path, require_curated
from pipeline.evaluation_files import evaluation_path
from pipeline.pointer import file_sha256, read_pointer, snapshot_path
from pipeline.recommenders.popular import Popular
from pipeline.sites import Site
from pipeline.snapshot import verify
from pipeline.tables import USER_ID_PATTERN

__all__ = ["site_checks"]

_ERROR: Final = dg.AssetCheckSeverity.ERROR
_WARN: Final = dg.AssetCheckSeverity.WARN
_WELL_DESCRIBED: Final = 0.9


def site_checks(site: Site) -> list[dg.AssetChecksDefinition]:
    """Every check of a site's assets."""
    return [
        *crawl_checks(site),
        _likes_are_sound(site),
        _items_are_unique(site),
        _items_are_described(site),
        _interactions_are_there(site),
        _popularity_is_beaten(site),
        _snapshot_is_verified(site),
    ]


def _likes_are_sound(site: Site) -> dg.AssetChecksDefinition:
    @check_of(site, Curated.LIKES, blocking=True)
    def likes_are_sound(workspace: Workspace) -> dg.AssetCheckResult:
        """There are likes, their pairs are unique, and every person is a pseudonym."""
        likes = pl.read_parquet(curated_path(workspace.data, site.name, Curated.LIKES))
        is_pseudonym = pl.col(USER_ID).str.contains(f"^{USER_ID_PATTERN}$")
        faults = {
            "repeated_pairs": len(likes) - likes.select(pl.struct(PAIR).n_unique()).item(),
            "nulls": sum(likes.select(USER_ID, ITEM_ID, "key_id").null_count().row(0)),
            "no_pseudonym": len(likes.filter(~is_pseudonym)),
            "key_ids_beyond_one": likes["key_id"].n_unique() - 1,
        }
        passed = len(likes) > 0 and not any(faults.values())
        return dg.AssetCheckResult(passed=passed, severity=_ERROR, metadata=faults)

    return likes_are_sound


def _items_are_unique(site: Site) -> dg.AssetChecksDefinition:
    @check_of(site, Curated.ITEMS, blocking=True)
    def items_are_unique(workspace: Workspace) -> dg.AssetCheckResult:
        """Each item has one row, and every liked item has one."""
        items = pl.read_parquet(curated_path(workspace.data, site.name, Curated.ITEMS))
        likes = require_curated(workspace.data, site.name, Curated.LIKES)
        repeated = len(items) - items[ITEM_ID].n_unique()
        unknown = len(likes.select(ITEM_ID).unique().join(items, on=ITEM_ID, how="anti"))
        return dg.AssetCheckResult(
            passed=len(items) > 0 and repeated == 0 and unknown == 0,
            severity=_ERROR,
            metadata={"items": len(items), "repeated": repeated, "liked_without_row": unknown},
        )

    return items_are_unique


def _items_are_described(site: Site) -> dg.AssetChecksDefinition:
    @check_of(site, Curated.ITEMS)
    def items_are_described(workspace: Workspace) -> dg.AssetCheckResult:
        """At least nine of ten items have a tag, a category or a creator."""
        items = require_curated(workspace.data, site.name, Curated.ITEMS)
        described = items.filter(
            (pl.col(TAGS).list.len() > 0)
            | (pl.col(CATEGORIES).list.len() > 0)
            | pl.col(CREATOR).is_not_null()
        )
        share = len(described) / max(len(items), 1)
        return dg.AssetCheckResult(
            passed=share >= _WELL_DESCRIBED, severity=_WARN, metadata={"share": share}
        )

    return items_are_described


def _interactions_are_there(site: Site) -> dg.AssetChecksDefinition:
    @check_of(site, Curated.INTERACTIONS, blocking=True)
    def interactions_are_there(workspace: Workspace) -> dg.AssetCheckResult:
        """The k-core left something to learn from."""
        rows = len(require_curated(workspace.data, site.name, Curated.INTERACTIONS))
        return dg.AssetCheckResult(passed=rows > 0, severity=_ERROR, metadata={"rows": rows})

    return interactions_are_there


def _popularity_is_beaten(site: Site) -> dg.AssetChecksDefinition:
    @check_of(site, "evaluation")
    def popularity_is_beaten(workspace: Workspace) -> dg.AssetCheckResult:
        """Some model's NDCG@10 lies above popularity's, and their intervals do not touch."""
        rows = pl.read_parquet(evaluation_path(workspace.data, site.name)).filter(
            (pl.col("metric") == "NDCG") & (pl.col("k") == 10)  # noqa: PLR2004  NDCG@10
        )
        is_popular = pl.col("model") == Popular.name
        popular = _floats(rows.filter(is_popular)["high"])
        others = _floats(rows.filter(~is_popular)["low"])
        return dg.AssetCheckResult(
            passed=bool(popular and others) and max(others) > max(popular),
            severity=_WARN,
            metadata={"popularity_high": popular, "others_low": others},
        )

    return popularity_is_beaten


def _floats(column: pl.Series) -> list[float]:
    return [float(value) for value in column.drop_nulls()]


def _snapshot_is_verified(site: Site) -> dg.AssetChecksDefinition:
    @check_of(site, "snapshot", blocking=True)
    def snapshot_is_verified(workspace: Workspace) -> dg.AssetCheckResult:
        """What is published is the file that was built, and no rule of a snapshot is broken."""
        pointer = read_pointer(workspace.data, site.name)
        if pointer is None:
            return dg.AssetCheckResult(passed=False, severity=_ERROR)
        path = snapshot_path(workspace.data, site.name, pointer.snapshot_id)
        faults = verify(path, snapshot_id=pointer.snapshot_id)
        if file_sha256(path) != pointer.sha256:
            faults.append("the file is not the one that was published")
        return dg.AssetCheckResult(
            passed=not faults,
            severity=_ERROR,
            metadata={"snapshot_id": pointer.snapshot_id, "faults": faults},
        )

    return snapshot_is_verified
