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

from pipeline.fold_in import z_scores
from pipeline.recommenders.base import FloatArray, IntArray
from pipeline.recommenders.hybrid import Hybrid, HybridFitted, content_scores, novelty
from pipeline.tuning.judge import Judge
from pipeline.tuning.pooling import ideal_of, of_chunks, padded, pooled, pooled_ndcg, taken

__all__ = ["Curve", "fitted_curve"]

_HALF_LIVES: Final = (0.0, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0)
_WARM: Final = (0.0, 0.03, 0.06, 0.1, 0.15, 0.2, 0.3, 0.45, 0.7, 1.0, 1.5)
_COLD: Final = (0.1, 0.2, 0.35, 0.5, 0.7, 1.0, 1.4, 2.0)
_MOST_ROUNDS: Final = 3


@dataclass(frozen=True, slots=True)
class Curve:
    """Parameters of `Hybrid` that say how many likes an item needs to be known."""

    half_life: float
    warm: float
    cold: float


@dataclass(frozen=True, eq=False)
class _Sides:
    """What both sides say of the items that one of them ranks high.

    Attributes
    ----------
    by_likes, by_content : float32, shape (n_users, width): z-scores, 0 in padded places.
    counts : likes of each item; -1 pads.
    gains, ideal : of `pooled_ndcg`.
    """

    by_likes: FloatArray
    by_content: FloatArray
    counts: NDArray[np.int64]
    gains: FloatArray
    ideal: NDArray[np.float64]

    def ndcg(self, curve: Curve) -> NDArray[np.float64]:
        """NDCG@20 of each user by the hybrid with this curve."""
        new = novelty(self.counts.clip(0), curve.half_life).astype(np.float32)
        total = (1 - new) * (self.by_likes + np.float32(curve.warm) * self.by_content)
        total += np.float32(curve.cold) * new * self.by_content
        total[self.counts < 0] = -np.inf
        return pooled_ndcg(total, self.gains, self.ideal)


def fitted_curve(hybrid: Hybrid, fitted: HybridFitted, judge: Judge) -> tuple[Hybrid, float]:
    """The hybrid with the curve of the best NDCG@20, all items ranked, and that figure.

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
    return chosen, float(ndcg.mean())


def _best_of(sides: _Sides, curves: Sequence[Curve]) -> tuple[Curve, NDArray[np.float64]]:
    """The first of the best curves, and the NDCG@20 of each user by it."""
    found = [sides.ndcg(curve) for curve in curves]
    best = int(np.argmax([ndcg.mean() for ndcg in found]))
    return curves[best], found[best]


def _sides(fitted: HybridFitted, judge: Judge) -> _Sides:
    known = fitted.collaborative.listable
    scorer = fitted.collaborative.user_scorer(known)
    by_content = content_scores(fitted.content, fitted.weights, fitted.n_items)
    counts = np.bincount(judge.train.user_items.indices, minlength=fitted.n_items)

    def of_chunk(chunk: IntArray) -> tuple[NDArray[Any], ...]:
        likes = np.zeros((len(chunk), fitted.n_items), np.float32)
        likes[:, known] = z_scores(scorer(chunk))
        content, _ = by_content(chunk)
        only_new = np.where(counts == 0, content, np.float32(-np.inf))
        columns = pooled((likes, content, only_new), judge.train.user_items[chunk])
        held_out = np.asarray(judge.validation[chunk].toarray() != 0, np.float32)
        said = [taken(scores, columns, 0.0) for scores in (likes, content, held_out)]
        return (*said, np.where(columns < 0, -1, counts[columns.clip(0)]))

    parts = of_chunks(of_chunk, judge.users, judge.threads)
    width = max((part[0].shape[1] for part in parts), default=0)
    whole = [
        np.concatenate([padded(part[place], width, empty) for part in parts])
        for place, empty in enumerate((0, 0, 0, -1))
    ]
    ideal = ideal_of(judge.validation[judge.users])
    return _Sides(whole[0], whole[1], whole[3], whole[2], ideal)
