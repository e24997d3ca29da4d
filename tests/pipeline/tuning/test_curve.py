from dataclasses import replace

import numpy as np
import pytest

from pipeline.recommenders.hybrid import Hybrid, HybridFitted
from pipeline.recommenders.item_graph import ItemGraph
from pipeline.recommenders.popular import PopularFitted
from pipeline.recommenders.tag_profile import TagProfile
from pipeline.tuning.curve import fitted_curve
from pipeline.tuning.judge import Judge
from tests.pipeline.recommenders.conftest import tastes
from tests.pipeline.tuning.test_choosing import parts_of


@pytest.fixture(scope="module")
def judge():
    return Judge.of(*parts_of(tastes()), seed=0)


def curve_with(judge, collaborative, content):
    """The hybrid of these with its curve."""
    ones = np.ones(judge.train.n_items, np.float32)
    names = ("item_graph", "tag_profile")
    fitted = HybridFitted(collaborative, (content,), (1.0,), ones, ones, names)
    return fitted_curve(Hybrid(), fitted, judge)


def noise(judge, seed):
    """An order of all items that means nothing."""
    return PopularFitted(np.random.default_rng(seed).uniform(1, 2, judge.train.n_items))


def test_chance_seldom_moves_it(judge):
    likes = ItemGraph().fit(judge.train)
    moved = [
        (curve.hybrid.half_life, curve.hybrid.warm) != (0.0, 0.0)
        for curve in (curve_with(judge, likes, noise(judge, seed)) for seed in range(12))
    ]
    assert sum(moved) <= 3


def test_many_threads_choose_what_one_does(judge):
    likes, content = ItemGraph().fit(judge.train), TagProfile().fit(judge.train)
    one, many = (curve_with(replace(judge, threads=n), likes, content) for n in (1, 3))
    assert one == many


def test_what_helps_moves_it(judge):
    likes = noise(judge, 0)
    curve = curve_with(judge, likes, TagProfile().fit(judge.train))
    assert curve.hybrid.warm > 0.5
    assert curve.gain > 0.1
    assert curve.ndcg - curve.gain == pytest.approx(judge.score(likes), abs=1e-6)
