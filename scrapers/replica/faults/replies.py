"""Answers of a stand-in: what its app said, and everything that may be said instead."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any, Final, Protocol

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from scrapers.replica.sketchfab.catalogue import dump

__all__ = [
    "Answer",
    "Reply",
    "Streamed",
    "answer_of",
    "as_answer",
    "error_page",
    "json_error",
    "rewritten",
]

_JSON: Final = (b"content-type", b"application/json")


class Reply(Protocol):
    """Something that can be sent."""

    async def deliver(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it, or break off."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer; ``content-length`` is added when it is sent."""

    status: int = HTTPStatus.OK
    headers: tuple[tuple[bytes, bytes], ...] = (_JSON,)
    body: bytes = b""

    def with_headers(self, **values: str) -> Answer:
        """The answer with some headers replaced; ``_`` in a name stands for ``-``."""
        new = {k.replace("_", "-").encode(): v.encode("latin-1") for k, v in values.items()}
        kept = [pair for pair in self.headers if pair[0] not in new]
        return replace(self, headers=(*kept, *new.items()))

    def json(self) -> Any:  # noqa: ANN401  of any form
        """What the body says."""
        return json.loads(self.body)

    async def deliver(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        """Send it as it is."""
        size = (b"content-length", str(len(self.body)).encode())
        await send(
            {"type": "http.response.start", "status": self.status, "headers": [*self.headers, size]}
        )
        await send({"type": "http.response.body", "body": self.body})


@dataclass(frozen=True, slots=True)
class Streamed:
    """An answer in pieces that never stand in memory together.

    Without ``size_bytes`` it is sent in chunks and nobody knows its end.
    """

    chunks: Iterable[bytes]
    headers: tuple[tuple[bytes, bytes], ...] = (_JSON,)
    size_bytes: int | None = None

    async def deliver(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        """Send piece by piece, as fast as they are taken, until the client has left."""
        headers = list(self.headers)
        if self.size_bytes is not None:
            headers.append((b"content-length", str(self.size_bytes).encode()))
        leaving = asyncio.ensure_future(until_left(receive))
        await send({"type": "http.response.start", "status": HTTPStatus.OK, "headers": headers})
        for chunk in self.chunks:
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
            await asyncio.sleep(0)
            if leaving.done():
                return
        await send({"type": "http.response.body", "body": b""})
        await leaving


async def until_left(receive: Receive) -> None:
    """Return once the client has left, or has the whole answer."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def answer_of(app: ASGIApp, scope: Scope, receive: Receive) -> Answer:
    """The whole answer of an app."""
    status, headers, body = 0, (), bytearray()

    async def keep(message: Message) -> None:
        nonlocal status, headers
        if message["type"] == "http.response.start":
            status = message["status"]
            named = [pair for pair in message["headers"] if pair[0] != b"content-length"]
            headers = tuple(named)
        else:
            body.extend(message.get("body", b""))

    await app(scope, receive, keep)
    return Answer(status, headers, bytes(body))


def as_answer(reply: Reply) -> Answer | None:
    """A reply that is a good answer whose body can be worked on; None for any other."""
    if not isinstance(reply, Answer) or reply.status != HTTPStatus.OK:
        return None
    return None if b"content-encoding" in dict(reply.headers) else reply


def rewritten(reply: Reply, change: Callable[[Any], Any]) -> Reply:
    """A reply whose JSON is what `change` makes of it; one that is no good answer stays."""
    answer = as_answer(reply)
    if answer is None:
        return reply
    with _numbers_of_any_length():
        return replace(answer, body=dump(change(json.loads(answer.body))))


@contextmanager
def _numbers_of_any_length() -> Iterator[None]:
    """Another fault may have put a number into the page that Python would refuse to read."""
    limit = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(0)
    try:
        yield
    finally:
        sys.set_int_max_str_digits(limit)


def json_error(status: int, detail: str) -> Answer:
    """Error in the form of the site's API."""
    return Answer(status, body=dump({"detail": detail}))


def error_page(status: int, text: str) -> Answer:
    """Error as a page for people."""
    page = (
        f"<!doctype html><html><head><title>Error</title></head><body><h1>{text}</h1></body></html>"
    )
    return Answer(status, ((b"content-type", b"text/html; charset=utf-8"),), page.encode())
