"""The snapshot: built aside, verified, published."""

from typing import Any

import dagster as dg

from pipeline.assembling import snapshot_contents
from pipeline.assets.common import site_asset
from pipeline.assets.workspace import Workspace
from pipeline.publishing import publish
from pipeline.sites import Site
from pipeline.snapshot import build

__all__ = ["publication_assets"]


def publication_assets(site: Site) -> list[dg.AssetsDefinition]:
    """The asset that serving reads."""
    return [_snapshot(site)]


def _snapshot(site: Site) -> dg.AssetsDefinition:
    @site_asset(
        site,
        "snapshot",
        description="One DuckDB file with everything that is served, published by a pointer "
        "once it is verified; a step that fails leaves what was published untouched.",
        after=["items", "evaluation", "top_k"],
        kinds={"duckdb"},
    )
    def snapshot(
        context: dg.AssetExecutionContext, workspace: Workspace
    ) -> dg.MaterializeResult[Any]:
        data = workspace.data
        built = build(data, site.name, snapshot_contents(data, site))
        publication = publish(
            data, site.name, built.snapshot_id, keep=workspace.settings.kept_snapshots
        )
        if not publication.published:
            pinned = publication.pointer.snapshot_id
            context.log.warning(f"Not published: {pinned} is pinned; unpin it to move on.")
        return dg.MaterializeResult(
            metadata={
                "snapshot_id": built.snapshot_id,
                "published": publication.published,
                "size_bytes": built.size_bytes,
                "sha256": built.sha256,
                "users": built.n_users,
                "items": built.n_items,
                "likes": built.n_likes,
                "removed": list(publication.removed),
            }
        )

    return snapshot
