"""The application: one catalog of snapshots and the routes on it."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from importlib.metadata import PackageNotFoundError, version

from fastapi import FastAPI

from serving.catalog import Catalog
from serving.edge import Edge
from serving.openapi import describe_with_problems
from serving.problems import add_problem_handlers
from serving.routes import health, items, pages, sites, users
from serving.settings import ServingSettings

__all__ = ["create_app"]


def create_app(settings: ServingSettings | None = None) -> FastAPI:
    """Application that serves what is published in ``settings.data``.

    Snapshots are loaded when its lifespan starts; ``app.state.catalog`` holds them.
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
    app.add_middleware(Edge, log_requests=catalog.settings.log_requests)
    add_problem_handlers(app)
    for module in (sites, items, users, health, pages):
        app.include_router(module.build_router(catalog))
    describe_with_problems(app)
    return app


def _version() -> str:
    try:
        return version("likewise")
    except PackageNotFoundError:
        return "0"
