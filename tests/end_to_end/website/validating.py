"""``make validate``: every kind of page by the Nu checker of the W3C, where its jar is.

The jar is part of https://github.com/validator/validator, or of the npm package vnu-jar.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from pipeline.dataset.curated import Curated, require_curated
from tests.end_to_end.website.kinds import kinds
from tests.end_to_end.website.published import SITE, publish_demo
from tests.end_to_end.website.running import service, stand_in

__all__ = ["body", "sample"]

_ACCEPTED: Final = (
    "Setting both “allow-scripts” and “allow-same-origin” is not recommended",
    "“blocking” attribute must have a “rel” attribute whose value is “stylesheet”",
)
"""What the checker finds and is meant so.

The player is of another origin: it can reach its own, never the page, and needs its storage.  The
HTML standard has ``blocking`` for the link type ``expect`` too, which the checker does not know.
"""


def main() -> int:
    """Print what is wrong; 0 when nothing is, 2 without the checker."""
    jar, java = os.environ.get("VNU_JAR", ""), shutil.which("java")
    if not java or not Path(jar).is_file():
        sys.stderr.write(
            "validate: java and the jar of the Nu checker, named by VNU_JAR, are needed\n"
        )
        return 2
    with tempfile.TemporaryDirectory() as folder:
        pages = _written(Path(folder))
        command = [java, "-jar", jar, "--format", "json", "--errors-only", *map(str, pages)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    found = [one for one in json.loads(done.stderr)["messages"] if not _is_accepted(one)]
    for one in found:
        where = Path(one["url"]).stem
        sys.stdout.write(f"{where}:{one.get('lastLine')}: {one['message']}\n")
    sys.stdout.write(f"{len(found)} errors on {len(pages)} pages\n")
    return 1 if found else 0


def _written(folder: Path) -> list[Path]:
    """Files of every kind of page."""
    with stand_in() as pictures_url:
        publish_demo(folder, pictures_url)
        with service(folder) as url:
            paths = kinds(url, **sample(folder))
            for kind, path in paths.items():
                (folder / f"{kind}.html").write_text(body(url + path)[1], "utf-8")
    return sorted(folder.glob("*.html"))


def _is_accepted(message: Mapping[str, Any]) -> bool:
    return any(text in message["message"] for text in _ACCEPTED)


def sample(data: Path) -> dict[str, str]:
    """Id of an item that nobody likes, and of a person."""
    likes = require_curated(data, SITE, Curated.LIKES)
    items = require_curated(data, SITE, Curated.ITEMS)
    cold = items.join(likes, on="item_id", how="anti")["item_id"].sort()
    return {"cold_id": cold[0], "user_id": likes["user_id"][0]}


def body(url: str) -> tuple[int, str]:
    """Status and text of a page, as a browser would get it."""
    request = urllib.request.Request(url, headers={"Accept": "text/html"})
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as fault:
        with fault:
            return fault.code, fault.read().decode()


if __name__ == "__main__":
    sys.exit(main())
