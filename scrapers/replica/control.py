"""The stand-in's own addresses: the truth of what it shows, and how it was treated.

Nothing here is part of the site: no fault strikes it, and no request of it is counted.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Iterator
from dataclasses import asdict
from typing import Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from scrapers.replica.churn import advance
from scrapers.replica.faults.run import Run
from scrapers.replica.served import Served
from scrapers.replica.sketchfab.asked import Kind
from scrapers.replica.truth import truth
from scrapers.replica.world import Frames, world_of

__all__ = ["Control", "ControlledApp"]

_UNWATCHED: Final = "requests are not watched; start with --fault, --log, --latency-s or --mutable"
_STILL: Final = "the world stands still; start with --mutable"
_BOUNDS: Final = "days and swap: at least 0; churn: 0 to 1"
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


class Control:
    """Answers of the addresses that tell the truth, and of the one that lets days pass.

    Parameters
    ----------
    frames : the world that may change; None where it may not.
    is_watched : whether requests are counted.
    """

    def __init__(
        self, served: Served, run: Run, frames: Frames | None = None, *, is_watched: bool = True
    ) -> None:
        self._served = served
        self._run = run
        self._frames = frames
        self._is_watched = is_watched

    def app(self) -> Starlette:
        """App of them."""
        return Starlette(
            routes=[
                Route("/_truth/likes", self.likes),
                Route("/_truth/faults", self.faults),
                Route("/_truth/manners", self.manners),
                Route("/_world/advance", self.advance, methods=["POST"]),
            ]
        )

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

    async def advance(self, request: Request) -> Response:
        """Let ``days`` pass with ``churn`` by ``seed``, then ``swap`` likes; says what changed."""
        if self._frames is None:
            return JSONResponse({"detail": _STILL}, 409)
        query = request.query_params
        try:
            days, swap = int(query.get("days", "1")), int(query.get("swap", "0"))
            churn, seed = float(query.get("churn", "0.01")), int(query.get("seed", "0"))
        except ValueError as err:
            return JSONResponse({"detail": str(err)}, 400)
        if days < 0 or swap < 0 or not 0 <= churn <= 1:
            return JSONResponse({"detail": _BOUNDS}, 400)
        self._frames, passed = advance(self._frames, days=days, churn=churn, seed=seed, swap=swap)
        self._served.show(world_of(self._frames))
        return JSONResponse(asdict(passed))


_SIDES: Final = {"item": Kind.ITEM_LIKES, "user": Kind.USER_LIKES}


async def _one_by_one(pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece
