"""The OpenAPI document, with the one shape of errors in it."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from serving.answers.problems import Problem

__all__ = ["describe_with_problems"]

_REFERENCE = "#/components/schemas/{model}"


def describe_with_problems(app: FastAPI) -> None:
    """Make the document of an app name ``Problem`` where FastAPI would name its own errors."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = get_openapi(
                title=app.title, version=app.version, summary=app.summary, routes=app.routes
            )
            schemas = document.setdefault("components", {}).setdefault("schemas", {})
            for unused in ("HTTPValidationError", "ValidationError"):
                schemas.pop(unused, None)
            problem = Problem.model_json_schema(ref_template=_REFERENCE)
            schemas.update(problem.pop("$defs", {}))
            schemas[Problem.__name__] = problem
            app.openapi_schema = document
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]
