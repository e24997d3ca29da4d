"""The application: one catalog of snapshots and the routes on it."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Iterator
from types import ModuleType

from fastapi import FastAPI

from serving.catalog import Catalog
from serving.feedback.intake import Intake
from serving.manners import add_manners
from serving.openapi import describe_with_problems, operation_id
from serving.pages import add_website
from serving.pages.website import build_website
from serving.routes import (
    admin,
    browse,
    compare,
    documentation,
    feedback,
    groups,
    health,
    items,
    items_by_ids,
    resolve,
    search,
    sites,
    users,
    visitors,
)
from serving.settings import ServingSettings
from serving.version import installed_version
from serving.workers import Worker

__all__ = ["create_app"]


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
        version=installed_version(),
        openapi_url=None,  # answered by documentation, with what caches may keep
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=operation_id,
        lifespan=lifespan,
    )
    app.state.catalog = catalog
    app.state.intake = Intake(catalog.settings)
    browsing = (browse, search, groups, items_by_ids, resolve)
    # The routes that are asked most come first: a request is matched against those before it.
    for module in (
        items,
        *_switched_on(catalog.settings),
        sites,
        visitors,
        compare,
        *browsing,
        health,
    ):
        app.include_router(module.build_router(catalog))
    app.include_router(documentation.build_router())
    add_website(app, build_website(catalog))
    describe_with_problems(app)
    add_manners(app, catalog.settings, worker)
    return app


def _switched_on(settings: ServingSettings) -> Iterator[ModuleType]:
    """Routes that an operator asked for; what is off is a route that does not exist."""
    if settings.user_routes:
        yield users
    if settings.feedback:
        yield feedback
    if settings.admin:
        yield admin
