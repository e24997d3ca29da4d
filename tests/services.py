"""The API as a process of its own, and servers that tests make, each in a thread."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import HTTPServer
from typing import Any, Final

__all__ = ["answering", "start_service"]

_POLL_S: Final = 0.01


@contextmanager
def answering(server: HTTPServer) -> Iterator[str]:
    """Url of a server that answers in a thread for as long as the block, and is closed then."""
    thread = threading.Thread(target=server.serve_forever, args=(_POLL_S,))
    with server:
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def start_service(**settings: Any) -> subprocess.Popen[str]:
    """``python -m serving`` with these settings and no others."""
    kept = {name: value for name, value in os.environ.items() if "LIKEWISE" not in name}
    own = {f"LIKEWISE_{name.upper()}": str(value) for name, value in settings.items()}
    return subprocess.Popen(
        [sys.executable, "-m", "serving"],
        env=kept | own,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
