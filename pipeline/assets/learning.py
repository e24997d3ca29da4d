"""Parameters, evaluation, models and their lists."""

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import dagster as dg
import numpy as np
import polars as pl

from pipeline.assets.common import site_asset
from pipeline.assets.metadata import markdown_table, row_count
from pipeline.assets.samples import sample_recommendations
from pipeline.assets.trial_plot import trial_plot
from pipeline.assets.workspace import Workspace
from pipeline.dataset.curated import Curated, require_curated
from pipeline.evaluation.protocol import evaluate
from pipeline.evaluation.report import evaluation_markdown
from pipeline.evaluation_files import write_evaluation
from pipeline.listing import model_lists
from pipeline.lists import lists_path, save_lists
from pipeline.parameters import chosen_models, last_models, write_parameters
from pipeline.recommenders.base import Recommender
from pipeline.recommenders.best import Best
from pipeline.recommenders.model_file import SavedModel, load_model, model_path, save_model
from pipeline.recommenders.registry import PUBLISHED
from pipeline.site_data import held_out, seen_items, site_dataset
from pipeline.sites import Site
from pipeline.snapshot.lists import without
from pipeline.snapshot.published import published_best
from pipeline.tables import SNAPSHOT_TABLES
from pipeline.tuning.budget import Budget
from pipeline.tuning.choosing import choose
from pipeline.tuning.judge import enough_to_judge

__all__ = ["learning_assets"]

Result = dg.MaterializeResult[Any]
_EVALUATION: Final = next(table for table in SNAPSHOT_TABLES if table.name == "evaluation")
_PARAMETERS_LENGTH: Final = 200
_KINDS: Final = frozenset({"python", "numpy"})
_LEARNED_FROM: Final = (Curated.INTERACTIONS, Curated.ITEM_FEATURES)


def learning_assets(site: Site) -> list[dg.AssetsDefinition]:
    """Assets between a site's interactions and its snapshot; one a published model."""
    models = [_model(site, algorithm) for algorithm in PUBLISHED]
    return [_parameters(site), _evaluation(site), *models, _top_k(site)]


def _parameters(site: Site) -> dg.AssetsDefinition:
    @site_asset(
        site,
        "parameters",
        description="Parameters of all models and the best of them, found by NDCG@20 on the "
        "validation likes within the budget; last run's are tried first.",
        after=[Curated.SPLIT, Curated.ITEM_FEATURES],
        kinds={"python"},
    )
    def parameters(context: dg.AssetExecutionContext, workspace: Workspace) -> Result:
        data, settings = workspace.data, workspace.settings
        parts = held_out(data, site.name)
        train, validation, note = enough_to_judge(parts.train, parts.validation, seed=parts.seed)
        choice = choose(
            [algorithm.name for algorithm in PUBLISHED],
            train,
            validation,
            seed=settings.seed,
            threads=settings.threads,
            budget=Budget(seconds=settings.tune_budget_s, pays_lists=False),
            winners=last_models(data, site.name),
        )
        notes = [*([note] if note else []), *choice.notes]
        for text in notes:
            context.log.warning(text)
        write_parameters(data, site.name, choice.models.values())
        return dg.MaterializeResult(
            metadata={
                "best": choice.models[Best.name].within[0].name,
                "trials": len(choice.trials),
                "search": trial_plot(choice.trials),
                "chosen": {name: model.described for name, model in choice.models.items()},
                "all_trials": markdown_table(choice.trials, digits=4, length=_PARAMETERS_LENGTH),
                "notes": notes,
            }
        )

    return parameters


