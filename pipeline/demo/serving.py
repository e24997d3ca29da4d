"""The website with its API and the Dagster UI as children, with links that were tried."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from pipeline.dagster_ui import answers, start_dagster, wait_until_up
from pipeline.errors import ProcessError
from pipeline.processes import Child, Children
from pipeline.settings import PipelineSettings

__all__ = ["serve", "start_api"]

_POLL_S: Final = 0.5


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
    server, api, samples = start_api(children, data, f"{ui}/")
    pages = [f"{api}/{site}", f"{api}/{site}/taste", f"{api}/{site}/models"]
    links = [*pages, f"{api}/v1/sites", *samples, f"{api}/docs"]
    broken = [link for link in links if not answers(link)]
    if broken:
        raise ProcessError(f"no answer at {', '.join(broken)}; see {server.log}")
    wait_until_up(dagster, ui)
    say(f"\nWebsite     {api}\nJSON API    {api}/docs")
    say(f"Dagster UI  {ui}  (no login: this machine only)\n\nTry:")
    for link in links:
        say(f"  {link}")
    say("\nCtrl-C stops everything.")
    while True:
        for child in (server, dagster):
            child.check_runs()
        time.sleep(_POLL_S)


def start_api(children: Children, data: Path, dagster_url: str) -> tuple[Child, str, list[str]]:
    """Start the API of a data folder on loopback; returns the process, its url and sample links.

    Raises
    ------
    ProcessError : it does not start; its log says why.
    """
    environment = {
        "LIKEWISE_DATA": str(data),
        "LIKEWISE_HOST": "127.0.0.1",
        "LIKEWISE_DAGSTER_URL": dagster_url,
        "LIKEWISE_USER_ROUTES": "true",  # the people of the stand-in are simulated
    }
    command = [sys.executable, "-m", "serving"]
    child = children.start("the API", command, environment, data / "logs" / "api.log", piped=True)
    said, *links = child.lines_before("Ctrl-C stops it.")
    return child, said.rpartition(" ")[2], links
