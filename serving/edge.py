"""The outermost layer of the app: paths, HEAD, headers, one log line a request, crashes."""

from __future__ import annotations

import logging
import re
import time
import traceback
from typing import Any, Final
from urllib.parse import quote, unquote_to_bytes

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving.problems import problem_response

__all__ = ["Edge", "canonical_path"]

_log = logging.getLogger(__name__)
_PLAIN: Final = re.compile(r"[A-Za-z0-9/_.~-]*")
_CRASH: Final = "Something went wrong here; the operator's log says what."


def canonical_path(raw_path: str) -> str:
    """Path whose segments are still percent-encoded, each in the one canonical way.

    Routes match it, so an encoded slash stays within its segment.
    """
    if _PLAIN.fullmatch(raw_path):
        return raw_path
    return "/".join(quote(unquote_to_bytes(part), safe="") for part in raw_path.split("/"))


class Edge:
    """ASGI middleware that every request passes first.

    Logs hold the route's template, never the path: ids are nobody's business.
    """

    def __init__(self, app: ASGIApp, *, log_requests: bool) -> None:
        self._app = app
        self._log_requests = log_requests

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request; anything but HTTP passes through untouched."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started_s = time.perf_counter()
        is_head = scope["method"] == "HEAD"
        inner: Scope = {
            **scope,
            "path": canonical_path(_raw_path(scope)),
            "method": "GET" if is_head else scope["method"],
        }
        status = 0

        async def send_on(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["X-Content-Type-Options"] = "nosniff"
            elif is_head:
                message = {**message, "body": b""}
            await send(message)

        try:
            await self._app(inner, receive, send_on)
        except Exception as err:
            _log.error("request failed", extra={"fields": _crash_fields(inner, err)})
            if status:
                raise
            await problem_response(500, _CRASH)(inner, receive, send_on)
        if self._log_requests:
            fields = {"method": scope["method"], **_request_fields(inner, status, started_s)}
            _log.info("request", extra={"fields": fields})


def _raw_path(scope: Scope) -> str:
    raw = scope.get("raw_path")
    return raw.decode("latin-1") if raw else quote(scope["path"])


def _request_fields(scope: Scope, status: int, started_s: float) -> dict[str, Any]:
    return {
        "route": _route(scope),
        "status": status,
        "duration_ms": round((time.perf_counter() - started_s) * 1000, 2),
    }


def _crash_fields(scope: Scope, err: Exception) -> dict[str, Any]:
    """Where it crashed; not the message, which may hold what was asked for."""
    frames = traceback.extract_tb(err.__traceback__)[-8:]
    return {
        "route": _route(scope),
        "error": type(err).__name__,
        "frames": [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames],
    }


def _route(scope: Scope) -> str:
    return getattr(scope.get("route"), "path", "(none)")
