"""A line of JSON for every request that a stand-in site answered, for tests of politeness."""

from __future__ import annotations

import json
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["LoggedApp", "RequestLog"]

_FLUSH_INTERVAL_S: Final = 1.0


class RequestLog:
    """File of JSON lines, appended to, flushed every second and on `close`."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("ab", buffering=1 << 16)
        self._closing = threading.Event()
        self._flusher = threading.Thread(target=self._flush_often, daemon=True)
        self._flusher.start()

    def write(self, line: dict[str, Any]) -> None:
        """Append one line."""
        self._file.write(json.dumps(line).encode() + b"\n")

    def close(self) -> None:
        """Write what is buffered and close; a second call does nothing."""
        self._closing.set()
        self._flusher.join()
        self._file.close()

    def _flush_often(self) -> None:
        while not self._closing.wait(_FLUSH_INTERVAL_S):
            self._file.flush()


class LoggedApp:
    """ASGI app that logs each request of another when its answer has ended or broken off.

    A line holds ``started_s`` (monotonic) and ``started_at`` (UTC) of the request's arrival,
    ``duration_s``, ``method``, ``path`` with its query, ``status`` (null where no answer
    began), ``faults`` (names of those that were played) and ``user_agent``.
    """

    def __init__(self, app: ASGIApp, log: RequestLog) -> None:
        self._app = app
        self._log = log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as the wrapped app does."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status: int | None = None

        async def watched_send(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        started_s, started_at = time.monotonic(), datetime.now(UTC)
        try:
            await self._app(scope, receive, watched_send)
        finally:
            self._log.write(_line(scope, status, started_s, started_at))


def _line(
    scope: Scope, status: int | None, started_s: float, started_at: datetime
) -> dict[str, Any]:
    query = scope["query_string"].decode("latin-1")
    path = scope.get("raw_path", scope["path"].encode()).decode("latin-1")
    agents = [value for name, value in scope["headers"] if name == b"user-agent"]
    return {
        "started_s": started_s,
        "started_at": started_at.isoformat(),
        "duration_s": round(time.monotonic() - started_s, 6),
        "method": scope["method"],
        "path": f"{path}?{query}" if query else path,
        "status": status,
        "faults": scope.get("state", {}).get("faults", []),
        "user_agent": agents[0].decode("latin-1") if agents else None,
    }
