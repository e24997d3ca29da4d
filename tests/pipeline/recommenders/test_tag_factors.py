from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pipeline.recommenders.ials import Ials
from pipeline.recommenders.tag_factors import TagFactors
from pipeline.recommenders.tag_vectors import tag_vectors

SMALL = TagFactors(power=1, regularization=0.5, damping=2.0, collaborative=Ials(factors=8))


def test_factors_are_those_of_the_weighted_ridge(dataset):
    fitted = SMALL.fit(dataset)
    ials = SMALL.collaborative.fit(dataset)
    rows = tag_vectors(dataset, idf_power=0.5, flatness=0.2).toarray().astype(np.float64)
    counts = np.bincount(dataset.user_items.indices, minlength=dataset.n_items)
    trusted = rows * (counts / (counts + 2.0))[:, None]
    system = rows.T @ trusted + 0.5 * np.eye(rows.shape[1])
    wanted = rows @ np.linalg.solve(system, trusted.T @ ials.item_factors)
    np.testing.assert_allclose(fitted.item_factors, wanted, atol=1e-3)
    np.testing.assert_array_equal(fitted.user_factors, ials.user_factors)


def test_cold_items_of_ones_group_come_first(dataset):
    fitted = SMALL.fit(dataset)
    users = np.arange(dataset.n_users, dtype=np.int32)
    cold = np.flatnonzero([item[2:] in {"10", "11"} for item in dataset.item_ids]).astype(np.int32)
    lists = fitted.user_lists(users, 2, candidates=cold)
    for user, row in zip(dataset.user_ids, lists.item_idxs, strict=True):
        assert {dataset.item_ids[item][0] for item in row} == {user[1]}


def test_the_estimate_counts_the_ridge_and_everybodys_solve(dataset):
    whole = replace(SMALL, flatness=0.9)
    ials_s = [
        replace(whole, collaborative=Ials(factors=8, iterations=n)).ials_s(dataset) for n in (2, 20)
    ]
    assert ials_s[1] / ials_s[0] == pytest.approx(23 / 5)  # the solve is as long as three
    with_space = whole.first_fit_s(dataset)
    whole.fit(dataset)
    without = whole.first_fit_s(dataset)
    assert with_space - without == pytest.approx(whole.space.seconds(dataset))
    assert without - whole.ials_s(dataset) == pytest.approx(whole.space.ridge_seconds(dataset))


def test_what_is_described_gives_the_same_settings():
    settings = replace(SMALL, idf_power=1.25)
    assert TagFactors.from_described(settings.described) == settings


def test_who_likes_nothing_gets_no_list(dataset):
    likes = dataset.user_items.copy()
    likes.data[likes.indptr[3] : likes.indptr[4]] = 0
    likes.eliminate_zeros()
    lists = SMALL.fit(replace(dataset, user_items=likes)).user_lists(np.array([3], np.int32), 3)
    assert (lists.item_idxs == -1).all()
