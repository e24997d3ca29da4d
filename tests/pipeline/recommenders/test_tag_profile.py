from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from sklearn.feature_extraction.text import TfidfTransformer

from pipeline.dataset.matrix import dataset_from
from pipeline.recommenders.tag_profile import TagProfile


def small():
    """Items a (red), b (red, round), c (round), d (blue), e (nothing); u likes a, v likes e."""
    tags = [("a", "red"), ("b", "red"), ("b", "round"), ("c", "round"), ("d", "blue")]
    features = pl.DataFrame(tags, schema=["item_id", "feature"], orient="row").with_columns(
        (1 / pl.len().over("item_id").sqrt()).cast(pl.Float32).alias("weight")
    )
    likes = pl.DataFrame({"user_id": ["u", "v"], "item_id": ["a", "e"]})
    return dataset_from(likes, item_ids=list("abcde"), item_features=features)


def test_cosines_by_hand():
    dataset = small()
    fitted = TagProfile().fit(dataset)
    lists = fitted.user_lists(np.array([0, 1], np.int32), 4, seen=dataset.user_items)
    assert lists.item_idxs.tolist() == [[1, -1, -1, -1], [-1] * 4]
    # red and round stand in two items each, so b is (1, 1) / sqrt 2 after any idf
    assert lists.scores[0, 0] == pytest.approx(np.sqrt(0.5), abs=1e-6)


def test_rare_tags_weigh_more():
    tags = [("a", "rare"), ("a", "common"), ("b", "rare"), ("c", "common"), ("d", "common")]
    features = pl.DataFrame(tags, schema=["item_id", "feature"], orient="row").with_columns(
        pl.lit(1.0, pl.Float32).alias("weight")
    )
    likes = pl.DataFrame({"user_id": ["u"], "item_id": ["a"]})
    dataset = dataset_from(likes, item_features=features)
    lists = TagProfile().fit(dataset).item_lists(np.array([0], np.int32), 3)
    assert lists.item_idxs.tolist() == [[1, 2, 3]]


def test_item_vectors_are_those_of_scikit_learn(dataset):
    ours = TagProfile().fit(dataset).item_vectors
    theirs = TfidfTransformer(smooth_idf=True).fit_transform(dataset.item_features)
    np.testing.assert_allclose(ours.toarray(), theirs.toarray(), atol=1e-6)


def test_items_of_ones_group_come_first_cold_ones_too(dataset):
    fitted = TagProfile().fit(dataset)
    users = np.arange(dataset.n_users, dtype=np.int32)
    lists = fitted.user_lists(users, 6, seen=dataset.user_items)  # 12 of a group less 6 liked
    for user, row in zip(dataset.user_ids, lists.item_idxs, strict=True):
        listed = [dataset.item_ids[item] for item in row]
        assert {item[0] for item in listed} == {user[1]}
        assert {f"{user[1]}-10", f"{user[1]}-11"} <= set(listed)


def test_without_features_there_is_nothing_to_list(bare):
    fitted = TagProfile().fit(bare)
    assert len(fitted.listable) == len(fitted.subjects) == 0
    assert (fitted.user_lists(np.arange(3, dtype=np.int32), 5).item_idxs == -1).all()


def test_published_vectors_score_as_the_model_does(dataset):
    fitted = TagProfile(flatness=0.4, discount=0.3, idf_power=0.5).fit(dataset)
    published = fitted.published_features()
    assert published.names == dataset.feature_names
    likes = dataset.user_items[:5]
    scores = published.sums.scores(likes.indptr, likes.indices, likes.data)
    lists = fitted.user_lists(np.arange(5, dtype=np.int32), 8)
    found = np.take_along_axis(scores, lists.item_idxs.clip(0), axis=1)
    listed = lists.item_idxs >= 0
    np.testing.assert_allclose(found[listed], lists.scores[listed], rtol=1e-5)
    beside = fitted.item_lists(np.array([3], np.int32), 5)
    told = published.sums.similar_parts(3, beside.item_idxs[0])
    np.testing.assert_allclose(told.parts.sum(axis=0), beside.scores[0], rtol=1e-5)
