"""What surrounds the routes of an app: the edge, and CORS within it where origins are set."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import BaseRoute

from serving.edge import Edge
from serving.metrics import Metrics
from serving.settings import ServingSettings
from serving.workers import Worker

__all__ = ["add_manners"]

_PREFLIGHT_S: Final = 600


def add_manners(app: FastAPI, settings: ServingSettings, worker: Worker | None = None) -> None:
    """Surround an app whose routes are all there; ``app.state.metrics`` has what is counted."""
    counts = (Path(worker.counts), worker.slot) if worker else (None, 0)
    app.state.metrics = Metrics(_templates(app.routes), *counts)
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


def _templates(routes: Iterable[BaseRoute]) -> Iterator[str]:
    for route in routes:
        included = getattr(route, "original_router", None)
        if included is not None:
            yield from _templates(included.routes)
        else:
            yield getattr(route, "path", "")
