from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_matrix, random_array

from pipeline.errors import FitError
from pipeline.recommenders import inner_products, kept_products
from pipeline.recommenders.inner_products import highest_products
from pipeline.recommenders.topk import empty_lists


def vectors(n_users=600, n_items=333, *, n=5, seed=0):
    """Whole numbers: products are exact in any order, and many are equal."""
    random = np.random.default_rng(seed)
    users = random.integers(-3, 4, (n_users, n)).astype(np.float32)
    items = random.integers(-3, 4, (n_items, n)).astype(np.float32)
    seen = csr_matrix(random_array((n_users, n_items), density=0.1, format="csr", rng=seed))
    return users, items, seen


def everything(n):
    return np.arange(n, dtype=np.int32)


def listed(users, items, k, **options):
    arguments = {"item_vectors": items, "item_idxs": everything(len(items)), "n_items": len(items)}
    rows = everything(len(users))
    return highest_products(lambda chunk: users[chunk], rows, k, **{**arguments, **options})


def assert_sorted_whole(lists, scores, k):
    """The lists are the answer by sorting every row whole."""
    wanted = empty_lists(len(scores), k)
    order = np.lexsort((np.broadcast_to(np.arange(scores.shape[1]), scores.shape), -scores))
    head = order[:, :k]
    values = np.take_along_axis(scores, head, axis=1)
    wanted.item_idxs[:, : head.shape[1]] = np.where(np.isfinite(values), head, -1)
    wanted.scores[:, : head.shape[1]] = np.where(np.isfinite(values), values, np.nan)
    np.testing.assert_array_equal(lists.item_idxs, wanted.item_idxs)
    np.testing.assert_array_equal(lists.scores, wanted.scores)


@pytest.fixture
def small_panels(monkeypatch):
    """Panels of a few items, so that small matrices take many."""
    monkeypatch.setattr(inner_products, "_TILE_SIZE", 8)
    monkeypatch.setattr(inner_products, "_PANEL_SIZE", 1 << 12)
    monkeypatch.setattr(inner_products, "_FIRST_PANEL_SIZE", 1 << 13)
    monkeypatch.setattr(kept_products, "_LEAST_FRESH", 4)


@settings(max_examples=100, deadline=None)
@given(
    n_users=st.integers(1, 40),
    n_items=st.integers(1, 60),
    n=st.integers(0, 3),
    k=st.integers(1, 70),
    seed=st.integers(0, 999),
)
def test_lists_equal_sorting_whole_rows(n_users, n_items, n, k, seed):
    users, items, seen = vectors(n_users, n_items, n=n, seed=seed)
    scores = users @ items.T
    scores[seen.nonzero()] = -np.inf
    assert_sorted_whole(listed(users, items, k, hidden=seen), scores, k)


@pytest.mark.usefixtures("small_panels")
@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("k", [1, 10, 100, 400])
def test_lists_equal_sorting_whole_rows_over_many_panels(k, threads):
    users, items, seen = vectors()
    hidden = seen.toarray()
    hidden[7] = 1  # nothing is left
    seen = csr_matrix(hidden)
    scores = users @ items.T
    assert_sorted_whole(listed(users, items, k, threads=threads), scores, k)
    scores[seen.nonzero()] = -np.inf
    assert_sorted_whole(listed(users, items, k, hidden=seen, threads=threads), scores, k)


@pytest.mark.parametrize("k", [1, 20, 100])
def test_lists_of_wide_catalogues(k):
    random = np.random.default_rng(1)
    users = random.integers(-9, 10, (300, 8)).astype(np.float32)
    items = random.integers(-9, 10, (9_000, 8)).astype(np.float32)
    users[3] = 0  # all products are equal
    users[4:20, 1:] = 0  # as good as all
    assert_sorted_whole(listed(users, items, k), users @ items.T, k)


