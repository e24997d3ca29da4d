"""The one shape of errors: problem+json (RFC 9457), for every status and every route."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

import orjson
from fastapi import Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from serving.errors import ApiProblemError

__all__ = [
    "KINDS",
    "PROBLEMATIC",
    "PROBLEM_MEDIA_TYPE",
    "problem_of",
    "problem_response",
]

PROBLEM_MEDIA_TYPE: Final = "application/problem+json"
KINDS: Final[Mapping[str, str]] = {
    "unknown-site": "No snapshot of a site of that name is loaded; /v1/sites lists those that are.",
    "unknown-item": "The snapshot has no item of that id. Ids are percent-encoded in a path.",
    "unknown-link": "The link names no item; `known` lists the forms that would be understood.",
    "unknown-user": "The snapshot has no person of that pseudonym.",
    "unknown-group": "The site has no such tag, category or creator; `errors` names every one.",
    "unknown-model": "The site has no such list of that model; `known` names those that it has.",
    "invalid-request": "The request breaks its schema; `errors` names every fault.",
    "stale-cursor": "The list has been renewed since; ask again without a cursor.",
    "overloaded": "More is asked than can be answered in time; ask again after `Retry-After` s.",
    "foreign-origin": "The page that sends this is of an origin that the operator has not named.",
    "too-often": "More feedback than one client may send; try again after `Retry-After` s.",
    "key-reused": "Another request had this idempotency key: make a new one for each.",
    "not-stored": "Feedback cannot be written now; send it again, with the same key, later.",
    "no-leave": "The route is the operator's: `Authorization: Bearer` and a token is wanted.",
    "not-ready": "No site is loaded; `sites` says what was refused and why.",
}
PROBLEMATIC: Final = (ApiProblemError, HTTPException, RequestValidationError)
_ECHO_LENGTH: Final = 100
_MOST_FAULTS: Final = 1000  # what a body of 64 KiB can have is answered by no megabyte
_MOST_IN_DETAIL: Final = 10


def problem_response(
    status: int,
    detail: str,
    *,
    kind: str | None = None,
    more: Mapping[str, object] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Problem as a response; ``more`` are extension members."""
    body = {
        "type": f"/docs#{kind}" if kind else "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        **(more or {}),
    }
    return Response(
        orjson.dumps(body),
        status,
        {"Cache-Control": "no-store", **(headers or {})},
        media_type=PROBLEM_MEDIA_TYPE,
    )


def problem_of(err: Exception) -> Response:
    """The problem that one of the `PROBLEMATIC` errors is.

    Raises
    ------
    TypeError : it is none of them.
    """
    if isinstance(err, ApiProblemError):
        return problem_response(
            err.status, err.detail, kind=err.kind, more=err.more, headers=err.headers
        )
    if isinstance(err, RequestValidationError):
        return _from_validation(err)
    if isinstance(err, HTTPException):
        return _from_http(err)
    raise TypeError(f"{type(err).__name__} is no error that a problem tells of")


def _from_http(err: HTTPException) -> Response:
    if err.status_code == 400:  # noqa: PLR2004  FastAPI's word for a body that is no text, or too deep
        fault = {
            "location": "body",
            "name": "",
            "detail": "is no JSON that is taken",
            "value": None,
        }
        detail = "The body is no JSON that is taken."
        return problem_response(422, detail, kind="invalid-request", more={"errors": [fault]})
    detail = {
        404: "There is no such route; /docs lists those that there are.",
        405: "The route does not answer this method; the header Allow says which it does.",
    }.get(err.status_code, str(err.detail))
    headers = dict(err.headers or {})
    if "GET" in headers.get("Allow", ""):
        headers["Allow"] = "GET, HEAD"  # the edge answers HEAD, which the router does not know of
    return problem_response(err.status_code, detail, headers=headers)


def _from_validation(err: RequestValidationError) -> Response:
    found = err.errors()
    errors = [_fault(error) for error in found[:_MOST_FAULTS]]
    told = [f"{error['name']}: {error['detail']}" for error in errors[:_MOST_IN_DETAIL]]
    more = [f"and {len(found) - len(told)} more"] if len(found) > len(told) else []
    detail = "; ".join([*told, *more])
    return problem_response(422, detail, kind="invalid-request", more={"errors": errors})


def _fault(error: Mapping[str, Any]) -> dict[str, str | None]:
    location, *names = error["loc"]
    value = error.get("input")
    return {
        "location": str(location),
        "name": _echo(".".join(str(name) for name in names)),
        "detail": str(error["msg"]),
        "value": None if value is None else _echo(str(value)),
    }


def _echo(text: str) -> str:
    """Beginning of what was sent, as text that can be encoded: JSON may hold half a character."""
    return text[:_ECHO_LENGTH].encode(errors="replace").decode()
