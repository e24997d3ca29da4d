from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from pipeline.dataset.matrix import Dataset
from pipeline.recommenders.popular import PopularFitted
from pipeline.tuning.judge import Judge, enough_to_judge

N_USERS, N_ITEMS = 40, 30


@pytest.fixture
def likes() -> tuple[Dataset, csr_matrix]:
    """Everybody likes ten items; three users have two more in validation."""
    random = np.random.default_rng(0)
    train, validation = np.zeros((2, N_USERS, N_ITEMS), np.float32)
    for user in range(N_USERS):
        chosen = random.choice(N_ITEMS, 12, replace=False)
        train[user, chosen[:10]] = 2.0
        if user < 3:
            validation[user, chosen[10:]] = 1.0
    dataset = Dataset(
        user_ids=np.asarray([f"u{n:02}" for n in range(N_USERS)]),
        item_ids=np.asarray([f"i{n:02}" for n in range(N_ITEMS)]),
        user_items=csr_matrix(train),
        item_features=csr_matrix((N_ITEMS, 0), dtype=np.float32),
        feature_names=(),
    )
    return dataset, csr_matrix(validation)


def test_a_judge_asks_users_with_likes_in_both_parts(likes):
    assert Judge.of(*likes, seed=0).users.tolist() == [0, 1, 2]


def test_a_narrowed_judge_asks_some_of_the_same_users(likes):
    judge = Judge.of(*likes, seed=0)
    chosen = {tuple(judge.narrowed(2, seed).users.tolist()) for seed in range(20)}
    assert chosen == {(0, 1), (0, 2), (1, 2)}
    assert judge.narrowed(3, seed=1).users.tolist() == [0, 1, 2]


def test_the_score_is_the_mean_ndcg_of_lists_without_what_is_seen(likes):
    train, validation = likes
    counts = np.zeros(N_ITEMS, np.float32)
    counts[validation[0].indices] = [2, 1]
    judge = replace(Judge.of(train, validation, seed=0), users=np.array([0], np.int32))
    assert judge.score(PopularFitted(counts)) == pytest.approx(1.0)
    counts[:] = 0
    counts[train.user_items[0].indices] = 1
    assert judge.score(PopularFitted(counts)) == 0.0


def test_where_few_can_judge_a_random_tenth_chooses_instead(likes):
    train, validation = likes
    less, held, note = enough_to_judge(train, validation, seed=0)
    assert len(Judge.of(less, held, seed=0).users) == N_USERS
    assert np.diff(held.indptr).tolist() == [1] * N_USERS
    together = less.user_items + held
    assert (together != train.user_items + validation).nnz == 0
    assert less.user_items.multiply(held).nnz == 0
    assert note.startswith("3 users have likes in training and in validation")
    assert "(40 users)" in note
    again = enough_to_judge(train, validation, seed=0)[1]
    assert (again != held).nnz == 0


def test_what_lets_enough_or_nearly_as_many_judge_stays(likes, monkeypatch):
    train, validation = likes
    monkeypatch.setattr("pipeline.tuning.judge._FEW_USERS", 3)
    assert enough_to_judge(train, validation, seed=0) == (train, validation, None)
    monkeypatch.undo()
    everybody = csr_matrix(np.tile(np.eye(1, N_ITEMS, dtype=np.float32), (N_USERS, 1)))
    assert enough_to_judge(train, everybody, seed=0)[2] is None


def test_where_nobody_can_judge_nothing_is_moved(likes):
    train, _ = likes
    lone = csr_matrix(np.eye(N_USERS, N_ITEMS, dtype=np.float32))
    nothing = csr_matrix(lone.shape, dtype=np.float32)
    alone = replace(train, user_items=lone)
    assert enough_to_judge(alone, nothing, seed=0) == (alone, nothing, None)


def test_no_more_users_judge_than_a_choice_needs(likes, monkeypatch):
    everybody = Judge.of(*likes, seed=0).users
    monkeypatch.setattr("pipeline.tuning.judge._MOST_USERS", 2)
    first, again, other = (Judge.of(*likes, seed=seed).users for seed in (0, 0, 1))
    assert len(first) == 2 < len(everybody)
    assert first.tolist() == again.tolist() == sorted(first.tolist())
    assert set(first) <= set(everybody)
    assert first.tolist() != other.tolist()
