"""The application: one catalog of snapshots and the routes on it."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.middleware.cors import CORSMiddleware

from serving.catalog import Catalog
from serving.edge import Edge
from serving.metrics import Metrics
from serving.openapi import describe_with_problems
from serving.problems import add_problem_handlers
from serving.routes import health, items, pages, sites, users
from serving.settings import ServingSettings
from serving.workers import Worker

__all__ = ["create_app"]

_PREFLIGHT_S: Final = 600


def create_app(settings: ServingSettings | None = None, *, worker: Worker | None = None) -> FastAPI:
    """Application that serves what is published in ``settings.data``.

    Snapshots are loaded when its lifespan starts; ``app.state.catalog`` holds them, and
    ``app.state.metrics`` what is counted, together with the other workers where it is one of them.
    """
    catalog = Catalog(settings or ServingSettings())

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with catalog.running():
            yield

    app = FastAPI(
        title="Likewise",
        summary="Recommendations from public likes.",
        version=_version(),
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=lifespan,
    )
    app.state.catalog = catalog
    add_problem_handlers(app)
    for module in (sites, items, users, health, pages):
        app.include_router(module.build_router(catalog))
    describe_with_problems(app)
    _add_manners(app, catalog.settings, worker)
    return app


def _add_manners(app: FastAPI, settings: ServingSettings, worker: Worker | None) -> None:
    """Put the edge around the routes, and CORS within it where origins are set."""
    routes = [route.path for route in app.routes if isinstance(route, APIRoute)]
    counts = (Path(worker.counts), worker.slot) if worker else (None, 0)
    app.state.metrics = Metrics(routes, *counts)
    if settings.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.cors_origins.split(),
            allow_methods=["GET", "HEAD", "POST"],
            allow_headers=["Content-Type", "Idempotency-Key", "X-Request-Id"],
            expose_headers=["ETag", "Retry-After", "X-Request-Id"],
            max_age=_PREFLIGHT_S,
        )
    app.add_middleware(Edge, log_requests=settings.log_requests, metrics=app.state.metrics)


def _version() -> str:
    try:
        return version("likewise")
    except PackageNotFoundError:
        return "0"
