"""Weights of a blend, chosen on validation likes.

Every model ranks; the union of each user's best 200 of each model is kept with all z-scores, so
that a choice of weights costs one weighted sum of small arrays.  Weights are found by going
up one coordinate at a time from the best model alone, whose weight stays 1.  Of weights that
these users cannot tell apart the smallest is taken (as in the one-standard-error rule of Breiman,
Friedman, Olshen & Stone 1984, section 3.4.3, on paired differences): what is as good without a
model is safer without it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.recommenders.base import Fitted, FloatArray, IntArray
from pipeline.tuning.judge import Judge
from pipeline.tuning.pooling import (
    ideal_of,
    joined,
    of_chunks,
    pooled,
    pooled_ndcg,
    taken,
    z_scorer,
)

__all__ = ["Pool", "best_weights"]

_STEPS: Final = (0.0, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.75, 0.9, 1.1, 1.4, 1.8, 2.4)
_MOST_ROUNDS: Final = 4
_ERRORS: Final = 0.5  # standard errors within which weights cannot be told apart


@dataclass(frozen=True, eq=False)
class Pool:
    """What several models say of the items that any of them ranks high.

    Attributes
    ----------
    said : float32, shape (n_models, n_users, width): z-scores; ``-inf`` pads.
    gains : float32, shape (n_users, width): 1 for a held-out item.
    ideal : shape (n_users,): the DCG@20 of a perfect list.
    """

    said: FloatArray
    gains: FloatArray
    ideal: NDArray[np.float64]

    @classmethod
    def of(cls, models: Sequence[Fitted], judge: Judge) -> Pool:
        """The pool of some fits for the judge's users."""
        scorers = [z_scorer(model) for model in models]

        def said_and_gains(chunk: IntArray) -> tuple[FloatArray, FloatArray]:
            scores = np.empty((len(scorers), len(chunk), judge.train.n_items), np.float32)
            for place, scorer in enumerate(scorers):
                scores[place] = scorer(chunk)
            columns = pooled(scores, judge.train.user_items[chunk])
            held_out = np.asarray(judge.validation[chunk].toarray() != 0, np.float32)
            return taken(scores, columns, -np.inf), taken(held_out, columns, 0.0)

        said, gains = zip(*of_chunks(said_and_gains, judge.users, judge.threads), strict=True)
        ideal = ideal_of(judge.validation[judge.users])
        return cls(joined(said, -np.inf), joined(gains, 0.0), ideal)

    def alone(self) -> list[float]:
        """Mean NDCG@20 of each model alone."""
        return [float(self.ndcg(weights).mean()) for weights in np.eye(len(self.said))]

    def ndcg(self, weights: Iterable[float]) -> NDArray[np.float64]:
        """NDCG@20 of the weighted sum for each user."""
        total: FloatArray = np.zeros_like(self.gains)
        for weight, said in zip(weights, self.said, strict=True):
            if weight:
                total += np.float32(weight) * said
        total[np.isneginf(self.said[0])] = -np.inf
        return pooled_ndcg(total, self.gains, self.ideal)


def best_weights(pool: Pool, alone: Sequence[float]) -> tuple[float, ...]:
    """The least weights whose NDCG@20 is as good as the best; a model that adds nothing has 0.

    Parameters
    ----------
    alone : score of each model (`Pool.alone`).
    """
    leader = int(np.argmax(alone))
    weights = np.eye(len(alone))[leader]
    others = sorted(set(range(len(alone))) - {leader}, key=lambda place: -alone[place])
    for _ in range(_MOST_ROUNDS):
        before = weights.copy()
        for place in others:
            weights[place] = _least_weight(pool, weights, place)
        if np.array_equal(before, weights):
            break
    return tuple(weights.tolist())


def _least_weight(pool: Pool, weights: NDArray[np.float64], place: int) -> float:
    """The first step of one coordinate that is not worse than its best step."""
    tried = np.tile(weights, (len(_STEPS), 1))
    tried[:, place] = _STEPS
    found = np.stack([pool.ndcg(row) for row in tried])  # (n_steps, n_users)
    loss = found[int(found.mean(axis=1).argmax())] - found
    error = loss.std(axis=1) / np.sqrt(loss.shape[1])
    return _STEPS[int(np.flatnonzero(loss.mean(axis=1) <= _ERRORS * error)[0])]
