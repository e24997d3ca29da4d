from __future__ import annotations

from threading import Event

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from pipeline.recommenders.factors import FactorsFitted
from pipeline.tuning.pooling import (
    ideal_of,
    joined,
    of_chunks,
    pooled,
    pooled_ndcg,
    taken,
    z_scorer,
)

ZEROS = np.zeros(4, np.float32)
SCORES = np.asarray([[3, 1, 0, 2], [0, -np.inf, 5, 1]], np.float32)
SEEN = csr_matrix(np.asarray([[1, 0, 0, 0], [0, 0, 0, 0]], np.float32))


def test_all_that_is_not_seen_is_pooled_where_lists_are_short():
    assert pooled([SCORES], SEEN).tolist() == [[1, 2, 3], [0, 2, 3]], "the last item is no pad"


def test_the_pool_is_the_union_of_what_each_ranks_high(monkeypatch):
    monkeypatch.setattr("pipeline.tuning.pooling._DEPTH", 1)
    assert pooled([SCORES], SEEN).tolist() == [[3], [2]]
    other = np.asarray([[0, 0, 0, 9], [8, 0, 0, 0]], np.float32)
    assert pooled(np.stack([SCORES, other]), SEEN).tolist() == [[3, -1], [0, 2]]


def test_padded_places_hold_what_was_asked_for():
    columns = np.asarray([[3, -1], [0, 2]])
    assert taken(SCORES, columns, 7.0).tolist() == [[2, 7], [0, 5]]
    both = taken(np.stack([SCORES, -SCORES]), columns, -np.inf)
    assert both.tolist() == [[[2, -np.inf], [0, 5]], [[-2, -np.inf], [0, -5]]]
    assert joined([columns, np.ones((1, 3), int)], -1).tolist() == [
        [3, -1, -1],
        [0, 2, -1],
        [1] * 3,
    ]
    assert joined([both, both[..., :1]], 0.0).shape == (2, 4, 2)


def test_what_a_model_does_not_list_is_average():
    known = np.asarray([0, 2, 3], np.int32)
    model = FactorsFitted(
        SCORES[:, known], ZEROS[:2], np.eye(4, dtype=np.float32)[:, known], ZEROS, known
    )
    scores = z_scorer(model)(np.asarray([1, 0], np.int32))
    assert scores[:, 1].tolist() == [0, 0]
    assert scores[:, known].mean(axis=1).tolist() == pytest.approx([0, 0], abs=1e-6)
    assert scores.argmax(axis=1).tolist() == [2, 0]


@pytest.mark.parametrize("threads", [1, 3])
def test_chunks_are_told_of_in_order(threads):
    users = np.arange(7, 207, dtype=np.int32)
    is_later = Event()

    def told(chunk):
        if threads > 1 and chunk[0] == 7:
            assert is_later.wait(60)  # the first chunk is over last
        if chunk[-1] == 206:
            is_later.set()
        return chunk

    parts = of_chunks(told, users, threads)
    assert [len(part) for part in parts] == [64, 64, 64, 8]
    assert np.concatenate(parts).tolist() == users.tolist()


def test_ndcg_of_each_row_by_hand():
    scores = np.array([[3, 2, 1], [1, 2, 3], [-np.inf, 2, 1]], np.float32)
    gains = np.array([[0, 1, 0], [0, 0, 1], [0, 0, 1]], np.float32)
    ideal = np.array([1.0, 1.0, 2.0])
    second = 1 / np.log2(3)
    found = pooled_ndcg(scores, gains, ideal)
    assert found.tolist() == pytest.approx([second, 1, second / 2])


def test_ideal_counts_at_most_twenty():
    held_out = csr_matrix(np.tri(30, dtype=np.float32))  # 1 to 30 likes
    ideal = ideal_of(held_out)
    assert ideal[:2].tolist() == pytest.approx([1, 1 + 1 / np.log2(3)])
    assert ideal[19:].tolist() == pytest.approx([np.sum(1 / np.log2(np.arange(2, 22)))] * 11)
