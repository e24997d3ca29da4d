from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from pipeline.evaluation.metrics import hits_of, ndcg, recall
from pipeline.evaluation.slices import slices_of


def matrix(*rows, n_items=13):
    dense = np.zeros((len(rows), n_items), np.float32)
    for row, items in zip(dense, rows, strict=True):
        row[list(items)] = 1
    return csr_matrix(dense)


# Items 0 and 1 are the liked tenth (rounded up) of 11 liked ones; 11 and 12 are cold.
KNOWN = matrix(
    {0}, {0, 1}, {0, 1, 2}, {0, 1, 2, 3}, {0, 1, 4, 5, 6}, {0, 2, 3, 7, 8, 9, 10}, {0, 1}
)
USERS = np.array([0, 1, 2, 3, 4, 5], np.int32)


@pytest.fixture
def slices():
    return {part.name: part for part in slices_of(KNOWN, USERS)}


def test_every_item_is_cold_or_head_or_tail(slices):
    named = {name: np.flatnonzero(slices[name].items).tolist() for name in ("cold", "head", "tail")}
    assert named == {"cold": [11, 12], "head": [0, 1], "tail": list(range(2, 11))}
    assert all(slices[name].users.all() for name in named)


def test_light_and_heavy_users_are_the_outer_thirds(slices):
    assert np.flatnonzero(slices["light"].users).tolist() == [0, 1]
    assert np.flatnonzero(slices["heavy"].users).tolist() == [4, 5]
    assert slices["light"].meaning == "people with at most 2 known likes"
    assert slices["heavy"].meaning == "people with at least 5 known likes"
    assert slices["light"].items.all()


def test_nobody_is_light_and_heavy_where_all_are_alike():
    parts = {
        part.name: part for part in slices_of(matrix({0, 1}, {2, 3}), np.arange(2, dtype=np.int32))
    }
    assert parts["light"].users.all()
    assert not parts["heavy"].users.any()
    assert not slices_of(KNOWN, USERS[:0])[3].users.size


def test_relevance_is_restricted_and_lists_are_not(slices):
    """A hit keeps its place in the list over all items; the ideal knows only the slice."""
    relevant = matrix({5, 11}, {12}, {6}, set(), set(), set())
    listed = np.full((6, 3), -1, np.int32)
    listed[0], listed[1] = [5, 4, 11], [1, 2, 3]
    hits = hits_of(listed, relevant, 3)
    cold = slices["cold"].within(hits, listed, relevant)
    np.testing.assert_allclose(recall(*cold, 3), [1, 0, *[np.nan] * 4])
    np.testing.assert_allclose(ndcg(*cold, 3)[:2], [1 / np.log2(4), 0])
    tail = slices["tail"].within(hits, listed, relevant)
    np.testing.assert_allclose(ndcg(*tail, 3), [1, np.nan, 0, *[np.nan] * 3])
    everything = ndcg(hits, np.diff(relevant.indptr), 3)
    assert everything[0] not in (ndcg(*cold, 3)[0], ndcg(*tail, 3)[0])


def test_who_is_not_of_the_slice_has_no_value(slices):
    relevant = matrix({5}, {5}, {5}, {5}, {5}, {11})
    listed = np.tile(np.array([5, 6], np.int32), (6, 1))
    hits = hits_of(listed, relevant, 2)
    light = recall(*slices["light"].within(hits, listed, relevant), 2)
    heavy = recall(*slices["heavy"].within(hits, listed, relevant), 2)
    np.testing.assert_array_equal(light, [1, 1, *[np.nan] * 4])
    np.testing.assert_array_equal(heavy, [*[np.nan] * 4, 1, 0])


def test_items_of_the_three_slices_add_up_to_all_held_out_likes(slices):
    random = np.random.default_rng(0)
    relevant = csr_matrix((random.random((6, 13)) < 0.4).astype(np.float32))
    listed = np.array([random.permutation(13)[:8] for _ in range(6)], np.int32)
    hits = hits_of(listed, relevant, 8)
    parts = [slices[name].within(hits, listed, relevant) for name in ("cold", "head", "tail")]
    np.testing.assert_array_equal(sum(part[0].astype(int) for part in parts), hits)
    np.testing.assert_array_equal(sum(part[1] for part in parts), np.diff(relevant.indptr))
