"""How much of a request is taken in: path, query, headers and body."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from starlette.types import Message, Receive, Scope

from serving.errors import ApiProblemError

__all__ = ["Limits", "check_head", "headers_of", "taken_in"]

_WANTED: Final = frozenset(
    (
        b"accept-encoding",
        b"content-encoding",
        b"content-length",
        b"content-type",
        b"transfer-encoding",
        b"x-request-id",
    )
)
_JSON: Final = b"application/json"


@dataclass(frozen=True, slots=True)
class Limits:
    """Largest sizes that are taken in; what is larger is a problem, never cut short."""

    path_bytes: int = 2048
    query_bytes: int = 8192
    headers: int = 64
    header_bytes: int = 16_384
    body_bytes: int = 65_536
    body_s: float = 10.0


def headers_of(scope: Scope) -> tuple[dict[bytes, bytes], int]:
    """Headers that the edge reads itself, and the bytes of all of them."""
    found: dict[bytes, bytes] = {}
    size = 0
    for name, value in scope["headers"]:
        size += len(name) + len(value)
        if name in _WANTED:
            found[name] = value
    return found, size


def check_head(scope: Scope, raw_path: bytes, size_bytes: int, limits: Limits) -> None:
    """Pass if path, query and headers are within their limits.

    Raises
    ------
    ApiProblemError : 414 or 431, with the limit.
    """
    if len(raw_path) > limits.path_bytes:
        raise _too_much(414, "path", "bytes", limits.path_bytes)
    if len(scope["query_string"]) > limits.query_bytes:
        raise _too_much(414, "query", "bytes", limits.query_bytes)
    if size_bytes > limits.header_bytes:
        raise _too_much(431, "headers", "bytes", limits.header_bytes)
    if len(scope["headers"]) > limits.headers:
        raise _too_much(431, "headers", "fields", limits.headers)


async def taken_in(found: Mapping[bytes, bytes], receive: Receive, limits: Limits) -> Receive:
    """What gives the app the whole body of a request, which is JSON and within the limit.

    The bytes are counted while they come in, so that none are kept past the limit.

    Raises
    ------
    ApiProblemError : 413, 415, 408 where the body takes too long, 400 where it breaks off.
    """
    if found.get(b"content-length", b"0") == b"0" and b"transfer-encoding" not in found:
        return receive
    media_type = found.get(b"content-type", b"").partition(b";")[0].strip().lower()
    if media_type != _JSON or found.get(b"content-encoding", b"identity") != b"identity":
        raise ApiProblemError(415, "The body must be application/json, not encoded further.")
    if int(found.get(b"content-length", b"0")) > limits.body_bytes:
        raise _too_much(413, "body", "bytes", limits.body_bytes)
    try:
        async with asyncio.timeout(limits.body_s):
            body = await _whole(receive, limits.body_bytes)
    except TimeoutError as err:
        detail = f"The body was not here within {limits.body_s:g} seconds."
        raise ApiProblemError(408, detail) from err
    return _replayed(body, receive)


def _too_much(status: int, part: str, unit: str, limit: int) -> ApiProblemError:
    return ApiProblemError(status, f"At most {limit} {unit} of {part} are taken in.")


async def _whole(receive: Receive, limit_bytes: int) -> bytes:
    body = bytearray()
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ApiProblemError(400, "The connection ended before the body did.")
        body += message.get("body", b"")
        if len(body) > limit_bytes:
            raise _too_much(413, "body", "bytes", limit_bytes)
        more = message.get("more_body", False)
    return bytes(body)


def _replayed(body: bytes, receive: Receive) -> Receive:
    given = False

    async def replay() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay
