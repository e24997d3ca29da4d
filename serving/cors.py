"""Which pages of other origins may read answers, whoever makes the answer: a route or a refusal."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp

from serving.settings import ServingSettings

__all__ = ["readable_elsewhere"]

_PREFLIGHT_S: Final = 600


def readable_elsewhere(settings: ServingSettings) -> Callable[[ASGIApp], ASGIApp]:
    """What makes an app's answers readable from the origins that are set; nothing without any."""
    origins = settings.cors_origins.split()

    def readable(app: ASGIApp) -> ASGIApp:
        if not origins:
            return app
        return CORSMiddleware(
            app,
            allow_origins=origins,
            allow_methods=["GET", "HEAD", "POST"],
            allow_headers=["Content-Type", "Idempotency-Key", "If-None-Match", "X-Request-Id"],
            expose_headers=["ETag", "Retry-After", "X-Request-Id"],
            max_age=_PREFLIGHT_S,
        )

    return readable
