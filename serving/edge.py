"""The outermost layer of the app: limits, paths, HEAD, headers, metrics, log lines, crashes."""

from __future__ import annotations

import logging
import random
import re
import time
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import quote, unquote_to_bytes

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving.compression import accepts_gzip, compressed
from serving.errors import ApiProblemError
from serving.limits import Limits, check_head, headers_of, taken_in
from serving.logs import crash_fields
from serving.metrics import Metrics
from serving.problems import problem_response

__all__ = ["Edge", "canonical_path"]

_log = logging.getLogger(__name__)
_PLAIN: Final = re.compile(r"[A-Za-z0-9/_.~-]*")
_SANE_ID: Final = re.compile(rb"[A-Za-z0-9_.:-]{8,64}")
_CRASH: Final = "Something went wrong here; the operator's log says what."
_NO_CONTENT: Final = (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'")
_ALWAYS: Final = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"vary", b"Accept-Encoding"),
)


def canonical_path(raw_path: str) -> str:
    """Path whose segments are still percent-encoded, each in the one canonical way.

    Routes match it, so an encoded slash stays within its segment.
    """
    if _PLAIN.fullmatch(raw_path):
        return raw_path
    return "/".join(quote(unquote_to_bytes(part), safe="") for part in raw_path.split("/"))


class Edge:
    """ASGI middleware that every request passes first.

    Logs and metrics hold the route's template, never the path: ids are nobody's business.

    Parameters
    ----------
    readable : lets pages of other origins read the problems that are answered here.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        log_requests: bool,
        metrics: Metrics | None = None,
        limits: Limits | None = None,
        readable: Callable[[ASGIApp], ASGIApp] = lambda app: app,
    ) -> None:
        self._app = app
        self._log_requests = log_requests
        self._metrics = metrics or Metrics(())
        self._limits = limits or Limits()
        self._readable = readable

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request; anything but HTTP passes through untouched."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started_s = time.perf_counter()
        self._metrics.begin()
        found, size_bytes = headers_of(scope)
        method = scope["method"]
        inner: Scope = {**scope, "method": "GET" if method == "HEAD" else method}
        reply = _Reply(send, found, is_head=method == "HEAD")
        try:
            raw_path = scope.get("raw_path") or quote(scope["path"]).encode()
            check_head(scope, raw_path, size_bytes, self._limits)
            inner["path"] = canonical_path(raw_path.decode("latin-1"))
            if inner["method"] != "GET":
                receive = await taken_in(found, receive, self._limits)
            await self._app(inner, receive, reply)
        except ApiProblemError as err:
            problem = problem_response(err.status, err.detail, kind=err.kind)
            await self._readable(problem)(inner, receive, reply)
        except Exception as err:
            _log.error("request failed", extra={"fields": _crash_fields(inner, reply, err)})
            if reply.status:
                raise
            await self._readable(problem_response(500, _CRASH))(inner, receive, reply)
        finally:
            took_s = time.perf_counter() - started_s
            self._metrics.end(_route(inner), reply.status, took_s)
            if self._log_requests:
                fields = {"method": method, **_request_fields(inner, reply, took_s)}
                _log.info("request", extra={"fields": fields})


class _Reply:
    """An answer on its way out: its headers completed, compressed if asked, cut short for HEAD."""

    __slots__ = ("_gzip", "_held", "_is_head", "_send", "request_id", "status")

    def __init__(self, send: Send, found: dict[bytes, bytes], *, is_head: bool) -> None:
        given = found.get(b"x-request-id")
        sane = given is not None and _SANE_ID.fullmatch(given)
        self.request_id = given if given and sane else b"%024x" % random.getrandbits(96)
        self.status = 0
        self._send = send
        self._is_head = is_head
        self._gzip = accepts_gzip(found.get(b"accept-encoding", b""))
        self._held: Message | None = None

    async def __call__(self, message: Message) -> None:
        """Send one message on; the head of an answer that may be compressed waits for its body."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message = {**message, "headers": self._completed(message["headers"])}
            if self._gzip:
                self._held = message
                return
        elif self._held is not None:
            start, self._held = self._held, None
            if not message.get("more_body"):
                start, body = compressed(start, message.get("body", b""))
                message = {**message, "body": body}
            await self._send(start)
        if self._is_head and "body" in message:
            message = {**message, "body": b""}
        await self._send(message)

    def _completed(self, headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
        complete = [*headers, *_ALWAYS, (b"x-request-id", self.request_id)]
        if not any(name == b"content-security-policy" for name, _ in headers):
            complete.append(_NO_CONTENT)
        return complete


def _request_fields(scope: Scope, reply: _Reply, took_s: float) -> dict[str, Any]:
    return {
        "route": _route(scope),
        "status": reply.status,
        "duration_ms": round(took_s * 1000, 2),
        "request_id": reply.request_id.decode(),
    }


def _crash_fields(scope: Scope, reply: _Reply, err: Exception) -> dict[str, Any]:
    request_id = reply.request_id.decode()
    return {"route": _route(scope), "request_id": request_id, **crash_fields(err)}


def _route(scope: Scope) -> str:
    return getattr(scope.get("route"), "path", "(none)")
