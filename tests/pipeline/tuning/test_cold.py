from __future__ import annotations

import numpy as np
import pytest

from pipeline.recommenders.popular import Popular
from pipeline.recommenders.tag_profile import TagProfile
from pipeline.tuning.cold import ColdJudge, cold_split
from pipeline.tuning.cold_pool import ColdPool
from tests.pipeline.recommenders.conftest import tastes


def test_a_fifth_of_the_liked_items_is_held_out_whole():
    dataset = tastes()
    split = cold_split(dataset, seed=3)
    assert len(split.cold) == 8  # of 40 with a like
    assert not np.isin(split.train.user_items.indices, split.cold).any()
    assert np.isin(split.held_out.indices, split.cold).all()
    together = split.train.user_items + split.held_out
    assert (together != dataset.user_items).nnz == 0
    assert cold_split(dataset, seed=3).cold.tolist() == split.cold.tolist()
    assert cold_split(dataset, seed=4).cold.tolist() != split.cold.tolist()


def test_a_share_out_of_range_is_refused():
    with pytest.raises(ValueError, match="share is 1"):
        cold_split(tastes(), seed=0, share=1)


def test_the_judge_ranks_cold_items_alone():
    split = cold_split(tastes(), seed=0)
    judge = ColdJudge.of_split(split, seed=0)
    assert judge.score(TagProfile().fit(split.train)) > 0.8
    assert judge.score(Popular().fit(split.train)) == 0  # it knows none of them


def test_weights_go_to_the_model_that_knows():
    split = cold_split(tastes(), seed=0)
    judge = ColdJudge.of_split(split, seed=0)
    pool = ColdPool.of([TagProfile().fit(split.train)], judge)
    assert pool.score((1.0,)) == pytest.approx(judge.score(TagProfile().fit(split.train)), abs=0.02)
    noise = np.random.default_rng(0).normal(size=pool.said.shape).astype(np.float32)
    both = ColdPool(np.concatenate([noise, pool.said]), pool.gains, pool.ideal)
    weights, score = both.best_weights()
    assert weights[1] == 1 > weights[0]
    assert score >= pool.score((1.0,))
