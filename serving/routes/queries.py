"""Parameters of the routes that are asked most.

FastAPI takes three quarters of the time of such a route to read a dozen parameters.  The text of
the query alone says all of them, and is parsed once; segments of the path are read as they are.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final, TypeVar, get_origin
from urllib.parse import parse_qsl, unquote_to_bytes

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError

from pipeline.pointer import SITE_NAME_PATTERN

__all__ = ["described", "query_of", "segment_of"]

Q = TypeVar("Q", bound=BaseModel)
_CACHED: Final = 1024
_CACHED_BYTES: Final = 256


def query_of(request: Request, kind: type[Q]) -> Q:
    """Query of a request.

    Raises
    ------
    RequestValidationError : it breaks its schema; every fault is in it.
    """
    text: bytes = request.scope["query_string"]
    parse = _remembered if len(text) <= _CACHED_BYTES else _parsed
    found: Q = parse(kind, text)
    return found


def segment_of(request: Request, name: str) -> str:
    """A segment of the path, decoded.

    Raises
    ------
    RequestValidationError : it is not percent-encoded UTF-8.
    """
    segment: str = request.path_params[name]
    if "%" not in segment:
        return segment
    try:
        return unquote_to_bytes(segment).decode()
    except UnicodeDecodeError as err:
        fault = {"loc": ("path", name), "msg": "is not percent-encoded UTF-8", "input": segment}
        raise RequestValidationError([fault]) from err


def described(query: type[BaseModel] | None = None, **segments: str) -> dict[str, Any]:
    """``openapi_extra`` of a route that reads its parameters by these functions.

    Parameters
    ----------
    segments : what the segments of the path are, by name; ``site`` is one of them always.
    """
    path = {"site": "Name of the site.", **segments}
    shown = [
        _parameter("path", name, _segment(name, told), required=True) for name, told in path.items()
    ]
    schema = query.model_json_schema() if query else {"properties": {}}
    required = schema.get("required", [])
    return {
        "parameters": [
            *shown,
            *(
                _parameter("query", name, told, required=name in required)
                for name, told in schema["properties"].items()
            ),
        ]
    }


def _segment(name: str, description: str) -> dict[str, Any]:
    schema = {"type": "string", "title": name.replace("_", " ").title()}
    pattern = {"pattern": f"^{SITE_NAME_PATTERN}$"} if name == "site" else {}
    return {**schema, **pattern, "description": description}


def _parameter(
    location: str, name: str, schema: dict[str, Any], *, required: bool
) -> dict[str, Any]:
    rest = {key: value for key, value in schema.items() if key != "description"}
    return {
        "name": name,
        "in": location,
        "required": required,
        "description": schema.get("description", ""),
        "schema": rest,
    }


def _parsed(kind: type[Q], text: bytes) -> Q:
    values: dict[str, Any] = {}
    for name, value in parse_qsl(text.decode("latin-1"), keep_blank_values=True):
        field = kind.model_fields.get(name)
        if field is not None and get_origin(field.annotation) is tuple:
            values.setdefault(name, []).append(value)
        else:
            values[name] = value
    try:
        return kind.model_validate(values)
    except ValidationError as err:
        faults = err.errors(include_url=False, include_context=False)
        raise RequestValidationError(
            [{**fault, "loc": ("query", *fault["loc"])} for fault in faults]
        ) from err


_remembered: Any = lru_cache(maxsize=_CACHED)(_parsed)
