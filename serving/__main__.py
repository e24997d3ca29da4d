"""``python -m serving``: serve the published snapshots until told to stop."""

from __future__ import annotations

import signal
import socket
import sys

import uvicorn
from pydantic import ValidationError

from serving.app import create_app
from serving.catalog import Catalog
from serving.errors import PortsTakenError
from serving.listening import free_socket
from serving.logs import log_as_json
from serving.samples import sample_links, sample_user_link
from serving.settings import ServingSettings

_GRACE_S = 2


class _Server(uvicorn.Server):
    """A server that says where it is once it can answer."""

    def __init__(self, config: uvicorn.Config, catalog: Catalog, url: str) -> None:
        super().__init__(config)
        self._catalog = catalog
        self._url = url

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then print the url and links that work."""
        await super().startup(sockets)
        print(f"Likewise serves {self._url}", flush=True)
        for _, snapshot in sorted(self._catalog.snapshots.items()):
            for path in (*sample_links(snapshot), sample_user_link(snapshot)):
                if path:
                    print(f"  {self._url}{path}", flush=True)
        if not self._catalog.snapshots:
            print(f"  no site yet: {self._url}/health/ready says why", flush=True)
        print("Ctrl-C stops it.", flush=True)


def main() -> int:
    """Serve; 0 when stopped by a signal, 2 when a setting is wrong or no port is free."""
    try:
        settings = ServingSettings()
        listener, port = free_socket(settings.host, settings.port)
    except (ValidationError, PortsTakenError) as err:
        print(err, file=sys.stderr)
        return 2
    if settings.port not in {0, port}:
        print(f"port {settings.port} is taken, {port} is used instead", file=sys.stderr)
    log_as_json()
    app = create_app(settings)
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=_GRACE_S,
    )
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    server = _Server(config, app.state.catalog, f"http://{host}:{port}")
    for each in (signal.SIGINT, signal.SIGTERM):  # uvicorn raises them again once it has stopped
        signal.signal(each, lambda *_: None)
    server.run(sockets=[listener])
    return 0


if __name__ == "__main__":
    sys.exit(main())
