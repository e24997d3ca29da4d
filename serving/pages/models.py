"""The page of the algorithms: how well each does, in charts and in figures."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from fastapi import APIRouter, Request, Response

from serving.answers.models import Evaluation, EvaluationDifference, ModelDetails
from serving.caching import Media, answered
from serving.errors import ApiProblemError
from serving.pages.links import site_url
from serving.pages.website import Website
from serving.routes.common import Site, snapshot_of
from serving.snapshot import Snapshot

__all__ = ["build_router"]

_CHARTS: Final = (
    "accuracy",
    "coverage",
    "history",
    "popularity",
    "likes_per_person",
    "likes_by_month",
)
"""Charts in the order of display; others come after them."""
_JUDGED: Final = (("NDCG", 10), ("Recall", 10), ("coverage", 10))
_SLICED: Final = "NDCG"
_SLICES: Final = {
    "cold": "New items",
    "head": "Favourites",
    "tail": "Other items",
    "light": "People with few likes",
    "heavy": "People with many likes",
}
_SVG: Final = Media(
    (
        (b"content-type", b"image/svg+xml"),
        (b"content-security-policy", b"default-src 'none'; style-src 'unsafe-inline'; sandbox"),
    )
)


@dataclass(frozen=True, slots=True)
class Judged:
    """A model and the figures that stand beside its name.

    Attributes
    ----------
    figures : of each of the columns; None where one was not measured.
    against : its difference to popularity, over the same people.
    slices : mean of each slice of the columns; None where one was not measured.
    """

    model: ModelDetails
    figures: Sequence[Evaluation | None]
    against: EvaluationDifference | None
    slices: Sequence[float | None]


def build_router(website: Website) -> APIRouter:
    """The page, and the charts that it shows."""
    router = APIRouter(include_in_schema=False)

    @router.get("/{site}/models")
    async def models(request: Request, site: Site) -> Response:
        snapshot = snapshot_of(website.catalog, site)
        return website.page(request, snapshot, "models.html", lambda: _context(snapshot))

    @router.get("/{site}/charts/{name}.svg")
    async def chart(request: Request, site: Site, name: str) -> Response:
        snapshot = snapshot_of(website.catalog, site)
        found = snapshot.charts.get(name)
        if found is None:
            raise ApiProblemError(404, f"{site} has no chart {name[:100]!r}.")
        return answered(request, snapshot, lambda: found.svg, media=_SVG)

    return router


def _context(snapshot: Snapshot) -> dict[str, Any]:
    models = snapshot.models
    slices = _known(one.slice for model in models for one in model.slices)
    n_people = [one.n_users for model in models for one in model.evaluation if one.low is not None]
    tops = [one.mean for model in models for one in model.evaluation if _is_main(one)]
    first = next((one for model in models for one in model.evaluation), None)
    return {
        "canonical": site_url(snapshot.site.site, "models"),
        "charts": _charts(snapshot),
        "judged": sorted((_judged(model, slices) for model in models), key=_worst_last),
        "slices": [_SLICES.get(name, name) for name in slices],
        "peak": max((mean for mean in tops if mean is not None), default=1.0) or 1.0,
        "n_people": max(n_people, default=0),
        "first": first,
        "overlap": _overlap(snapshot, models),
    }


def _worst_last(judged: Judged) -> float:
    main = judged.figures[0]
    return -(main.mean or 0.0) if main else 1.0


def _is_main(one: Evaluation) -> bool:
    return (one.metric, one.k) == _JUDGED[0]


def _known(names: Iterable[str]) -> list[str]:
    """Slices that were measured, in the order of display."""
    found = set(names)
    return [*(name for name in _SLICES if name in found), *sorted(found - set(_SLICES))]


def _charts(snapshot: Snapshot) -> list[dict[str, Any]]:
    names = [name for name in _CHARTS if name in snapshot.charts]
    names += [name for name in snapshot.charts if name not in _CHARTS]
    return [
        {
            "title": snapshot.charts[name].title,
            "alternative": snapshot.charts[name].alternative,
            "href": site_url(snapshot.site.site, "charts", f"{name}.svg"),
        }
        for name in names
    ]


def _judged(model: ModelDetails, slices: Sequence[str]) -> Judged:
    figures = {(one.metric, one.k): one for one in model.evaluation}
    against = (
        one
        for one in model.differences
        if one.against == "popular" and (one.metric, one.k) == _JUDGED[0]
    )
    sliced = {one.slice: one.mean for one in model.slices if one.metric == _SLICED}
    return Judged(
        model,
        [figures.get(column) for column in _JUDGED],
        next(against, None),
        [sliced.get(name) for name in slices],
    )


def _overlap(snapshot: Snapshot, models: Sequence[ModelDetails]) -> dict[str, Any] | None:
    """What each model's lists have in common with each other's, the most first; None if unknown."""
    if not snapshot.overlaps:
        return None
    k = max(k for *_, k in snapshot.overlaps)
    labels = {model.model: model.label for model in models}
    rows = [
        (
            labels[one],
            sorted(
                (
                    (share, labels[other])
                    for (a, other, at), share in snapshot.overlaps.items()
                    if (a, at) == (one, k) and other in labels
                ),
                reverse=True,
            ),
        )
        for one in labels
    ]
    return {"k": k, "rows": [(label, shares) for label, shares in rows if shares]}
