"""Whose turn it is: time is shared between the studies of several algorithms."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any, Final

from pipeline.tuning.budget import Purse
from pipeline.tuning.study import Study

__all__ = ["run_rounds"]

_TRIED: Final = 4
_SHARPNESS: Final = 6
_LEAST_SHARE: Final = 0.05


def run_rounds(
    studies: Sequence[Study[Any]],
    purse: Purse,
    reserve_s: Callable[[], float],
    *,
    first: Collection[str] = (),
) -> None:
    """Let studies try settings until each is over or the purse is empty.

    All are tried once, the cheapest first.  Then it is the turn of whoever has spent least for
    its share, which shrinks as its best stays behind the best of all.

    Parameters
    ----------
    reserve_s : seconds that are to be left in the end, as far as is known by now.
    first : names of those that are tried before all others, should the purse not pay for all.
    """
    while waiting := [study for study in studies if not study.is_over]:
        purse.reserved_s = reserve_s()
        _next(waiting, studies, first).step()


def _next(
    waiting: Sequence[Study[Any]], studies: Sequence[Study[Any]], first: Collection[str]
) -> Study[Any]:
    untried = [study for study in waiting if not study.n_fits]
    if untried:
        return min(untried, key=lambda study: (study.name not in first, study.final_s))
    top = max((study.best.score for study in studies if study.best), default=0.0)
    return min(waiting, key=lambda study: study.spent_s / _share(study, top))


def _share(study: Study[Any], top: float) -> float:
    if study.n_fits < _TRIED or not top:
        return 1.0
    score = study.best.score if study.best else 0.0
    return max(_LEAST_SHARE, float((score / top) ** _SHARPNESS))
