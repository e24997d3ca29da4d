from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from scipy.sparse import csr_matrix

from pipeline.dataset.matrix import dataset_from
from pipeline.errors import FitError
from pipeline.recommenders.tag_kernel import TagKernel
from pipeline.recommenders.tag_vectors import tag_vectors


def everyone(dataset):
    return np.arange(dataset.n_users, dtype=np.int32)


@pytest.mark.parametrize("power", [1, 2])
def test_scores_are_those_of_the_equation(dataset, power):
    model = TagKernel(power=power, regularization=0.7)
    fitted = model.fit(dataset)
    vectors = tag_vectors(dataset, idf_power=0.5, flatness=0.2).toarray()
    dot = vectors @ vectors.T
    kernel = dot if power == 1 else ((1 + dot) / 2) ** power
    liked = np.flatnonzero(np.bincount(dataset.user_items.indices, minlength=dataset.n_items))
    solved = np.linalg.solve(kernel[np.ix_(liked, liked)] + 0.7 * np.eye(len(liked)), kernel[liked])
    wanted = dataset.user_items[:, liked] @ solved
    scores = fitted.user_scorer(fitted.listable)(everyone(dataset))
    np.testing.assert_allclose(scores, wanted, atol=1e-3)


def test_cold_items_of_ones_group_come_first(dataset):
    fitted = TagKernel().fit(dataset)
    cold = np.flatnonzero([item[2:] in {"10", "11"} for item in dataset.item_ids]).astype(np.int32)
    lists = fitted.user_lists(everyone(dataset), 2, candidates=cold)
    for user, row in zip(dataset.user_ids, lists.item_idxs, strict=True):
        assert {dataset.item_ids[item][0] for item in row} == {user[1]}


def together():
    """Users who like what is red and round, but neither red nor round alone; c0 and c1 are new."""
    tags = {"r": ["red"], "o": ["round"], "ro": ["red", "round"]}
    kinds = [("r", 20), ("o", 20), ("ro", 20)]
    items = [(f"{kind}{n:02}", kind) for kind, many in kinds for n in range(many)]
    items += [("c0", "r"), ("c1", "ro"), ("c2", "o")]
    features = pl.DataFrame(
        [(item, tag, 1.0) for item, kind in items for tag in tags[kind]],
        schema={"item_id": pl.String, "feature": pl.String, "weight": pl.Float32},
        orient="row",
    )
    likes = [(f"a{u}", f"r{n:02}") for u in range(4) for n in range(20)]
    likes += [(f"b{u}", f"o{n:02}") for u in range(4) for n in range(20)]
    likes += [("v", f"ro{n:02}") for n in range(20)]
    likes += [("w", f"{kind}{n:02}") for kind in ("r", "o") for n in range(20)]
    frame = pl.DataFrame(likes, schema=["user_id", "item_id"], orient="row")
    return dataset_from(frame, item_ids=[item for item, _ in items], item_features=features)


def test_a_power_learns_that_tags_together_are_not_their_sum():
    dataset = together()
    user = np.flatnonzero(dataset.user_ids == "w").astype(np.int32)
    cold = np.flatnonzero(np.char.startswith(dataset.item_ids, "c")).astype(np.int32)
    first = {}
    for power in (1, 2):
        fitted = TagKernel(power=power, regularization=0.1).fit(dataset)
        lists = fitted.user_lists(user, 1, candidates=cold)
        first[power] = dataset.item_ids[lists.item_idxs[0, 0]]
    assert first[1] == "c1"
    assert first[2] != "c1"  # w likes red and round things, and none that is both


def test_who_likes_nothing_with_features_gets_no_list(dataset):
    likes = dataset.user_items.copy()
    likes.data[likes.indptr[3] : likes.indptr[4]] = 0
    likes.eliminate_zeros()
    fitted = TagKernel().fit(replace(dataset, user_items=likes))
    lists = fitted.user_lists(np.array([3, 4], np.int32), 3)
    assert (lists.item_idxs[0] == -1).all()
    assert (lists.item_idxs[1] >= 0).all()


def test_without_features_it_is_not_fitted(bare):
    with pytest.raises(FitError, match="tag_kernel: none of 48 items has a feature"):
        TagKernel().fit(bare)


def test_a_search_begins_with_what_suits_the_number_of_tags(dataset):
    few, many = TagKernel().starts(dataset)
    assert many == TagKernel()
    wide = csr_matrix((dataset.n_items, 501), dtype=np.float32)
    assert TagKernel().starts(replace(dataset, item_features=wide)) == (many, few)
