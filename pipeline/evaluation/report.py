"""An evaluation for people: a few Markdown tables with what was judged and how."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import numpy as np

from pipeline.evaluation.comparing import COMPARED, OVERLAP_KS, PUBLISHED
from pipeline.evaluation.figures import Evaluation, ModelFigures
from pipeline.evaluation.intervals import Interval
from pipeline.evaluation.judging import LIST_METRICS, Key

__all__ = ["evaluation_markdown"]

_SHOWN: Final = (("NDCG", 10), ("NDCG", 20), ("Recall", 10), ("Recall", 20), ("Precision", 5))
_K: Final = 10
_UNKNOWN: Final = "none"
_SLICE_SHOWN: Final = (("NDCG", 20), ("Recall", 20))


def evaluation_markdown(evaluation: Evaluation) -> str:
    """What was judged, then one section each: figures, differences, slices, lists, overlap."""
    parts = [
        *_about(evaluation),
        *_section("Held-out likes found", _figures(evaluation)),
        *_section("Paired differences", _differences(evaluation)),
        *_section("Slices", _slices(evaluation)),
        *_section(f"All lists together, at {_K}", _list_wide(evaluation)),
        *_section(f"Share of common items of two lists, at {OVERLAP_KS[0]}", _overlap(evaluation)),
    ]
    return "\n\n".join(parts)


def _about(evaluation: Evaluation) -> Iterator[str]:
    seen = (
        "known likes are LEFT IN the lists" if evaluation.seen_left_in else "known likes left out"
    )
    yield (
        f"{evaluation.split} split, seed {evaluation.seed}: {evaluation.n_users:,} users judged, "
        f"{evaluation.n_users_skipped:,} skipped (too few likes); all items ranked, {seen}; "
        "in brackets 95 % bootstrap intervals over users."
    )
    notes = list(evaluation.notes)
    if not evaluation.shift.warns:
        notes.append(evaluation.shift.sentence)
    yield "\n".join(f"- {note}" for note in notes)


def _section(title: str, content: Iterable[str]) -> Iterator[str]:
    """A title and its paragraphs; nothing where there are none."""
    paragraphs = list(content)
    if paragraphs:
        yield f"### {title}"
        yield from paragraphs


def _figures(evaluation: Evaluation) -> Iterator[str]:
    head = ["model", *(f"{metric}@{k}" for metric, k in _SHOWN)]
    rows = [
        [_name(judged), *(_interval(judged.figure(*shown)) for shown in _SHOWN)]
        for judged in evaluation.models
    ]
    now = evaluation.published
    if now is not None:
        shown = [_interval(now.figure(*shown)) for shown in _SHOWN]
        rows.append([f"{PUBLISHED} now (`{now.model.name}`)", *shown])
    yield _table(head, rows)


def _differences(evaluation: Evaluation) -> Iterator[str]:
    """A table for each baseline; an interval that does not hold 0 is bold."""
    for against in dict.fromkeys(row.against for row in evaluation.differences):
        found = {
            (row.model, row.metric, row.k): row.interval
            for row in evaluation.differences
            if row.against == against
        }
        head = [f"above {against}", *(f"{metric}@{k}" for metric, k in COMPARED)]
        names = dict.fromkeys(model for model, _, _ in found)
        rows = [
            [f"`{name}`", *(_signed(found[name, *each]) for each in COMPARED)] for name in names
        ]
        yield _table(head, rows)


def _slices(evaluation: Evaluation) -> Iterator[str]:
    """One table a metric; the limits of each slice and its users in words."""
    if not evaluation.models:
        return
    sizes = {row.slice: row.n_users for row in evaluation.models[0].slices}
    shown = [part for part in evaluation.slices if sizes.get(part.name)]
    yield "\n".join(
        f"- {part.name}: {part.meaning} ({sizes[part.name]:,} users judged)"
        for part in evaluation.slices
    )
    for metric, k in _SLICE_SHOWN if shown else ():
        rows = [
            [
                f"`{judged.model.name}`",
                *(
                    _interval(judged.estimates[Key(part.name, metric, k)].interval)
                    for part in shown
                ),
            ]
            for judged in evaluation.models
        ]
        yield _table([f"{metric}@{k}", *(part.name for part in shown)], rows)


def _list_wide(evaluation: Evaluation) -> Iterator[str]:
    rows = [
        [
            f"`{judged.model.name}`",
            *(_number(judged.list_wide[metric, _K], 3) for metric in LIST_METRICS),
        ]
        for judged in evaluation.models
    ]
    yield _table(["model", *LIST_METRICS], rows)
    yield (
        "coverage: share of the catalogue in some list; popular_share: places with one of the "
        "most liked tenth; gini: 0 if every item is listed equally often, near 1 if a few are; "
        "novelty: bits, more for what fewer people know."
    )


def _overlap(evaluation: Evaluation) -> Iterator[str]:
    shares = {
        (row.model, row.other): row.share for row in evaluation.overlaps if row.k == OVERLAP_KS[0]
    }
    if not shares:
        return
    names = [judged.model.name for judged in evaluation.models]
    rows = [
        [
            f"`{name}`",
            *("" if name == other else _number(shares[name, other], 2) for other in names),
        ]
        for name in names
    ]
    yield _table(["", *names], rows)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _name(judged: ModelFigures) -> str:
    return f"{judged.model.label} (`{judged.model.name}`)"


def _number(value: float, digits: int) -> str:
    return _UNKNOWN if np.isnan(value) else f"{value:.{digits}f}"


def _interval(interval: Interval) -> str:
    if np.isnan(interval.mean):
        return _UNKNOWN
    return f"{interval.mean:.4f} ({interval.low:.4f} to {interval.high:.4f})"


def _signed(interval: Interval) -> str:
    if np.isnan(interval.mean):
        return _UNKNOWN
    text = f"{interval.mean:+.4f} ({interval.low:+.4f} to {interval.high:+.4f})"
    return f"**{text}**" if interval.low > 0 or interval.high < 0 else text
