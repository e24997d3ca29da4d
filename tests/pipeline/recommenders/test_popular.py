from __future__ import annotations

import numpy as np
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_matrix

from pipeline.dataset.matrix import dataset_from
from pipeline.recommenders.popular import Popular, PopularFitted


def test_the_most_liked_unseen_items_come_first():
    likes = [("a", "x"), ("b", "x"), ("c", "x"), ("a", "y"), ("b", "y"), ("c", "z"), ("a", "w")]
    dataset = dataset_from(
        pl.DataFrame(likes, schema=["user_id", "item_id"], orient="row"), item_ids=["cold"]
    )
    lists = (
        Popular().fit(dataset).user_lists(np.array([0, 1, 2], np.int32), 3, seen=dataset.user_items)
    )
    named = [[dataset.item_ids[i] for i in row if i >= 0] for row in lists.item_idxs]
    assert named == [["z"], ["w", "z"], ["y", "w"]]  # w and z are tied: lower index first
    np.testing.assert_array_equal(lists.scores[1, :2], [1, 1])


def test_weights_are_summed():
    frame = pl.DataFrame(
        {"user_id": ["a", "b", "c"], "item_id": ["x", "x", "y"], "weight": [1.0, 1.5, 4.0]}
    )
    fitted = Popular().fit(dataset_from(frame))
    np.testing.assert_array_equal(fitted.like_counts, [2.5, 4.0])


def test_heavy_users_in_one_chunk_do_not_shorten_the_others_lists():
    counts = np.arange(50, 0, -1).astype(np.float32)
    seen = csr_matrix(np.vstack([np.r_[np.ones(48), 0, 0], np.zeros(50)]).astype(np.float32))
    lists = PopularFitted(counts).user_lists(np.array([0, 1], np.int32), 4, seen=seen)
    assert lists.item_idxs.tolist() == [[48, 49, -1, -1], [0, 1, 2, 3]]


@settings(max_examples=80, deadline=None)
@given(
    counts=st.lists(st.integers(0, 4), min_size=1, max_size=25),
    k=st.integers(1, 30),
    data=st.data(),
)
def test_lists_equal_sorting(counts, k, data):
    n = len(counts)
    seen = data.draw(
        st.lists(st.lists(st.booleans(), min_size=n, max_size=n), min_size=1, max_size=5)
    )
    matrix = csr_matrix(np.array(seen, np.float32))
    lists = PopularFitted(np.array(counts, np.float32)).user_lists(
        np.arange(len(seen), dtype=np.int32), k, seen=matrix
    )
    for row, hidden in zip(lists.item_idxs.tolist(), seen, strict=True):
        unseen = [i for i in range(n) if counts[i] and not hidden[i]]
        wanted = sorted(unseen, key=lambda i: (-counts[i], i))[:k]
        assert row == wanted + [-1] * (k - len(wanted))
