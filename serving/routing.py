"""GET routes that validate a query string once, however often it is asked."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from functools import lru_cache
from typing import Any, Final

from fastapi import Request, Response
from fastapi.dependencies.utils import request_params_to_args
from fastapi.routing import APIRoute
from starlette.datastructures import QueryParams

__all__ = ["QueryRoute"]

_REMEMBERED: Final = 1024
_LONGEST: Final = 100  # bytes: what is remembered is small, whatever is asked

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class QueryRoute(APIRoute):
    """A route whose parameters FastAPI validates, but those of a known query string only once.

    Validation takes longer than a list of twenty does.  What is remembered is frozen: the models
    of queries are, and all else is text or numbers.  Whatever does not fit goes FastAPI's own
    way and gets its error there.
    """

    def get_route_handler(self) -> Handler:
        """FastAPI's handler, with a shorter way before it where there is one."""
        whole = super().get_route_handler()
        needed = self.dependant
        others = (needed.dependencies, needed.header_params, needed.cookie_params)
        if any(others) or needed.body_params or self.methods != {"GET"}:
            return whole
        endpoint = self.endpoint
        name = needed.request_param_name

        def validated(query: bytes) -> dict[str, Any] | None:
            asked = QueryParams(query.decode("latin-1"))
            values, errors = request_params_to_args(needed.query_params, asked)
            return None if errors else values

        remembered = lru_cache(maxsize=_REMEMBERED)(validated)

        async def short(request: Request) -> Response:
            asked: bytes = request.scope["query_string"]
            query = remembered(asked) if len(asked) <= _LONGEST else validated(asked)
            if query is None:
                return await whole(request)
            values: dict[str, Any] = {}
            for field in needed.path_params:  # all are there: the path has matched
                values[field.name], errors = field.validate(request.path_params[field.alias])
                if errors:
                    return await whole(request)
            if name:
                values[name] = request
            answer: Response = await endpoint(**values, **query)
            return answer

        return short
