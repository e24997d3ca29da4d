from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from scipy.sparse import csr_matrix

from pipeline.dataset.splits import Part, split_interactions
from pipeline.evaluation.shift import Shift, popularity_shift, z_scores_of_test_counts


def matrix(rows):
    return csr_matrix(np.array(rows, np.float32))


def test_z_scores_by_hand():
    known = matrix([[1, 0, 1], [1, 0, 0], [0, 1, 0], [1, 0, 0]])
    test = matrix([[0, 1, 0], [0, 1, 0], [0, 0, 0], [0, 0, 1]])
    # 3 of 8 likes are tested; counts of items: 0 of 3, 2 of 3, 1 of 2.
    p = 3 / 8
    deviations = [np.sqrt(n * p * (1 - p)) for n in (3, 3, 2)]
    wanted = [(0 - 3 * p), (2 - 3 * p), (1 - 2 * p)] / np.array(deviations)
    np.testing.assert_allclose(z_scores_of_test_counts(known, test), wanted)


def test_z_scores_by_user_by_hand():
    known, test = matrix([[1, 1, 0], [1, 0, 0]]), matrix([[0, 0, 1], [0, 1, 0]])
    # Shares of test likes are 1/3 and 1/2; item 1 is liked by both, tested for the second.
    z = z_scores_of_test_counts(known, test, by_user=True)
    wanted = (1 - (1 / 3 + 1 / 2)) / np.sqrt(2 / 9 + 1 / 4)
    assert z[1] == pytest.approx(wanted)


def test_an_item_without_likes_has_no_z_score():
    z = z_scores_of_test_counts(matrix([[1, 0], [1, 0]]), matrix([[0, 0], [0, 0]]))
    assert np.isnan(z).all()


def likes_of(n_users, n_items, seed):
    """Long-tailed likes: most users have few, and items differ in popularity."""
    random = np.random.default_rng(seed)
    lengths = np.minimum(2 + random.geometric(0.06, n_users), n_items // 2)
    weights = 1 / np.arange(3, n_items + 3)
    scores = np.log(weights) + random.gumbel(size=(n_users, n_items))
    ranked = np.argsort(-scores, axis=1)
    return np.arange(n_items) < lengths[:, None], ranked


def split_of(n_users=1500, n_items=300, seed=0):
    listed, ranked = likes_of(n_users, n_items, seed)
    user, place = np.nonzero(listed)
    frame = pl.DataFrame(
        {
            "user_id": [f"u{one:05}" for one in user],
            "item_id": [f"i{one:05}" for one in ranked[user, place]],
            "liked_at": pl.Series([None] * len(user), dtype=pl.Datetime("us", "UTC")),
        }
    )
    parts = split_interactions(frame, seed=seed).parts
    row, column = (
        parts[name].str.slice(1).cast(pl.Int32).to_numpy() for name in ("user_id", "item_id")
    )
    tested = (parts["part"] == Part.TEST.value).to_numpy()
    return tuple(
        csr_matrix((np.ones(mask.sum()), (row[mask], column[mask])), shape=(n_users, n_items))
        for mask in (~tested, tested)
    )


@pytest.mark.parametrize("seed", range(6))
def test_a_random_split_is_never_warned_of(seed):
    shift = popularity_shift(*split_of(seed=seed), by_user=True)
    assert shift.spread == pytest.approx(1, abs=0.3)
    assert not shift.warns
    assert shift.sentence.startswith("Popularity is the same")


def test_items_that_rise_and_fall_are_warned_of():
    known, test = split_of()
    moved = test.toarray()
    moved[:, ::2] = 0  # half of the items stop being liked
    shift = popularity_shift(known, csr_matrix(moved))
    assert shift.warns
    assert shift.sentence.startswith("Warning: popularity has shifted")
    assert f"spread {shift.spread:.2f}" in shift.sentence


def test_the_floor_falls_until_items_are_enough_and_says_so():
    known, test = split_of(n_users=500)
    shift = popularity_shift(known, test, by_user=True)
    counts = np.asarray((known + test).sum(axis=0)).ravel()
    assert shift.floor < 200
    assert shift.n_items == (counts > shift.floor).sum() >= 30
    assert f"more than {shift.floor} likes (too few have more than 200)" in shift.sentence


def test_too_few_items_are_not_compared():
    shift = popularity_shift(*split_of(n_users=20))
    assert np.isnan(shift.spread)
    assert not shift.warns
    assert "not compared" in shift.sentence


@pytest.mark.parametrize(
    ("spread", "n_items", "warns"),
    [
        (1.2, 10_000, False),
        (1.3, 10_000, True),
        (1.6, 30, False),
        (1.7, 30, True),
        (4.6, 313, True),
    ],
)
def test_few_items_must_spread_wider(spread, n_items, warns):
    assert Shift(spread, n_items, 200).warns is warns