def _evaluation(site: Site) -> dg.AssetsDefinition:
    @site_asset(
        site,
        "evaluation",
        description="Each model on held-out likes, all items ranked: what the figures on the "
        "pages come from.",
        after=[Curated.SPLIT, "parameters"],
        kinds={"python", "parquet"},
        table=_EVALUATION,
    )
    def evaluation(workspace: Workspace) -> Result:
        data, settings = workspace.data, workspace.settings
        judged = evaluate(
            list(chosen_models(data, site.name).values()),
            held_out(data, site.name),
            published=published_best(data, site.name),
            threads=settings.threads,
        )
        written = write_evaluation(data, site.name, judged, datetime.now(UTC))
        ndcg = {
            f"ndcg_at_10_{model.model.name}": model.figure("NDCG", 10).mean
            for model in judged.models
        }
        return dg.MaterializeResult(
            metadata={
                **row_count(len(written[_EVALUATION.name])),
                "evaluation": dg.MetadataValue.md(evaluation_markdown(judged)),
                "split": judged.split,
                "users_judged": judged.n_users,
                "users_skipped": judged.n_users_skipped,
                **{name: value for name, value in ndcg.items() if not np.isnan(value)},
            }
        )

    return evaluation


def _model(site: Site, algorithm: type[Recommender]) -> dg.AssetsDefinition:
    @site_asset(
        site,
        algorithm.name,
        description=f"{algorithm.label}: {algorithm.sentence} Fitted on all interactions.",
        after=[*_LEARNED_FROM, "parameters"],
        kinds=_KINDS,
    )
    def model(context: dg.AssetExecutionContext, workspace: Workspace) -> Result:
        data, settings = workspace.data, workspace.settings
        path = model_path(data, site.name, algorithm.name)
        chosen = chosen_models(data, site.name).get(algorithm.name)
        if chosen is None:
            path.unlink(missing_ok=True)
            context.log.info(f"{algorithm.name} is left out: see the notes of parameters")
            return dg.MaterializeResult(metadata={"left_out": True})
        saved = _fitted(data, site.name, chosen, seed=settings.seed, threads=settings.threads)
        save_model(path, saved)
        return dg.MaterializeResult(
            metadata={
                "fit_s": saved.facts.fit_s,
                "size_bytes": path.stat().st_size,
                "parameters": dg.MetadataValue.json(dict(saved.facts.parameters)),
                "seed": saved.facts.seed,
                "threads": saved.facts.threads,
                "data_sha256": saved.facts.data_sha256,
            }
        )

    return model


def _fitted(data: Path, site: str, model: Recommender, *, seed: int, threads: int) -> SavedModel:
    dataset = site_dataset(data, site)
    began = time.perf_counter()
    fitted = model.fit(dataset, seed=seed, threads=threads)
    fit_s = time.perf_counter() - began
    return SavedModel.of(model, fitted, dataset, seed=seed, threads=threads, fit_s=fit_s)


def _top_k(site: Site) -> dg.AssetsDefinition:
    @site_asset(
        site,
        "top_k",
        description="The best items of every person and beside every item, by each model; exact, "
        "and nothing that the person likes already.",
        after=[model.name for model in PUBLISHED],
        kinds=_KINDS,
    )
    def top_k(workspace: Workspace) -> Result:
        data, settings = workspace.data, workspace.settings
        dataset = site_dataset(data, site.name)
        seen = seen_items(data, site.name, dataset)
        visitors = dataset.user_ids[np.diff(seen.indptr) == 0]  # nobody can ask for their lists
        sizes: list[dict[str, Any]] = []
        for name in chosen_models(data, site.name):
            path = model_path(data, site.name, name)
            saved = load_model(path, data_sha256=dataset.sha256)
            lists = model_lists(saved, seen, settings.list_length, threads=settings.threads)
            lists = without(lists, np.empty(0, np.str_), visitors)
            save_lists(lists_path(data, site.name, name), lists)
            listed = lists.user_item_idxs
            sizes.append(
                {
                    "model": name,
                    "people": int((listed[:, 0] >= 0).sum()),
                    "items_with_similar": len(lists.item_idxs),
                    "items_recommended": len(np.unique(listed[listed >= 0])),
                }
            )
        frame = pl.DataFrame(sizes)
        items = require_curated(data, site.name, Curated.ITEMS)
        return dg.MaterializeResult(
            metadata={
                "list_length": settings.list_length,
                "lists": markdown_table(frame),
                "user_lists": int(frame["people"].sum()),
                "item_lists": int(frame["items_with_similar"].sum()),
                "sample_recommendations": sample_recommendations(data, site.name, items),
            }
        )

    return top_k
