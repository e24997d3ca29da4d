"""Whether the process lives, and whether it has anything to serve."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest

from serving.answers.health import LiveAnswer, ReadyAnswer
from serving.catalog import Catalog
from serving.errors import ApiProblemError
from serving.exposition import registry_of
from serving.routes.common import JSON, documented

__all__ = ["build_router"]


def build_router(catalog: Catalog) -> APIRouter:
    """Routes for the one who keeps the service running."""
    router = APIRouter(tags=["health"])

    @router.get("/health/live", responses=documented(LiveAnswer, "It lives.", problems=()))
    async def live() -> Response:
        """Say that the process answers."""
        return _fresh(LiveAnswer(status="live"))

    @router.get("/health/ready", responses=documented(ReadyAnswer, "It serves.", problems=(503,)))
    async def ready() -> Response:
        """Say what is served, and why a newer snapshot is not."""
        states = catalog.states()
        if not catalog.snapshots:
            detail = "No site is loaded: publish a snapshot, or see what was refused."
            refused = [state.model_dump() for state in states]
            raise ApiProblemError(503, detail, kind="not-ready", more={"sites": refused})
        degraded = any(state.faults for state in states)
        return _fresh(ReadyAnswer(status="degraded" if degraded else "ready", sites=states))

    @router.get("/metrics", include_in_schema=False)
    async def metrics(request: Request) -> Response:
        """Tell Prometheus what was counted, by all workers."""
        body = generate_latest(registry_of(request.app.state.metrics, catalog))
        headers = {"Cache-Control": "no-store", "Content-Type": CONTENT_TYPE_PLAIN_0_0_4}
        return Response(body, headers=headers)

    return router


def _fresh(answer: LiveAnswer | ReadyAnswer) -> Response:
    return Response(
        answer.model_dump_json(), headers={"Cache-Control": "no-store"}, media_type=JSON
    )
