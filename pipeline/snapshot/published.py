"""What the published snapshot says of its models."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb

from pipeline.errors import InputError
from pipeline.pointer import read_pointer, snapshot_path
from pipeline.recommenders.base import Recommender
from pipeline.recommenders.best import Best

__all__ = ["published_best"]


def published_best(data: Path, site: str) -> Recommender | None:
    """Settings of the best model that is published now.

    None where nothing is published, or nothing that this software could fit again.
    """
    try:
        pointer = read_pointer(data, site)
        if pointer is None:
            return None
        path = snapshot_path(data, site, pointer.snapshot_id)
        with duckdb.connect(path, read_only=True) as connection:
            row = connection.execute(
                "SELECT parameters FROM models WHERE model = ?", [Best.name]
            ).fetchone()
        return None if row is None else Best.from_described(json.loads(row[0])).winner
    except (duckdb.Error, ValueError, KeyError, TypeError, AttributeError, InputError):
        return None
