"""ASGI app that plays faults on the answers of another."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus

from starlette.types import ASGIApp, Receive, Scope, Send

from scrapers.replica.faults.fault import PAGES, Exchange, Fault
from scrapers.replica.faults.redirects import next_station
from scrapers.replica.faults.replies import Answer, Reply, answer_of
from scrapers.replica.faults.run import Run
from scrapers.replica.sketchfab.asked import Asked, asked_of
from scrapers.replica.sketchfab.catalogue import dump

__all__ = ["FaultyApp"]


class FaultyApp:
    """Answers as another app does, but for the faults of a run."""

    def __init__(self, app: ASGIApp, run: Run) -> None:
        self._app = app
        self._run = run

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, well or badly."""
        pause_s = self._run.manners.pause_left_s()
        if pause_s:
            await _asked_to_wait(pause_s).deliver(scope, receive, send)
            return
        asked = asked_of(scope)
        if asked is None:
            await self._app(scope, receive, send)
            return
        self._run.requests += asked.kind in PAGES
        station = next_station(scope) if self._run.has("redirect-loop") else None
        if station is not None:
            await station.deliver(scope, receive, send)
            return
        chain = _Chain(self._app, self._run, asked, scope, receive, send)
        reply = await chain.reply(self._run.due(asked))
        self._run.saw(asked, scope, reply)
        await reply.deliver(scope, receive, send)


@dataclass(frozen=True, slots=True)
class _Chain:
    """Faults of one request, each around the next, the app in the middle."""

    app: ASGIApp
    run: Run
    asked: Asked
    scope: Scope
    receive: Receive
    send: Send

    async def reply(self, faults: Sequence[Fault]) -> Reply:
        """What the first of the faults makes of what the others leave."""
        if not faults:
            return await answer_of(self.app, self.scope, self.receive)
        fault, rest = faults[0], faults[1:]
        plain: list[Reply] = []

        async def proceed() -> Reply:
            if not plain:
                plain.append(await self.reply(rest))
            return plain[0]

        play = self.run.plays(fault, self.asked)
        exchange = Exchange(
            self.scope, self.receive, self.send, self.asked, self.run, fault.name, play
        )
        changed = await fault.act(exchange, proceed)
        if changed is None:
            return await proceed()
        if exchange.counts:
            self.run.count(fault, self.asked)
            self.scope.setdefault("state", {}).setdefault("faults", []).append(fault.name)
        return changed


def _asked_to_wait(pause_s: float) -> Answer:
    detail = dump({"detail": "Request was throttled."})
    wait = Answer(HTTPStatus.TOO_MANY_REQUESTS, body=detail)
    return wait.with_headers(retry_after=str(math.ceil(pause_s)))
