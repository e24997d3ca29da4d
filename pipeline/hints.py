"""Door 2: which items' pictures visitors found broken, for the next refresh of pictures.

``<data>/feedback/<site>.pictures.json`` is a list of ids, the oldest hint first, of at most
`MOST_HINTS`.  Serving adds to it where feedback is on; a crawl of features that was to be made
anyway begins with these items, and they are dropped once it has read them.  A hint starts nothing.
Standard library only.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import tempfile
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Final

__all__ = ["MOST_HINTS", "add_hint", "drop_hints", "hints_path", "read_hints"]

MOST_HINTS: Final = 500
_LONGEST_ID: Final = 500


def hints_path(data: Path, site: str) -> Path:
    """File of a site's hints, whether it exists or not."""
    return data / "feedback" / f"{site}.pictures.json"


def read_hints(data: Path, site: str) -> list[str]:
    """Ids of the items, the oldest hint first; none where the file is missing or damaged."""
    try:
        told = json.loads(hints_path(data, site).read_bytes())
    except (OSError, ValueError):
        return []
    return [one for one in told if isinstance(one, str)] if isinstance(told, list) else []


def add_hint(data: Path, site: str, item_id: str) -> None:
    """Note an item, unless it is noted or there are enough.

    Raises
    ------
    OSError : the file cannot be written.
    """
    if len(item_id) > _LONGEST_ID or not _is_news(read_hints(data, site), item_id):
        return
    with _turn(data, site):
        told = read_hints(data, site)
        if _is_news(told, item_id):
            _write(hints_path(data, site), [*told, item_id])


def drop_hints(data: Path, site: str, item_ids: Collection[str]) -> None:
    """Forget items whose pictures were renewed.

    Raises
    ------
    OSError : the file cannot be written.
    """
    if not item_ids or not hints_path(data, site).exists():
        return
    done = set(item_ids)
    with _turn(data, site):
        left = [one for one in read_hints(data, site) if one not in done]
        _write(hints_path(data, site), left)


def _is_news(told: Sequence[str], item_id: str) -> bool:
    return len(told) < MOST_HINTS and item_id not in told


@contextlib.contextmanager
def _turn(data: Path, site: str) -> Iterator[None]:
    """Wait until no other process changes the file."""
    path = hints_path(data, site).with_suffix(".lock")
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _write(path: Path, told: Sequence[str]) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".new-")  # of mode 0600
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(told, file)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