@pytest.mark.usefixtures("small_panels")
@pytest.mark.parametrize("k", [1, 7, 60])
def test_products_that_rise_while_items_get_shorter(k):
    users, items, seen = vectors()
    users, items = -np.abs(users), np.abs(items)
    scores = users @ items.T
    scores[seen.nonzero()] = -np.inf
    assert_sorted_whole(listed(users, items, k, hidden=seen), scores, k)


@pytest.mark.usefixtures("small_panels")
@pytest.mark.parametrize("k", [1, 7, 60])
def test_equal_products_go_by_lower_item_whatever_the_lengths(k):
    users, items, _ = vectors()
    users[:, 1:] = 0
    items[:, 0] = 2
    assert_sorted_whole(listed(users, items, k), users @ items.T, k)
    assert_sorted_whole(listed(np.zeros_like(users), items, k), np.zeros((600, 333)), k)


@pytest.mark.usefixtures("small_panels")
def test_rows_that_are_done_are_not_multiplied_any_more(monkeypatch):
    users, items, _ = vectors(n_items=2000, n=3)
    seen = csr_matrix(random_array((600, 2000), density=0.05, format="csr", rng=2))
    lengths = np.repeat([64, 8, 1, 0.125], 500).astype(np.float32)
    items *= np.random.default_rng(1).permutation(lengths)[:, None]
    users[:30] = 0  # of all products 0, these are never done
    read = []
    products = inner_products._Chunk._products

    def counted(self, start, stop):
        read.append((stop - start) * len(self.going))
        return products(self, start, stop)

    monkeypatch.setattr(inner_products._Chunk, "_products", counted)
    scores = users @ items.T
    assert_sorted_whole(listed(users, items, 5), scores, 5)
    assert sum(read) < 0.7 * scores.size
    scores[seen.nonzero()] = -np.inf
    assert_sorted_whole(listed(users, items, 5, hidden=seen), scores, 5)


@pytest.mark.usefixtures("small_panels")
def test_the_comparison_with_whole_rows_can_fail(monkeypatch):
    users, items, _ = vectors()
    monkeypatch.setattr(inner_products, "_lengths", lambda rows: np.full(len(rows), 1e-3))
    with pytest.raises(AssertionError):
        assert_sorted_whole(listed(users, items, 10), users @ items.T, 10)


def short_ties():
    """sqrt(3) ** 2 is less than 3, which the product of the shorter items, of lower index, is."""
    items = np.concatenate([np.ones((300, 3)), np.tile([1, 2, 0], (2048, 1))])  # whole panels
    return np.ones((8, 3), np.float32), items.astype(np.float32)


def ties_near_zero():
    """All products are rounded to 2 ** -149, the least there is: those of shorter items up."""
    items = np.concatenate([np.full((300, 1), 1.1), np.full((2048, 1), 1.9)])  # whole panels
    users = np.full((8, 1), 2.0**-75, np.float32)
    return users, items.astype(np.float32) * np.float32(2.0**-75)


@pytest.mark.usefixtures("small_panels")
@pytest.mark.parametrize("witness", [short_ties, ties_near_zero])
def test_products_rounded_above_the_product_of_lengths_are_listed(witness):
    users, items = witness()
    with np.errstate(under="ignore"):
        assert_sorted_whole(listed(users, items, 5), users @ items.T, 5)


@pytest.mark.usefixtures("small_panels")
@pytest.mark.parametrize(("margin", "witness"), [("_EPS", short_ties), ("_TINY", ties_near_zero)])
def test_lengths_without_a_margin_lose_such_products(monkeypatch, margin, witness):
    monkeypatch.setattr(inner_products, margin, 0)
    users, items = witness()
    with np.errstate(under="ignore"):
        lists = listed(users, items, 5)
        assert (lists.item_idxs >= 300).all()
        with pytest.raises(AssertionError):
            assert_sorted_whole(lists, users @ items.T, 5)


