"""The API and the Dagster UI as children, with links that were tried."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final
from urllib.parse import quote

import duckdb

from pipeline.dagster_ui import answers, start_dagster, wait_until_up
from pipeline.errors import ProcessError
from pipeline.pointer import read_pointer, snapshot_path
from pipeline.processes import Child, Children, free_port
from pipeline.settings import PipelineSettings

__all__ = ["sample_paths", "serve", "start_api"]

_API_PORT: Final = 8000
_POLL_S: Final = 0.5
_ITEM: Final = "SELECT item_id FROM items ORDER BY like_count DESC, item_idx LIMIT 1"
_USER: Final = "SELECT user_id FROM user_lists ORDER BY user_id LIMIT 1"


def sample_paths(data: Path, site: str) -> Sequence[str]:
    """Paths of the API that answer for a site's published snapshot, `/v1/sites` first."""
    pointer = read_pointer(data, site)
    paths = ["/v1/sites"]
    if pointer is None:
        return paths
    path = snapshot_path(data, site, pointer.snapshot_id)
    with duckdb.connect(path, read_only=True) as connection:
        item, user = connection.execute(_ITEM).fetchone(), connection.execute(_USER).fetchone()
    if item is not None:
        page = f"/v1/{site}/items/{quote(item[0], safe='')}"
        paths += [page, f"{page}/similar?k=10"]
    if user is not None:
        paths.append(f"/v1/{site}/users/{quote(user[0], safe='')}/recommendations?k=10")
    return [*paths, f"/v1/{site}/models", "/docs"]


def serve(
    children: Children,
    settings: PipelineSettings,
    site: str,
    environment: Mapping[str, str],
    say: Callable[[str], None],
) -> None:
    """Serve until interrupted.

    Raises
    ------
    ProcessError : a child ended, or a link that was to be shown does not answer.
    """
    data = settings.data.resolve()
    dagster, ui = start_dagster(children, data, environment, port=settings.dagster_port)
    server, api = start_api(children, data, f"{ui}/")
    wait_until_up(server, f"{api}/health/live")
    links = [f"{api}{path}" for path in sample_paths(data, site)]
    broken = [link for link in links if not answers(link)]
    if broken:
        raise ProcessError(f"no answer at {', '.join(broken)}; see {server.log}")
    wait_until_up(dagster, ui)
    say(f"\nAPI         {api}\nDagster UI  {ui}  (no login: this machine only)\n\nTry:")
    for link in links:
        say(f"  {link}")
    say("\nCtrl-C stops everything.")
    while True:
        for child in (server, dagster):
            child.check_runs()
        time.sleep(_POLL_S)


def start_api(children: Children, data: Path, dagster_url: str) -> tuple[Child, str]:
    """Start the API of a data folder on loopback; returns the process and its url."""
    port = free_port(_API_PORT)
    environment = {
        "LIKEWISE_DATA": str(data),
        "LIKEWISE_HOST": "127.0.0.1",
        "LIKEWISE_PORT": str(port),
        "LIKEWISE_DAGSTER_URL": dagster_url,
    }
    command = [sys.executable, "-m", "serving"]
    child = children.start("the API", command, environment, data / "logs" / "api.log")
    return child, f"http://127.0.0.1:{port}"
