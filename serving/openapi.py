"""The OpenAPI document: one shape of errors, what may come of any request, and examples."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

from serving.answers.problems import Problem
from serving.examples import ANSWERS, PARAMETERS
from serving.problems import PROBLEM_MEDIA_TYPE

__all__ = ["describe_with_problems", "operation_id"]

_REFERENCE: Final = "#/components/schemas/{model}"
_ANYWHERE: Final[Mapping[str, str]] = {
    "400": "The request is no HTTP that is understood.",
    "414": "The path or the query is too long.",
    "431": "The headers are too large, or too many.",
    "503": "More is asked than can be answered now: ask again after Retry-After seconds.",
}
_UNCHANGED: Final = "What If-None-Match names is still the answer."
_ETAG: Final[Mapping[str, Any]] = {
    "description": "Of this answer of this snapshot; none where nobody may keep the answer.",
    "schema": {"type": "string"},
}
_RETRY_AFTER: Final[Mapping[str, Any]] = {
    "description": "Seconds after which to ask again.",
    "schema": {"type": "integer"},
}
_WAITING: Final = frozenset(("429", "503"))
_FRESH_PATHS: Final = ("{user_id}/recommendations", "/models/{model}")
_WITH_BODY: Final[Mapping[str, str]] = {
    "408": "The body was not here in time.",
    "413": "The body is too large.",
    "415": "The body is not JSON, or encoded further.",
}


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
            for operation in _operations(document):
                _complete(operation)
            for operation in _kept_by_caches(document):
                answers = {**operation["responses"], "304": {"description": _UNCHANGED}}
                operation["responses"] = dict(sorted(answers.items()))
                operation["responses"]["200"]["headers"] = {"ETag": _ETAG}
            for name, example in ANSWERS.items():
                if name in schemas:
                    schemas[name]["examples"] = [example]
            app.openapi_schema = document
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def operation_id(route: APIRoute) -> str:
    """Name of a route, which is what generated clients call it."""
    return route.name


def _operations(document: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for methods in document["paths"].values():
        yield from methods.values()


def _kept_by_caches(document: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Operations whose answers may have an ETag."""
    for path, methods in document["paths"].items():
        if "get" in methods and path.startswith("/v1/{site}") and not path.endswith(_FRESH_PATHS):
            yield methods["get"]


def _complete(operation: dict[str, Any]) -> None:
    """Add what the edge may answer to any request, and examples of the parameters."""
    content = {PROBLEM_MEDIA_TYPE: {"schema": {"$ref": _REFERENCE.format(model=Problem.__name__)}}}
    answers = operation["responses"]
    more = {**_ANYWHERE, **(_WITH_BODY if "requestBody" in operation else {})}
    for status, description in more.items():
        answers.setdefault(status, {"description": description, "content": content})
    for status in _WAITING & answers.keys():
        answers[status] = {**answers[status], "headers": {"Retry-After": _RETRY_AFTER}}
    operation["responses"] = dict(sorted(answers.items()))
    for parameter in operation.get("parameters", ()):
        if parameter["name"] in PARAMETERS:
            parameter["example"] = PARAMETERS[parameter["name"]]
