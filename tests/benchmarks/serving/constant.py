"""``python -m tests.benchmarks.serving.constant``: a bare typed route that answers standard input.

It runs under the middleware, protocol and loop of the service, and prints its port.
"""

from __future__ import annotations

import sys

import uvicorn
from fastapi import FastAPI, Response

from serving.listening import free_socket
from serving.manners import add_manners
from serving.protocol import protocol_of
from serving.settings import ServingSettings
from serving.shedding import Gate


def main() -> None:
    """Serve until killed."""
    body = sys.stdin.buffer.read()
    app = FastAPI()

    @app.get("/{name}")
    async def constant(name: str, k: int = 20) -> Response:
        return Response(body, media_type="application/json")

    settings = ServingSettings(log_requests=False)
    add_manners(app, settings)
    gate = Gate(settings.shed_after_ms / 1000, on_shed=app.state.metrics.shed)
    config = uvicorn.Config(
        app,
        loop="asyncio",
        http=protocol_of(gate),
        ws="none",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
    )
    listener, port = free_socket("127.0.0.1", 0)
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main()
