"""Sites and their models."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, Request, Response

from serving.answers.base import ListKind
from serving.answers.models import ModelsAnswer
from serving.answers.sites import SiteAnswer, SiteCard, SitesAnswer
from serving.caching import answered, file_answered
from serving.catalog import Catalog
from serving.routes.common import JSON, Site, documented, snapshot_of
from serving.routing import QueryRoute
from serving.snapshot import Snapshot

__all__ = ["build_router"]

_MINUTE: Final = {"Cache-Control": "public, max-age=60"}


def build_router(catalog: Catalog) -> APIRouter:
    """Routes about sites as wholes."""
    router = APIRouter(tags=["sites"], route_class=QueryRoute)

    @router.get("/v1/sites", responses=documented(SitesAnswer, "Every loaded site.", problems=()))
    async def sites(request: Request) -> Response:
        """List the sites that are served."""
        return file_answered(request, _sites(catalog).encode(), JSON, _MINUTE)

    @router.get("/v1/{site}", responses=documented(SiteAnswer, "The site.", problems=(404, 422)))
    async def site(request: Request, site: Site) -> Response:
        """Describe one site: forms of its urls, counts, models."""
        snapshot = snapshot_of(catalog, site)
        return answered(request, snapshot, lambda: snapshot.site.model_dump_json().encode())

    @router.get(
        "/v1/{site}/models",
        responses=documented(ModelsAnswer, "Models in the order of display.", problems=(404, 422)),
    )
    async def models(request: Request, site: Site) -> Response:
        """List the models of a site with parameters, times and evaluation."""
        snapshot = snapshot_of(catalog, site)
        return answered(request, snapshot, lambda: _models(snapshot).encode())

    return router


def _sites(catalog: Catalog) -> str:
    loaded = sorted(catalog.snapshots.items())
    cards = [
        SiteCard.model_validate(snapshot.site.model_dump(include=set(SiteCard.model_fields)))
        for _, snapshot in loaded
    ]
    return SitesAnswer(sites=cards).model_dump_json()


def _models(snapshot: Snapshot) -> str:
    defaults: dict[ListKind, str] = {
        kind: next(iter(named)) for kind, named in snapshot.lists.items() if named
    }
    return ModelsAnswer(
        site=snapshot.site.site,
        snapshot_id=snapshot.snapshot_id,
        generated_at=snapshot.site.generated_at,
        defaults=defaults,
        models=list(snapshot.models),
    ).model_dump_json()
