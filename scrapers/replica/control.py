"""The stand-in's own addresses: the truth of what it shows, and how it was treated.

Nothing here is part of the site: no fault strikes it, and no request of it is counted.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Iterator
from typing import Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from scrapers.replica.faults.run import Run
from scrapers.replica.served import Served
from scrapers.replica.sketchfab.asked import Kind
from scrapers.replica.truth import truth

__all__ = ["ControlledApp", "create_control"]

_UNWATCHED: Final = "requests are not watched; start with --fault, --log or --latency-s"
_PREFIXES: Final = ("/_truth", "/_world")


class ControlledApp:
    """ASGI app that keeps the stand-in's own addresses apart from the site."""

    def __init__(self, site: ASGIApp, control: ASGIApp) -> None:
        self._site = site
        self._control = control

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Answer from the one or the other."""
        if scope["type"] == "http" and scope["path"].startswith(_PREFIXES):
            return self._control(scope, receive, send)
        return self._site(scope, receive, send)


def create_control(served: Served, run: Run, *, is_watched: bool) -> Starlette:
    """App of the addresses that tell the truth; manners only where requests are watched."""
    control = _Control(served, run, is_watched=is_watched)
    return Starlette(
        routes=[
            Route("/_truth/likes", control.likes),
            Route("/_truth/faults", control.faults),
            Route("/_truth/manners", control.manners),
        ]
    )


class _Control:
    def __init__(self, served: Served, run: Run, *, is_watched: bool) -> None:
        self._served = served
        self._is_watched = is_watched
        self._run = run

    async def likes(self, request: Request) -> Response:
        """All likes: those shown throughout, and those that came or went meanwhile.

        ``side`` is item (the default) or user: whose lists a crawler reads.
        """
        side = request.query_params.get("side", "item")
        if side not in _SIDES:
            return JSONResponse({"detail": "side: one of item, user is required"}, 400)
        pieces = truth(self._served, self._run.hides, _SIDES[side])
        return StreamingResponse(_one_by_one(pieces), media_type="application/json")

    async def faults(self, _request: Request) -> Response:
        """How often each fault that is switched on was played."""
        played = self._run.played
        return JSONResponse({fault.name: played[fault.name] for fault in self._run.faults})

    async def manners(self, _request: Request) -> Response:
        """What was asked in all, and what against the site's word."""
        if not self._is_watched:
            return JSONResponse({"detail": _UNWATCHED}, 404)
        return JSONResponse(self._run.manners.to_json())


_SIDES: Final = {"item": Kind.ITEM_LIKES, "user": Kind.USER_LIKES}


async def _one_by_one(pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece
