"""One process that answers requests, from a listening socket that it is given."""

from __future__ import annotations

import asyncio
import contextlib
import resource
import signal
import socket
import sys
from collections.abc import Iterator
from typing import Final

import uvicorn

from serving.app import create_app
from serving.catalog import Catalog
from serving.cors import readable_elsewhere
from serving.metrics import Metrics
from serving.protocol import protocol_of
from serving.samples import sample_paths
from serving.settings import ServingSettings
from serving.shedding import Gate, turned_away
from serving.workers import Worker, ending_signals

__all__ = ["serve"]

_FILES: Final = 65_536


def serve(
    settings: ServingSettings,
    listener: socket.socket,
    *,
    url: str | None,
    worker: Worker | None = None,
) -> None:
    """Answer until SIGINT or SIGTERM comes, then let requests under way finish.

    Parameters
    ----------
    url : printed, with links that work, once there are answers; None prints nothing.
    worker : which one of several this is; it stops too when its parent is gone.
    """
    app = create_app(settings, worker=worker)
    config = uvicorn.Config(
        app,
        loop="asyncio",  # under load uvloop leaves some connections unanswered for a second
        http=protocol_of(
            _gate(settings, app.state.metrics), readable_elsewhere(settings)(turned_away)
        ),
        ws="none",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=settings.grace_s,
    )
    _allow_many_connections()
    for each in (signal.SIGINT, signal.SIGTERM):  # uvicorn raises them again once it has stopped
        signal.signal(each, lambda *_: sys.exit(0))
    if signal.SIGHUP in ending_signals():
        signal.signal(signal.SIGHUP, lambda *_: signal.raise_signal(signal.SIGTERM))
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT, signal.SIGTERM, signal.SIGCHLD})
    lifeline = worker.lifeline if worker else None
    _Server(config, app.state.catalog, url, lifeline).run(sockets=[listener])


def _allow_many_connections() -> None:
    """Raise the number of open files as far as is allowed: each connection is one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _FILES if hard == resource.RLIM_INFINITY else min(_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(ValueError, OSError):  # some systems have a limit of their own
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _gate(settings: ServingSettings, metrics: Metrics) -> Gate:
    return Gate(settings.shed_after_ms / 1000, on_shed=metrics.shed)


class _Server(uvicorn.Server):
    """A server that says where it is once it can answer."""

    def __init__(
        self, config: uvicorn.Config, catalog: Catalog, url: str | None, lifeline: int | None
    ) -> None:
        super().__init__(config)
        self._catalog = catalog
        self._url = url
        self._lifeline = lifeline

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then print the url and links that work."""
        if self._lifeline is not None:
            asyncio.get_running_loop().add_reader(self._lifeline, self._orphaned)
        await super().startup(sockets)
        if self._url:
            sys.stdout.write("".join(f"{line}\n" for line in _greeting(self._url, self._catalog)))
            sys.stdout.flush()

    def _orphaned(self) -> None:
        if self._lifeline is not None:
            asyncio.get_running_loop().remove_reader(self._lifeline)
        self.should_exit = True


def _greeting(url: str, catalog: Catalog) -> Iterator[str]:
    yield f"Likewise serves {url}"
    for _, snapshot in sorted(catalog.snapshots.items()):
        for path in sample_paths(snapshot, user_routes=catalog.settings.user_routes):
            yield f"  {url}{path}"
    if not catalog.snapshots:
        yield f"  no site yet: {url}/health/ready says why"
    yield "Ctrl-C stops it."
