"""Which published weights and factors a model scores visitors with, and what each weighs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa

from pipeline.fold_in import ItemFactors
from pipeline.recommenders.model_file import SavedModel
from pipeline.recommenders.registry import recommender

__all__ = [
    "FEATURES",
    "LIKES",
    "Scorer",
    "Settings",
    "Wanted",
    "filled_visitor_parts",
    "settings_of",
    "wanted_by",
]

LIKES: Final = "likes"
FEATURES: Final = "features"


@dataclass(frozen=True, slots=True)
class Settings:
    """What makes two fits the same: the algorithm, its parameters, the seed and the data."""

    algorithm: str
    parameters: Mapping[str, Any]
    seed: int
    data_sha256: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """A model within a model, its weight in a sum of z-scores, and in which sum of two."""

    settings: Settings
    weight: float
    side: str | None = None


@dataclass(frozen=True, slots=True)
class Scorer:
    """What one model has for visitors by itself: factors, or weights where that is None."""

    model: str
    settings: Settings | None
    factors: ItemFactors | None


def settings_of(saved: SavedModel) -> Settings:
    """Settings of a saved model."""
    facts = saved.facts
    described = recommender(facts.model).from_described(facts.parameters).described
    return Settings(facts.model, described, facts.seed, facts.data_sha256)


def wanted_by(saved: SavedModel) -> tuple[Wanted, ...]:
    """Models whose scores of visitors are those of this one, where it has none itself."""
    facts = saved.facts
    settings = recommender(facts.model).from_described(facts.parameters)
    content = settings.content_parts
    sides = (
        (LIKES if content else None, settings.visitor_parts),
        (FEATURES, content),
    )
    return tuple(
        Wanted(Settings(part.name, part.described, facts.seed, facts.data_sha256), weight, side)
        for side, parts in sides
        for part, weight in parts
    )


def filled_visitor_parts(
    scorers: Iterable[Scorer], wanted: Mapping[str, Iterable[Wanted]]
) -> pa.Table:
    """Rows of ``visitor_parts``.

    Parameters
    ----------
    scorers : the models that score visitors themselves; each is its own part.
    wanted : by name of any model; parts that no scorer is fitted as are left out, and with one of
        features all of that side.
    """
    known = {scorer.model: scorer for scorer in scorers}
    rows = [_row(model, scorer, 1.0) for model, scorer in known.items()]
    for model, parts in wanted.items():
        if model not in known:
            rows += _matched(model, list(known.values()), parts)
    schema = pa.schema(
        [(name, pa.string()) for name in ("model", "part", "side")]
        + [(name, pa.float64()) for name in ("weight", "alpha0", "regularization", "nu")]
    )
    return pa.Table.from_pylist(rows, schema=schema)


def _matched(
    model: str, scorers: Sequence[Scorer], parts: Iterable[Wanted]
) -> Iterator[dict[str, Any]]:
    found = [
        (part, next((one for one in scorers if one.settings == part.settings), None))
        for part in parts
    ]
    by_likes = [scorer for part, scorer in found if part.side != FEATURES]
    by_features = [scorer for part, scorer in found if part.side == FEATURES]
    has_sides = any(by_likes) and None not in by_features
    for part, scorer in found:
        if scorer and (has_sides or part.side != FEATURES):
            yield _row(model, scorer, part.weight, part.side if has_sides else None)


def _row(model: str, scorer: Scorer, weight: float, side: str | None = None) -> dict[str, Any]:
    factors = scorer.factors
    return {
        "model": model,
        "part": scorer.model,
        "weight": weight,
        "side": side,
        "alpha0": factors and factors.alpha0,
        "regularization": factors and factors.regularization,
        "nu": factors and factors.nu,
    }
