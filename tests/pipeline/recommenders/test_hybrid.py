from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pipeline.errors import FitError
from pipeline.fold_in import z_scores
from pipeline.recommenders.hybrid import Hybrid, novelty
from pipeline.recommenders.item_graph import ItemGraph
from pipeline.recommenders.lightfm import LightfmHybrid
from pipeline.recommenders.tag_kernel import TagKernel
from pipeline.recommenders.tag_profile import TagProfile

ONE = Hybrid(tag_profile=0.0, tag_factors=0.0, tag_kernel=1.0)


def everyone(dataset):
    return np.arange(dataset.n_users, dtype=np.int32)


def cold_of(dataset):
    counts = np.bincount(dataset.user_items.indices, minlength=dataset.n_items)
    return np.flatnonzero(counts == 0).astype(np.int32)


def test_novelty_halves_with_every_half_life():
    counts = np.array([0, 1, 2, 4])
    np.testing.assert_allclose(novelty(counts, 2.0), [1, 0.5**0.5, 0.5, 0.25])
    np.testing.assert_array_equal(novelty(counts, 0.0), [1, 0, 0, 0])


def test_scores_are_those_of_the_equation(dataset):
    model = replace(ONE, tag_profile=0.4, cold=0.7, warm=0.2, half_life=9.0)
    fitted = model.fit(dataset)
    users, n_items = everyone(dataset), dataset.n_items

    def said(settings):
        one = settings.fit(dataset)
        whole = np.zeros((len(users), n_items), np.float32)
        whole[:, one.listable] = z_scores(one.user_scorer(one.listable)(users))
        return whole

    content = z_scores(said(TagKernel()) + np.float32(0.4) * said(TagProfile()))
    counts = np.bincount(dataset.user_items.indices, minlength=n_items)
    new = 2.0 ** (-counts / 9.0)
    wanted = (1 - new) * said(ItemGraph()) + (0.2 + 0.5 * new) * content
    scores = fitted.user_scorer(np.arange(n_items, dtype=np.int32))(users)
    np.testing.assert_allclose(scores, wanted, atol=1e-4)


def test_items_with_likes_keep_the_order_of_the_collaborative_model(dataset):
    hybrid = replace(ONE, half_life=0.0, warm=0.0).fit(dataset)
    alone = ItemGraph().fit(dataset)
    seen = dataset.user_items
    lists, wanted = (
        one.user_lists(everyone(dataset), 3, seen=seen, candidates=alone.listable)
        for one in (hybrid, alone)
    )
    np.testing.assert_array_equal(lists.item_idxs, wanted.item_idxs)


def test_cold_items_are_in_the_order_of_the_content_model(dataset):
    hybrid = replace(ONE, half_life=3.0, warm=0.0).fit(dataset)
    content = TagKernel().fit(dataset)
    users = everyone(dataset)
    lists, wanted = (
        one.user_lists(users, 4, candidates=cold_of(dataset)) for one in (hybrid, content)
    )
    scores = content.user_scorer(np.arange(dataset.n_items, dtype=np.int32))(users)
    listed = np.take_along_axis(scores, lists.item_idxs, axis=1)  # equals may part by rounding
    np.testing.assert_allclose(listed, wanted.scores, rtol=1e-3)
    groups = [[dataset.item_ids[item][0] for item in row[:2]] for row in lists.item_idxs]
    assert all(set(row) == {user[1]} for user, row in zip(dataset.user_ids, groups, strict=True))


def test_a_cold_item_reaches_the_list_with_weight_and_not_without(dataset):
    cold = cold_of(dataset)
    shares = []
    for weight in (0.0, 3.0):
        fitted = replace(ONE, half_life=0.0, cold=weight).fit(dataset)
        lists = fitted.user_lists(everyone(dataset), 4, seen=dataset.user_items)
        shares.append(np.isin(lists.item_idxs, cold).mean())
    assert shares[0] < shares[1]


def test_cold_subjects_have_similar_items_by_tags(dataset):
    fitted = ONE.fit(dataset)
    cold = cold_of(dataset)
    lists = fitted.item_lists(cold, 5)
    for item, row in zip(cold, lists.item_idxs, strict=True):
        assert {dataset.item_ids[other][0] for other in row} == {dataset.item_ids[item][0]}


def test_what_is_described_gives_the_same_settings():
    settings = replace(
        ONE, cold=0.3, collaborative=ItemGraph(neighbours=100), content=(TagKernel(power=2),)
    )
    assert Hybrid.from_described(settings.described) == settings


def test_an_unknown_collaborative_model_is_refused(dataset):
    with pytest.raises(FitError, match="lightfm_hybrid is none of its models"):
        Hybrid(collaborative=LightfmHybrid()).fit(dataset)
