"""What surrounds the routes of an app: the edge, and CORS within it where origins are set."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from fastapi import FastAPI
from starlette.routing import BaseRoute

from serving.cors import readable_elsewhere
from serving.edge import Edge
from serving.metrics import Metrics
from serving.settings import ServingSettings
from serving.workers import Worker

__all__ = ["add_manners"]


def add_manners(app: FastAPI, settings: ServingSettings, worker: Worker | None = None) -> None:
    """Surround an app whose routes are all there; ``app.state.metrics`` has what is counted."""
    counts = (Path(worker.counts), worker.slot) if worker else (None, 0)
    app.state.metrics = Metrics(_templates(app.routes), *counts)
    readable = readable_elsewhere(settings)
    app.add_middleware(readable)
    app.add_middleware(
        Edge,
        log_requests=settings.log_requests,
        metrics=app.state.metrics,
        readable=readable,
    )


def _templates(routes: Iterable[BaseRoute]) -> Iterator[str]:
    for route in routes:
        included = getattr(route, "original_router", None)
        if included is not None:
            yield from _templates(included.routes)
        else:
            yield getattr(route, "path", "")
