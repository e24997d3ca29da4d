"""Where likes give way to tags: the curve of a hybrid, fitted on validation likes.

For one half life the score of a hybrid is a sum of three parts, with the weights 1, ``warm`` and
``cold``: what likes say of what is not new, what tags say of it, and what tags say of the new.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pipeline.recommenders.base import FloatArray, IntArray
from pipeline.recommenders.hybrid import Hybrid, HybridFitted, content_scores, novelty
from pipeline.tuning.judge import Judge
from pipeline.tuning.pooling import (
    ideal_of,
    joined,
    of_chunks,
    pooled,
    pooled_ndcg,
    taken,
    user_s,
    z_scorer,
)

__all__ = ["Curve", "FittedCurve", "curve_user_s", "fitted_curve"]

_HALF_LIVES: Final = (0.0, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0)
_WARM: Final = (0.0, 0.03, 0.06, 0.1, 0.15, 0.2, 0.3, 0.45, 0.7, 1.0, 1.5)
_COLD: Final = (0.1, 0.2, 0.35, 0.5, 0.7, 1.0, 1.4, 2.0)
_MOST_ROUNDS: Final = 3
_ROUNDS: Final = 2  # as a rule
_WIDTH: Final = 500  # of a pool, about


@dataclass(frozen=True, slots=True)
class Curve:
    """Parameters of `Hybrid` that say how many likes an item needs to be known."""

    half_life: float
    warm: float
    cold: float


@dataclass(frozen=True, slots=True)
class FittedCurve:
    """A hybrid with its curve.

    Attributes
    ----------
    ndcg : mean NDCG@20 of the judge's users, all items ranked.
    gain : how much of it the collaborative model alone does not have.
    """

    hybrid: Hybrid
    ndcg: float
    gain: float


@dataclass(frozen=True, eq=False)
class _Sides:
    """What both sides say of the items that one of them ranks high.

    Attributes
    ----------
    by_likes, by_content : float32, shape (n_users, width): z-scores, 0 in padded places.
    is_listed : the same shape; whether the side of likes lists the item.
    counts : likes of each item; -1 pads.
    gains, ideal : of `pooled_ndcg`.
    """

    by_likes: FloatArray
    by_content: FloatArray
    is_listed: NDArray[np.bool_]
    counts: NDArray[np.int64]
    gains: FloatArray
    ideal: NDArray[np.float64]

    def alone(self) -> NDArray[np.float64]:
        """NDCG@20 of each user by the side of likes, an item that nothing speaks for with 0."""
        listed = np.where(self.is_listed, self.by_likes, np.float32(-np.inf))
        return pooled_ndcg(listed, self.gains, self.ideal)

    def ndcg(self, curve: Curve) -> NDArray[np.float64]:
        """NDCG@20 of each user by the hybrid with this curve."""
        new = novelty(self.counts.clip(0), curve.half_life).astype(np.float32)
        total = (1 - new) * (self.by_likes + np.float32(curve.warm) * self.by_content)
        total += np.float32(curve.cold) * new * self.by_content
        total[self.counts < 0] = -np.inf
        return pooled_ndcg(total, self.gains, self.ideal)


def curve_user_s(judge: Judge, n_models: int) -> float:
    """Seconds that a user of the judge costs where so many models are asked on both sides."""
    n_items = judge.train.n_items
    n_curves = len(_COLD) + _ROUNDS * (len(_HALF_LIVES) + len(_WARM) + len(_COLD))
    return user_s(n_models * n_items, n_curves * min(_WIDTH, n_items), judge.threads)


def fitted_curve(hybrid: Hybrid, fitted: HybridFitted, judge: Judge) -> FittedCurve:
    """The hybrid with the curve of the best NDCG@20, all items ranked.

    It starts from the order of the collaborative model with the new items set among it, and
    leaves it for what gains more than the standard error of the gain: less may be chance, of
    which the best of many curves has more than its share.

    Parameters
    ----------
    fitted : the hybrid's fit on the judge's training part; its own curve is not looked at.
    """
    sides = _sides(fitted, judge)
    best, ndcg = _best_of(sides, [Curve(0.0, 0.0, cold) for cold in _COLD])
    for _ in range(_MOST_ROUNDS):
        before = best
        for name, values in (("half_life", _HALF_LIVES), ("warm", _WARM), ("cold", _COLD)):
            tried, found = _best_of(sides, [replace(best, **{name: value}) for value in values])
            gain = found - ndcg
            if gain.mean() > gain.std() / np.sqrt(len(gain)):
                best, ndcg = tried, found
        if best == before:
            break
    chosen = replace(hybrid, half_life=best.half_life, warm=best.warm, cold=best.cold)
    return FittedCurve(chosen, float(ndcg.mean()), float((ndcg - sides.alone()).mean()))


def _best_of(sides: _Sides, curves: Sequence[Curve]) -> tuple[Curve, NDArray[np.float64]]:
    """The first of the best curves, and the NDCG@20 of each user by it."""
    found = [sides.ndcg(curve) for curve in curves]
    best = int(np.argmax([ndcg.mean() for ndcg in found]))
    return curves[best], found[best]


def _sides(fitted: HybridFitted, judge: Judge) -> _Sides:
    likes_of = z_scorer(fitted.collaborative)
    content_of = content_scores(fitted.content, fitted.weights, fitted.n_items)
    counts = np.bincount(judge.train.user_items.indices, minlength=fitted.n_items)
    is_listable = np.zeros(fitted.n_items, bool)
    is_listable[fitted.collaborative.listable] = True

    def said(chunk: IntArray) -> tuple[NDArray[Any], ...]:
        likes, (content, _) = likes_of(chunk), content_of(chunk)
        only_new = np.where(counts == 0, content, np.float32(-np.inf))
        columns = pooled((likes, content, only_new), judge.train.user_items[chunk])
        held_out = np.asarray(judge.validation[chunk].toarray() != 0, np.float32)
        places, is_padded = columns.clip(0), columns < 0
        return (
            taken(likes, columns, 0.0),
            taken(content, columns, 0.0),
            is_listable[places] & ~is_padded,
            np.where(is_padded, -1, counts[places]),
            taken(held_out, columns, 0.0),
        )

    parts = zip(*of_chunks(said, judge.users, judge.threads), strict=True)
    by_likes, by_content, is_listed, like_counts, gains = (
        joined(part, empty) for part, empty in zip(parts, (0, 0, 0, -1, 0), strict=True)
    )
    ideal = ideal_of(judge.validation[judge.users])
    return _Sides(by_likes, by_content, is_listed, like_counts, gains, ideal)
