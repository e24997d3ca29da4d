"""``python -m serving``: serve the published snapshots until told to stop.

``python -m serving token --days 90`` makes a token for the operator's routes.
``python -m serving openapi`` prints the OpenAPI document with every route switched on.
"""

from __future__ import annotations

import socket
import sys

from pydantic import ValidationError

from serving.errors import PortsTakenError
from serving.listening import free_socket
from serving.logs import log_as_json
from serving.settings import ServingSettings
from serving.token_command import token_command
from serving.workers import Worker, supervise


def main() -> int:
    """Serve; 0 when stopped by a signal, 2 when a word or setting is wrong or no port is free."""
    if sys.argv[1:] == ["openapi"]:
        return _print_document()
    if sys.argv[1:2] and sys.argv[1] != "token" and not Worker.is_meant(sys.argv[1:]):
        print(__doc__, file=sys.stderr)
        return 0 if sys.argv[1] in {"-h", "--help"} else 2
    try:
        settings = ServingSettings()
        if sys.argv[1:2] == ["token"]:
            return token_command(sys.argv[2:], settings)
        if len(sys.argv) > 1:
            return _work(settings, Worker.of(sys.argv[1:]))
        listener, port = free_socket(settings.host, settings.port)
    except (ValidationError, PortsTakenError) as err:
        print(err, file=sys.stderr)
        return 2
    if settings.port not in {0, port}:
        print(f"port {settings.port} is taken, {port} is used instead", file=sys.stderr)
    log_as_json()
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    url = f"http://{host}:{port}"
    if settings.workers > 1:
        supervise(settings, listener, url)
    else:
        _serve(settings, listener, url)
    return 0


def _print_document() -> int:
    from serving.document import whole_document  # noqa: PLC0415  serving has no need of it

    sys.stdout.write(whole_document())
    return 0


def _work(settings: ServingSettings, worker: Worker) -> int:
    log_as_json()
    listener = socket.socket(fileno=worker.listener)
    _serve(settings, listener, worker.url or None, worker)
    return 0


def _serve(
    settings: ServingSettings,
    listener: socket.socket,
    url: str | None,
    worker: Worker | None = None,
) -> None:
    from serving.server import serve  # noqa: PLC0415  a parent of workers has no need of it

    serve(settings, listener, url=url, worker=worker)


if __name__ == "__main__":
    sys.exit(main())
