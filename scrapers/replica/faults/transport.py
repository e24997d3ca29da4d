"""Faults of transport: answers that break off, hang or drip, on the connection itself."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from starlette.types import Receive, Scope, Send

from scrapers.replica.faults.fault import PAGES, Act, Exchange, Fault, Proceed, Strikes
from scrapers.replica.faults.replies import Answer, Reply, as_answer, until_left
from scrapers.replica.wire import Connection, connection_of

__all__ = ["FAULTS"]

_LONGEST_HANG_S: Final = 60.0
_DRIP_S: Final = 1.0
_OUTAGE_S: Final = 0.4
_MOST_OUTAGES: Final = 3
"""After them the site is not down as a whole any more; a page's connection still breaks."""
_MISSING_BYTES: Final = 100


@dataclass(frozen=True, slots=True)
class _OnWire:
    """A reply that is written to the connection, and never ends well."""

    play: Callable[[Connection], Awaitable[None]]

    async def deliver(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        """Play it until it is over or the client has left, then cut the connection."""
        connection = connection_of(scope)
        playing = asyncio.ensure_future(self.play(connection))
        leaving = asyncio.ensure_future(until_left(receive))
        try:
            await asyncio.wait(
                {playing, leaving}, timeout=_LONGEST_HANG_S, return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            playing.cancel()
            connection.cut()
        await leaving


def _on_wire(play: Callable[[Connection, Answer], Awaitable[None]]) -> Act:
    async def act(_exchange: Exchange, proceed: Proceed) -> Reply | None:
        answer = as_answer(await proceed())
        return None if answer is None else _OnWire(lambda connection: play(connection, answer))

    return act


async def _refuse(exchange: Exchange, _proceed: Proceed) -> Reply:
    """The first times the whole site is down for a moment: nothing listens there."""
    run, key = exchange.run, (exchange.fault, "outages")
    outages = run.memory[key] = run.memory.get(key, 0) + 1

    async def play(connection: Connection) -> None:
        connection.reset()
        if outages <= _MOST_OUTAGES and run.door is not None:
            run.door.shut(_OUTAGE_S)

    return _OnWire(play)


async def _reset_in_body(connection: Connection, answer: Answer) -> None:
    connection.write(_head(answer, len(answer.body)) + answer.body[: len(answer.body) // 2])
    await connection.taken()
    connection.reset()


async def _end_short(connection: Connection, answer: Answer) -> None:
    connection.write(_head(answer, len(answer.body) + _MISSING_BYTES) + answer.body)
    await connection.taken()


async def _break_chunk(connection: Connection, answer: Answer) -> None:
    half = answer.body[: len(answer.body) // 2]
    connection.write(_head(answer, None) + b"%x\r\n%b\r\n" % (len(half), half) + b"no size\r\n")
    await connection.taken()


async def _hang(_connection: Connection, _answer: Answer) -> None:
    await asyncio.sleep(_LONGEST_HANG_S)


async def _hang_after_head(connection: Connection, answer: Answer) -> None:
    connection.write(_head(answer, len(answer.body)))
    await asyncio.sleep(_LONGEST_HANG_S)


async def _drip(connection: Connection, answer: Answer) -> None:
    connection.write(_head(answer, len(answer.body)))
    for byte in answer.body:
        connection.write(bytes([byte]))
        await asyncio.sleep(_DRIP_S)


def _head(answer: Answer, size_bytes: int | None) -> bytes:
    """Status and headers as bytes; in chunks where the size is not told."""
    if size_bytes is None:
        size = (b"transfer-encoding", b"chunked")
    else:
        size = (b"content-length", str(size_bytes).encode())
    status = f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}\r\n".encode()
    lines = [b"%b: %b\r\n" % pair for pair in (*answer.headers, size)]
    return status + b"".join(lines) + b"\r\n"


async def _never(_exchange: Exchange, _proceed: Proceed) -> None:
    """Nothing to do here: the listening socket itself is what is wrong."""


FAULTS: Final = (
    Fault(
        "refused",
        "the connection is reset without a byte; three times the site is down for 0.4 s besides",
        _refuse,
        PAGES,
        plays=2,
    ),
    Fault(
        "reset-mid-body",
        "the connection is reset after half of the body",
        _on_wire(_reset_in_body),
        PAGES,
        plays=2,
    ),
    Fault(
        "short-content-length",
        "the body ends 100 bytes before the length that was announced",
        _on_wire(_end_short),
        PAGES,
        plays=2,
    ),
    Fault(
        "broken-chunk",
        "a chunk whose size is none, after half of the body",
        _on_wire(_break_chunk),
        PAGES,
        plays=2,
    ),
    Fault(
        "hang-before-headers",
        "no answer for 60 seconds, then the connection ends",
        _on_wire(_hang),
        PAGES,
        plays=1,
    ),
    Fault(
        "hang-after-headers",
        "headers, then nothing for 60 seconds",
        _on_wire(_hang_after_head),
        PAGES,
        plays=1,
    ),
    Fault(
        "one-byte-a-second",
        "a body that comes a byte a second, for 60 seconds",
        _on_wire(_drip),
        PAGES,
        plays=1,
    ),
    Fault(
        "bad-tls",
        "https with a certificate that nobody vouches for, expired or of another host",
        _never,
        frozenset(),
        strikes=Strikes.EVERYTHING,
    ),
)
