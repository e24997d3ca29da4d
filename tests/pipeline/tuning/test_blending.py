from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from pipeline.dataset.matrix import Dataset
from pipeline.evaluation.metrics import ndcg_at_k
from pipeline.fold_in import z_scores
from pipeline.recommenders.factors import FactorsFitted
from pipeline.recommenders.topk import best_of_rows
from pipeline.tuning.blending import Pool, best_weights
from pipeline.tuning.judge import Judge

N_USERS, N_ITEMS = 300, 260


def noisy(truth, seed):
    """A model that sees the truth through noise of its own."""
    said = truth + np.random.default_rng(seed).normal(0, 1, truth.shape)
    return FactorsFitted(
        user_factors=said.astype(np.float32),
        user_biases=np.zeros(N_USERS, np.float32),
        item_factors=np.eye(N_ITEMS, dtype=np.float32),
        item_biases=np.zeros(N_ITEMS, np.float32),
        learned=np.arange(N_ITEMS, dtype=np.int32),
    )


@pytest.fixture
def world():
    random = np.random.default_rng(0)
    truth = random.random((N_USERS, N_ITEMS)) < 0.05
    truth[:, 0] = True
    seen = truth & (random.random(truth.shape) < 0.5)
    seen[:, 1] = True
    train = Dataset(
        user_ids=np.asarray([f"u{n:03}" for n in range(N_USERS)]),
        item_ids=np.asarray([f"i{n:03}" for n in range(N_ITEMS)]),
        user_items=csr_matrix(seen.astype(np.float32)),
        item_features=csr_matrix((N_ITEMS, 0), dtype=np.float32),
        feature_names=(),
    )
    validation = csr_matrix((truth & ~seen).astype(np.float32))
    return truth, Judge.of(train, validation, seed=0)


def test_two_models_of_independent_errors_are_better_together(world):
    truth, judge = world
    pool = Pool.of([noisy(truth, 1), noisy(truth, 2)], judge)
    weights = best_weights(pool, pool.alone())
    assert min(weights) >= 0.4
    assert pool.ndcg(weights).mean() > 1.1 * max(pool.alone())


def test_many_threads_pool_what_one_does(world):
    truth, judge = world
    models = [noisy(truth, 1), noisy(truth, 2)]
    one, many = (Pool.of(models, replace(judge, threads=threads)) for threads in (1, 3))
    for name in ("said", "gains", "ideal"):
        assert np.array_equal(getattr(one, name), getattr(many, name))


def test_a_model_of_noise_alone_weighs_nothing(world):
    truth, judge = world
    pool = Pool.of([noisy(0 * truth, 1), noisy(4 * truth, 2)], judge)
    assert best_weights(pool, pool.alone()) == (0.0, 1.0)


def test_of_weights_that_cannot_be_told_apart_the_smallest_is_taken(world):
    truth, judge = world
    twin = noisy(truth, 1)
    pool = Pool.of([twin, twin], judge)
    assert best_weights(pool, pool.alone()) == (1.0, 0.0)


@pytest.mark.parametrize(("errors", "weight"), [(0.3, 0.2), (0.8, 0.3)])
def test_a_smaller_weight_is_taken_within_half_a_standard_error(errors, weight):
    class Told:
        """By the second model's weight: at .3 it is best, at .2 worse by so many errors."""

        def ndcg(self, weights):
            loss = np.random.default_rng(0).normal(0, 1, 10_000)
            loss += errors * loss.std() / 100 - loss.mean()
            steps = {0.2: loss, 0.3: 0 * loss}
            return 5 - steps.get(float(weights[1]), 0 * loss + 1)

    assert best_weights(Told(), (0.5, 0.4)) == (1.0, weight)


def test_the_pool_scores_as_whole_lists_do(world):
    truth, judge = world
    models = [noisy(truth, 1), noisy(truth, 2)]
    pool = Pool.of(models, judge)
    everything = np.arange(N_ITEMS, dtype=np.int32)
    total = sum(
        np.float32(weight) * z_scores(model.user_scorer(everything)(judge.users))
        for weight, model in zip((1.0, 0.4), models, strict=True)
    )
    total[judge.train.user_items[judge.users].toarray() != 0] = -np.inf
    lists, _ = best_of_rows(total, 20)
    wanted = ndcg_at_k(lists, judge.validation[judge.users], 20).mean()
    assert pool.ndcg((1.0, 0.4)).mean() == pytest.approx(wanted, abs=1e-6)
    assert pool.ndcg((0.4, 1.0)).mean() != pytest.approx(wanted, abs=1e-3), "it tells weights apart"


def test_held_out_items_that_nobody_ranks_high_count_against(world):
    truth, judge = world
    more = judge.validation.copy()
    worse = replace(judge, validation=csr_matrix((more.toarray() + (~truth)) > 0))
    models = [noisy(truth, 1)]
    assert Pool.of(models, worse).ideal.min() > Pool.of(models, judge).ideal.min()
