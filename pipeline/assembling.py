"""Everything that a site's snapshot is built from, read from where the steps left it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import polars as pl

from pipeline.charts import draw_charts
from pipeline.dataset.curated import Curated, polars_schema, require_curated
from pipeline.dataset.likes import likes_run_ids
from pipeline.dataset.presence import Presence
from pipeline.dataset.raw import latest_site_record
from pipeline.errors import SnapshotError
from pipeline.lists import ModelLists, lists_path, load_lists
from pipeline.pointer import file_sha256
from pipeline.recommenders.model_file import ModelFacts, load_facts, model_path
from pipeline.recommenders.registry import RECOMMENDERS
from pipeline.sites import Site, site_settings
from pipeline.snapshot import SnapshotContents
from pipeline.tables import SNAPSHOT_TABLES

__all__ = ["evaluation_path", "snapshot_contents"]

_TABLES: Final = {table.name: table for table in SNAPSHOT_TABLES}


def evaluation_path(data: Path, site: str) -> Path:
    """File of a site's evaluation, whether it exists or not."""
    return data / "models" / site / "evaluation.parquet"


def snapshot_contents(data: Path, site: Site) -> SnapshotContents:
    """What the steps of a refresh have made for a site.

    Raises
    ------
    LikewiseError : a step has not run, or models were fitted on different interactions.
    """
    likes = require_curated(data, site.name, Curated.LIKES)
    items = require_curated(data, site.name, Curated.ITEMS)
    facts = [load_facts(model_path(data, site.name, model.name)) for model in RECOMMENDERS]
    learned_from = {fact.data_sha256 for fact in facts}
    if len(learned_from) != 1:
        raise SnapshotError(
            f"models of {site.name} were fitted on {len(learned_from)} different sets of "
            "interactions: fit all of them again"
        )
    models = _models(data, site.name, facts)
    evaluation = pl.read_parquet(evaluation_path(data, site.name))
    return SnapshotContents(
        site=_site(data, site),
        items=items,
        likes=likes,
        models=models,
        lists=_lists(data, site.name),
        evaluation=evaluation,
        charts=draw_charts(Presence.of(likes, items).likes, evaluation, models),
        run_ids=likes_run_ids(data, site.name),
        data_sha256=learned_from.pop(),
    )


def _lists(data: Path, site: str) -> Iterator[ModelLists]:
    for model in RECOMMENDERS:
        yield load_lists(lists_path(data, site, model.name))


def _models(data: Path, site: str, facts: Sequence[ModelFacts]) -> pl.DataFrame:
    rows = [
        {
            "model": model.name,
            "position": position,
            "label": model.label,
            "sentence": model.sentence,
            "parameters": json.dumps(fact.parameters),
            "seed": fact.seed,
            "threads": fact.threads,
            "fitted_at": datetime.fromisoformat(fact.fitted_at),
            "fit_s": fact.fit_s,
            "data_sha256": fact.data_sha256,
            "model_sha256": file_sha256(model_path(data, site, model.name)),
        }
        for position, (model, fact) in enumerate(zip(RECOMMENDERS, facts, strict=True))
    ]
    return pl.DataFrame(rows, schema=polars_schema(_TABLES["models"]))


def _site(data: Path, site: Site) -> pl.DataFrame:
    record = latest_site_record(data, site.name)
    if record is None:
        raise SnapshotError(f"no crawl has described {site.name}: crawl its catalogue first")
    known: dict[str, Any] = {**asdict(record), "site": site.name}
    known["notice"] = site_settings(site).notice
    schema = polars_schema(_TABLES["site"])
    row = {name: list(v) if isinstance(v := known[name], tuple) else v for name in schema}
    return pl.DataFrame([row], schema=schema)
