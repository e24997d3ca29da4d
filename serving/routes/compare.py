"""Models one by one, and two of them beside each other."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from serving.answers.compare import CompareAnswer
from serving.answers.models import ModelAnswer, ModelDetails
from serving.caching import answered
from serving.catalog import Catalog
from serving.errors import ApiProblemError
from serving.lists.comparing import Compared, CompareQuery, compare_body
from serving.routes.common import ModelName, Site, documented, item_idx_of, snapshot_of
from serving.routing import QueryRoute
from serving.snapshot import Snapshot

__all__ = ["build_router"]


def build_router(catalog: Catalog) -> APIRouter:
    """Routes about models."""
    router = APIRouter(tags=["models"], route_class=QueryRoute)
    has_people = catalog.settings.user_routes

    @router.get(
        "/v1/{site}/models/{model}",
        responses=documented(ModelAnswer, "The model.", problems=(404, 422)),
    )
    async def model(request: Request, site: Site, model: ModelName) -> Response:
        """Describe one model: parameters, times, and all that is known of how well it does."""
        snapshot = snapshot_of(catalog, site)
        body = _model(snapshot, model)
        return answered(request, snapshot, lambda: body, private=True)  # published_at may change

    @router.get(
        "/v1/{site}/compare",
        responses=documented(CompareAnswer, "Both lists.", problems=(404, 422)),
    )
    async def compare(request: Request, site: Site, query: Compared) -> Response:
        """Show two models' lists for one item or person, rank by rank."""
        snapshot = snapshot_of(catalog, site)
        if query.item_id is not None:
            row = item_idx_of(snapshot, query.item_id)
            return answered(
                request, snapshot, lambda: compare_body(snapshot, "similar", row, query)
            )
        row = _person(snapshot, query, has_people=has_people)
        return answered(
            request,
            snapshot,
            lambda: compare_body(snapshot, "recommendations", row, query),
            private=True,
        )

    return router


def _person(snapshot: Snapshot, query: CompareQuery, *, has_people: bool) -> int:
    if not has_people:
        raise ApiProblemError(404, "Routes about people are off here.", kind="unknown-user")
    row = snapshot.users.get(query.user_id or "")
    if row is None:
        raise ApiProblemError(404, f"{snapshot.site.site} has no such user.", kind="unknown-user")
    return row


def _model(snapshot: Snapshot, name: str) -> bytes:
    found = next((one for one in snapshot.models if one.model == name), None)
    if found is None:
        raise ApiProblemError(
            404,
            f"{snapshot.site.site} has no model {name[:100]!r}.",
            kind="unknown-model",
            more={"known": [one.model for one in snapshot.models]},
        )
    whole = ModelAnswer(
        site=snapshot.site.site,
        snapshot_id=snapshot.snapshot_id,
        generated_at=snapshot.site.generated_at,
        published_at=snapshot.published_at,
        **{field: getattr(found, field) for field in ModelDetails.model_fields},
    )
    return whole.model_dump_json().encode()
