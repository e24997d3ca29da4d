"""What is kept of products, panel by panel, beside a plain sort of all of them."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.recommenders.kept_products import KeptProducts, Panel
from pipeline.recommenders.score_keys import NO_KEY, columns_of, scores_of


def in_panels(products, items, height):
    """Panels of some lines each; the last may be shorter."""
    rows = np.arange(products.shape[1])
    starts = range(0, len(products), height)
    parts = (slice(start, start + height) for start in starts)
    return [Panel(products[part], rows, items[part]) for part in parts]


def reaching(kept, panel):
    return np.flatnonzero(panel.products >= kept.bounds[panel.rows])


def plain(products, items, k):
    """Items of the k highest finite products of each row, equal ones by item; -1 pads."""
    found = np.full((products.shape[1], k), -1)
    for row, column in enumerate(products.T):
        order = np.lexsort((items, -column))
        best = items[order[np.isfinite(column[order])]][:k]
        found[row, : len(best)] = best
    return found


def items_of(keys):
    return np.where(keys == NO_KEY, -1, columns_of(keys).astype(np.int64))


@pytest.mark.parametrize("n_values", [2, 5, 10_000])
@pytest.mark.parametrize("k", [1, 7, 40])
def test_the_best_of_all_panels_are_kept_in_order(n_values, k):
    random = np.random.default_rng(k * n_values)
    products = random.integers(0, n_values, (900, 6)).astype(np.float32)
    products[random.random(products.shape) < 0.2] = -np.inf
    products[:, 5] = -np.inf
    items = random.permutation(900)
    kept = KeptProducts(6, k)
    for panel in in_panels(products, items, 200):
        kept.raise_bounds(panel)
        kept.keep(panel, reaching(kept, panel))
    np.testing.assert_array_equal(items_of(kept.best()), plain(products, items, k))


@pytest.mark.parametrize("k", [1, 3, 20])
def test_a_bound_is_never_above_the_kth_product_and_rises(k):
    products = np.random.default_rng(k).normal(size=(3000, 4)).astype(np.float32)
    kth = np.sort(products, axis=0)[-k]
    kept = KeptProducts(4, k)
    before = kept.bounds.copy()
    for panel in in_panels(products, np.arange(3000), 500):
        kept.raise_bounds(panel)
        kept.keep(panel, reaching(kept, panel))
        assert (kept.bounds >= before).all()
        before = kept.bounds.copy()
    assert (before > products.mean(axis=0)).all()
    assert (kept.bounds <= kth).all()
    np.testing.assert_array_equal(scores_of(kept.best()[:, -1]), kth)


def test_a_row_of_equal_products_keeps_the_first_items_alone():
    products = np.ones((5000, 3), np.float32)
    items = np.arange(5000)[::-1].copy()
    kept = KeptProducts(3, 4)
    for panel in in_panels(products, items, 1000):
        kept.keep(panel, reaching(kept, panel))
        assert sum(map(len, kept.fresh)) <= 3 * kept.share
    assert items_of(kept.best()).tolist() == [[0, 1, 2, 3]] * 3


def test_rows_that_are_not_in_a_panel_stay_as_they_are():
    kept = KeptProducts(3, 2)
    kept.keep(
        Panel(np.array([[4.0], [9.0]], np.float32), np.array([1]), np.array([5, 6])), np.arange(2)
    )
    found = kept.best()
    assert items_of(found).tolist() == [[-1, -1], [6, 5], [-1, -1]]
    assert scores_of(found[1]).tolist() == [9, 4]
