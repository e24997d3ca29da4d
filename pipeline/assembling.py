"""Everything that a site's snapshot is built from, read from where the steps left it."""

from __future__ import annotations

import json
from collections.abc import Sequence
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
from pipeline.evaluation_files import evaluation_path, read_evaluation_details
from pipeline.lists import lists_path, load_lists
from pipeline.parameters import chosen_models
from pipeline.pointer import file_sha256
from pipeline.recommenders.base import Recommender
from pipeline.recommenders.model_file import ModelFacts, load_facts, load_model, model_path
from pipeline.sites import Site, site_settings
from pipeline.snapshot import SnapshotContents
from pipeline.snapshot.fold_ins import fold_in_of
from pipeline.snapshot.history import carried_history
from pipeline.tables import SNAPSHOT_TABLES

__all__ = ["snapshot_contents"]

_TABLES: Final = {table.name: table for table in SNAPSHOT_TABLES}


def snapshot_contents(data: Path, site: Site) -> SnapshotContents:
    """What the steps of a refresh have made for a site.

    Raises
    ------
    LikewiseError : a step has not run, or models were fitted on different interactions.
    """
    likes = require_curated(data, site.name, Curated.LIKES)
    items = require_curated(data, site.name, Curated.ITEMS)
    chosen = chosen_models(data, site.name)
    facts = [load_facts(model_path(data, site.name, name)) for name in chosen]
    learned_from = {fact.data_sha256 for fact in facts}
    if len(learned_from) != 1:
        raise SnapshotError(
            f"models of {site.name} were fitted on {len(learned_from)} different sets of "
            "interactions: fit all of them again"
        )
    models = _models(data, site.name, list(chosen.values()), facts)
    evaluation = pl.read_parquet(evaluation_path(data, site.name))
    return SnapshotContents(
        site=_site(data, site),
        items=items,
        likes=likes,
        models=models,
        lists=(load_lists(lists_path(data, site.name, name)) for name in chosen),
        fold_ins=(fold_in_of(load_model(model_path(data, site.name, name))) for name in chosen),
        evaluation=evaluation,
        evaluation_details=read_evaluation_details(data, site.name),
        charts=draw_charts(
            Presence.of(likes, items).likes,
            evaluation,
            models,
            carried_history(data, site.name),
        ),
        run_ids=likes_run_ids(data, site.name),
        data_sha256=learned_from.pop(),
    )


def _models(
    data: Path, site: str, chosen: Sequence[Recommender], facts: Sequence[ModelFacts]
) -> pl.DataFrame:
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
        for position, (model, fact) in enumerate(zip(chosen, facts, strict=True))
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