def test_lists_of_some_rows_and_some_items():
    users, items, seen = vectors()
    rows = np.array([5, 599, 17], np.int32)
    allowed = np.array([3, 40, 41, 200, 332], np.int32)
    lists = highest_products(
        lambda chunk: users[chunk],
        rows,
        4,
        item_vectors=items[allowed],
        item_idxs=allowed,
        n_items=len(items),
        hidden=seen,
    )
    scores = users @ items.T
    scores[seen.nonzero()] = -np.inf
    scores[:, np.setdiff1d(everything(len(items)), allowed)] = -np.inf
    assert_sorted_whole(lists, scores[rows], 4)


def test_vectors_are_asked_for_by_chunks():
    users, items, _ = vectors()
    asked = []

    def vectors_of(chunk):
        asked.append(chunk)
        return users[chunk]

    rows = everything(len(users))[::-1]
    n_items = len(items)
    options = {"item_vectors": items, "item_idxs": everything(n_items), "n_items": n_items}
    assert_sorted_whole(highest_products(vectors_of, rows, 3, **options), users[rows] @ items.T, 3)
    assert max(map(len, asked)) <= 256
    np.testing.assert_array_equal(np.concatenate(asked), rows)


def test_no_item_is_listed_beside_itself():
    _, items, _ = vectors()
    scores = items @ items.T
    np.fill_diagonal(scores, -np.inf)
    assert_sorted_whole(listed(items, items, 12, hide_self=True), scores, 12)
    twin = listed(items, items, len(items))
    assert (twin.item_idxs == everything(len(items))[:, None]).any(axis=1).all()


def test_lists_do_not_depend_on_threads_or_on_the_run():
    random = np.random.default_rng(3)
    users = random.normal(size=(1_031, 16)).astype(np.float32)
    items = random.normal(size=(5_000, 16)).astype(np.float32)
    items *= random.uniform(0.1, 3, (5_000, 1)).astype(np.float32)
    runs = [listed(users, items, 20, threads=threads) for threads in (1, 2, 1)]
    assert len({lists.item_idxs.tobytes() for lists in runs}) == 1
    assert len({lists.scores.tobytes() for lists in runs}) == 1


@pytest.mark.parametrize("exponent", [-149, -140, -75, -40, 0, 40, 60])
def test_lengths_near_the_ends_of_float32(exponent):
    users, items, _ = vectors(n_users=20)
    users, items = (np.ldexp(rows, exponent).astype(np.float32) for rows in (users, items))
    with np.errstate(under="ignore"):
        assert_sorted_whole(listed(users, items, 9), users @ items.T, 9)


@pytest.mark.parametrize("odd", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("side", [0, 1])
def test_vectors_that_are_not_finite_are_refused(side, odd):
    sides = list(vectors(300, 70)[:2])
    listed(*sides, 3)
    sides[side][66, 1] = odd
    with pytest.raises(FitError, match="must be finite or -inf"):
        listed(*sides, 3, threads=2)


def test_vectors_whose_product_may_overflow_are_refused():
    users, items, _ = vectors(3, 4)
    users[1, 0], items[2, 0] = 1e30, 1e10
    with pytest.raises(FitError, match="fitted astray"):
        listed(users, items, 2)


def test_more_items_than_a_key_tells_apart_are_refused(monkeypatch):
    users, items, _ = vectors(3, 5)
    monkeypatch.setattr(inner_products, "KEY_COLUMNS", 4)
    with pytest.raises(ValueError, match="5 items are too many; 4"):
        listed(users, items, 2)


@pytest.mark.parametrize(("n_users", "n_items", "k"), [(0, 3, 2), (3, 0, 2), (3, 3, 0)])
def test_no_rows_no_items_or_no_places_give_empty_lists(n_users, n_items, k):
    users, items, _ = vectors(4, 4)
    lists = listed(users[:n_users], items[:n_items], k)
    assert lists.item_idxs.shape == lists.scores.shape == (n_users, k)
    assert (lists.item_idxs == -1).all()
    assert np.isnan(lists.scores).all()
