"""What content models say of items held out whole, and the weights of their sum.

All of a user's cold items are kept, so that a choice of weights costs one weighted sum.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.recommenders.base import Fitted, FloatArray, IntArray
from pipeline.recommenders.topk import ScoreRows
from pipeline.tuning.cold import ColdJudge
from pipeline.tuning.pooling import ideal_of, of_chunks, pooled_ndcg, user_s, z_scorer

__all__ = ["ColdPool"]

_MOST_CELLS: Final = 12_000_000
_STEPS: Final = (0.0, 0.1, 0.2, 0.35, 0.5, 0.75, 1.0, 1.4, 2.0)
_LEAST_GAIN: Final = 5e-4
_MOST_ROUNDS: Final = 4
_ROUNDS: Final = 2  # as a rule


@dataclass(frozen=True, eq=False)
class ColdPool:
    """Scores of several models, in deviations over all items that a model knows.

    Attributes
    ----------
    said : float32, shape (n_models, n_users, n_cold).
    gains : float32, shape (n_users, n_cold): 1 for a held-out like.
    ideal : of `pooled_ndcg`.
    """

    said: FloatArray
    gains: FloatArray
    ideal: NDArray[np.float64]

    @classmethod
    def of(cls, models: Sequence[Fitted], judge: ColdJudge) -> ColdPool:
        """The pool of some fits for the judge's users."""
        cold, users = judge.candidates, judge.users
        said = [_said(z_scorer(model), users, cold, judge.threads) for model in models]
        held_out = judge.validation[users][:, cold]
        gains = np.asarray(held_out.toarray() != 0, np.float32)
        return cls(np.stack(said), gains, ideal_of(held_out))

    @staticmethod
    def most_users(judge: ColdJudge) -> int:
        """How many users' scores of all cold items memory is spent on."""
        return max(1, _MOST_CELLS // max(len(judge.candidates), 1))

    @staticmethod
    def user_s(judge: ColdJudge, n_models: int) -> float:
        """Seconds that a user costs, the choice of weights included."""
        n_sums = n_models + _ROUNDS * (n_models - 1) * len(_STEPS)
        n_summed = n_sums * len(judge.candidates)
        return user_s(n_models * judge.train.n_items, n_summed, judge.threads)

    def score(self, weights: Sequence[float]) -> float:
        """Mean NDCG@20 of the weighted sum."""
        total = np.zeros_like(self.gains)
        for weight, said in zip(weights, self.said, strict=True):
            if weight:
                total += np.float32(weight) * said
        return float(pooled_ndcg(total, self.gains, self.ideal).mean())

    def best_weights(self) -> tuple[tuple[float, ...], float]:
        """The weights with the best score, and it; the best model alone has 1.

        One coordinate at a time, from the best model alone.
        """
        alone = [self.score(row) for row in np.eye(len(self.said)).tolist()]
        leader = int(np.argmax(alone))
        weights, best = np.eye(len(alone))[leader], alone[leader]
        for _ in range(_MOST_ROUNDS):
            before = best
            for place in sorted(set(range(len(alone))) - {leader}, key=lambda at: -alone[at]):
                for step in _STEPS:
                    tried = weights.copy()
                    tried[place] = step
                    score = self.score(tried.tolist())
                    if score > best * (1 + _LEAST_GAIN):
                        weights, best = tried, score
            if best == before:
                break
        return tuple(weights.tolist()), best


def _said(scorer: ScoreRows, users: IntArray, items: IntArray, threads: int) -> FloatArray:
    def said(chunk: IntArray) -> FloatArray:
        return scorer(chunk)[:, items]

    return np.concatenate(of_chunks(said, users, threads))
