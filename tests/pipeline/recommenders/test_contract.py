"""What every algorithm of the registry promises, checked by one class."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from pipeline.dataset.matrix import Dataset
from pipeline.errors import FitError, InputError
from pipeline.recommenders.base import Fitted, Recommender
from pipeline.recommenders.popular import PopularFitted
from pipeline.recommenders.registry import RECOMMENDERS

K = 10
ORDER = (
    *("popular", "item_graph", "ials", "spectral", "ease", "blend", "lightfm_cf"),
    *("lightfm_hybrid", "tag_profile", "tag_factors", "tag_kernel", "hybrid", "best"),
)


@pytest.fixture(params=RECOMMENDERS, ids=lambda algorithm: algorithm.name)
def model(request) -> Recommender:
    return request.param()


@pytest.fixture
def fitted(model, dataset) -> Fitted:
    return model.fit(dataset, seed=0, threads=1)


def everyone(dataset: Dataset) -> np.ndarray:
    return np.arange(dataset.n_users, dtype=np.int32)


def assert_well_formed(lists, n: int, k: int, allowed) -> None:
    """Shapes, types, order, ties and padding."""
    assert lists.item_idxs.shape == lists.scores.shape == (n, k)
    assert lists.item_idxs.dtype == np.int32
    assert lists.scores.dtype == np.float32
    listed = lists.item_idxs >= 0
    assert (np.diff(listed.astype(int), axis=1) <= 0).all(), "padding stands at the end"
    assert (np.isfinite(lists.scores) == listed).all()
    assert np.isin(lists.item_idxs[listed], allowed).all()
    for row, row_scores in zip(lists.item_idxs, lists.scores, strict=True):
        items, scores = row[row >= 0], row_scores[row >= 0]
        assert len(set(items.tolist())) == len(items)
        assert (np.diff(scores) <= 0).all(), "best first"
        assert (np.diff(items)[np.diff(scores) == 0] > 0).all(), "ties by lower index"


def assert_heads_but_for_ties(lists, whole, allowed, best: float) -> None:
    """Each list begins as the whole one does that keeps what is `allowed`.

    A product of another shape is added up in another order, on some processors: what differs by
    less than a hundred thousandth of anyone's best score is a tie, and may stand in any order.
    """
    for items, scores, among, of in zip(*lists_of(lists), *lists_of(whole), strict=True):
        wanted = of[np.isin(among, allowed)][: len(items)]
        score_of = dict(zip(among.tolist(), of.tolist(), strict=True))
        found = [score_of[item] for item in items[: len(wanted)].tolist()]
        np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-5 * best)
        np.testing.assert_allclose(scores[: len(wanted)], wanted, rtol=0, atol=1e-5 * best)


def lists_of(lists):
    return lists.item_idxs, lists.scores


def best_score(fitted: Fitted, dataset: Dataset) -> float:
    return float(np.abs(fitted.user_lists(everyone(dataset), 1).scores).max())


class TestContract:
    def test_it_says_what_it_is(self, model):
        assert model.name == model.name.lower()
        assert model.label
        assert model.sentence.endswith(".")

    def test_user_lists_are_well_formed_and_nobody_goes_without(self, fitted, dataset):
        lists = fitted.user_lists(everyone(dataset), K, seen=dataset.user_items)
        assert_well_formed(lists, dataset.n_users, K, fitted.listable)
        assert (lists.item_idxs[:, 0] >= 0).all()

    def test_seen_items_never_come_back(self, fitted, dataset):
        users = everyone(dataset)
        lists = fitted.user_lists(users, dataset.n_items, seen=dataset.user_items)
        listed = [set(row[row >= 0].tolist()) for row in lists.item_idxs]
        seen = [set(dataset.user_items[user].indices.tolist()) for user in users]
        assert not any(a & b for a, b in zip(listed, seen, strict=True))
        twin = fitted.user_lists(users, dataset.n_items)
        again = [set(row[row >= 0].tolist()) for row in twin.item_idxs]
        assert all(b <= a for a, b in zip(again, seen, strict=True))

    def test_a_seen_item_of_weight_zero_is_seen_too(self, fitted, dataset):
        seen = dataset.user_items.copy()
        seen.data[:] = 0
        hidden = fitted.user_lists(everyone(dataset), K, seen=seen)
        wanted = fitted.user_lists(everyone(dataset), K, seen=dataset.user_items)
        np.testing.assert_array_equal(hidden.item_idxs, wanted.item_idxs)

    def test_short_lists_are_the_head_of_long_ones(self, fitted, dataset):
        short = fitted.user_lists(everyone(dataset), 3, seen=dataset.user_items)
        long = fitted.user_lists(everyone(dataset), K, seen=dataset.user_items)
        np.testing.assert_array_equal(short.item_idxs, long.item_idxs[:, :3])

    def test_all_users_get_the_same_lists_as_some(self, fitted, dataset):
        some = np.array([90, 3, 41], np.int32)
        alone = fitted.user_lists(some, K, seen=dataset.user_items)
        among = fitted.user_lists(everyone(dataset), dataset.n_items, seen=dataset.user_items)
        chosen = replace(among, item_idxs=among.item_idxs[some], scores=among.scores[some])
        assert_well_formed(alone, len(some), K, fitted.listable)
        assert_heads_but_for_ties(alone, chosen, fitted.listable, best_score(fitted, dataset))

    def test_candidates_restrict_lists_and_keep_their_order(self, fitted, dataset):
        users = everyone(dataset)
        allowed = fitted.listable[::2]
        lists = fitted.user_lists(users, K, seen=dataset.user_items, candidates=allowed)
        assert_well_formed(lists, len(users), K, allowed)
        whole = fitted.user_lists(users, dataset.n_items, seen=dataset.user_items)
        assert_heads_but_for_ties(lists, whole, allowed, best_score(fitted, dataset))

    def test_no_candidates_give_no_items(self, fitted, dataset):
        none = np.empty(0, np.int32)
        lists = fitted.user_lists(everyone(dataset), K, candidates=none)
        assert (lists.item_idxs == -1).all()

    def test_similar_items_are_well_formed_and_never_the_item_itself(self, fitted):
        lists = fitted.item_lists(fitted.subjects, K)
        if not len(fitted.subjects):
            assert lists is None
            return
        assert_well_formed(lists, len(fitted.subjects), K, fitted.listable)
        assert not (lists.item_idxs == fitted.subjects[:, None]).any()
        allowed = fitted.listable[::3]
        narrow = fitted.item_lists(fitted.subjects, K, candidates=allowed)
        assert np.isin(narrow.item_idxs[narrow.item_idxs >= 0], allowed).all()

    def test_one_thread_and_one_seed_give_the_same_bytes(self, model, dataset):
        arrays = [model.fit(dataset, seed=7, threads=1).to_arrays() for _ in range(2)]
        assert arrays[0].keys() == arrays[1].keys()
        for name, array in arrays[0].items():
            assert array.tobytes() == arrays[1][name].tobytes(), name

    def test_arrays_carry_all_it_knows(self, fitted, dataset):
        again = type(fitted).from_arrays(fitted.to_arrays())
        users = everyone(dataset)
        lists, copy = (f.user_lists(users, K, seen=dataset.user_items) for f in (fitted, again))
        assert lists.item_idxs.tobytes() == copy.item_idxs.tobytes()
        assert lists.scores.tobytes() == copy.scores.tobytes()
        assert not any(array.dtype.hasobject for array in fitted.to_arrays().values())

    def test_a_missing_array_is_named(self, fitted):
        arrays = fitted.to_arrays()
        name, _ = arrays.popitem()
        with pytest.raises(KeyError, match=name):
            type(fitted).from_arrays(arrays)

    def test_nothing_to_learn_from_gives_empty_lists(self, model, bare, dataset):
        data = dataset if model.refusal(bare) else bare
        nobody = csr_matrix(data.user_items.shape, dtype=np.float32)
        fitted = model.fit(replace(data, user_items=nobody))
        assert len(fitted.listable) == 0
        assert (fitted.user_lists(everyone(data), K).item_idxs == -1).all()

    def test_a_refusal_is_what_the_fit_fails_with(self, model, bare):
        reason = model.refusal(bare)
        if reason is None:
            return
        assert reason.startswith(model.name)
        with pytest.raises(FitError) as caught:
            model.fit(bare)
        assert str(caught.value) == reason

    def test_weights_are_accepted(self, model, dataset):
        weighted = dataset.user_items.copy()
        weighted.data = np.random.default_rng(0).uniform(0.2, 3, weighted.nnz).astype(np.float32)
        fitted = model.fit(replace(dataset, user_items=weighted))
        lists = fitted.user_lists(everyone(dataset), K, seen=weighted)
        assert_well_formed(lists, dataset.n_users, K, fitted.listable)

    def test_parameters_out_of_range_are_all_named(self, model):
        bad = {item.name: item.metadata["low"] - 1 for item in fields(model) if item.metadata}
        if not bad:
            return
        with pytest.raises(InputError) as caught:
            type(model)(**bad)
        assert len(caught.value.faults) == len(bad)
        assert all(any(name in fault for fault in caught.value.faults) for name in bad)

    def test_its_path_ends_at_itself_with_rising_effort(self, model, dataset):
        efforts = [step.effort for step in model.path()]
        assert model.path()[-1] == model
        assert efforts == sorted(set(efforts))
        assert set(model.search_space()) <= set(model.parameters)
        assert model.first_fit_s(dataset) > 0

    def test_a_search_begins_within_its_space_and_finds_its_way_back(self, model, dataset):
        space = model.search_space()
        for start in model.starts(dataset):
            assert type(start) is type(model)
            place = start.coordinates(dataset)
            assert set(place) == set(space)
            assert start.at(place, dataset).parameters == pytest.approx(start.parameters)
            for name, parameter in space.items():
                low, high = parameter.metadata["search"]
                assert low <= place[name] <= high
                for end in (low, high):
                    moved = start.at({**place, name: end}, dataset)
                    if moved.coordinates(dataset)[name] != pytest.approx(end):
                        own = getattr(moved, name)
                        assert own in (parameter.metadata["low"], parameter.metadata["high"])


def test_names_are_unique_and_in_the_order_of_display():
    names = [algorithm.name for algorithm in RECOMMENDERS]
    assert names == [name for name in ORDER if name in names]
    assert len(set(names)) == len(RECOMMENDERS)


def test_the_check_of_heads_can_fail():
    model = PopularFitted(np.array([3.0, 2.0, 1.0], np.float32))
    lists = model.user_lists(np.zeros(1, np.int32), 3)
    assert_heads_but_for_ties(lists, lists, [0, 1, 2], 3.0)
    wrong = replace(lists, item_idxs=lists.item_idxs[:, [1, 0, 2]])
    with pytest.raises(AssertionError, match="Not equal to tolerance"):
        assert_heads_but_for_ties(wrong, lists, [0, 1, 2], 3.0)


def test_the_check_of_lists_can_fail():
    lists = PopularFitted(np.array([3.0, 3.0, 1.0], np.float32)).user_lists(
        np.zeros(1, np.int32), 3
    )
    assert_well_formed(lists, 1, 3, [0, 1, 2])
    wrong = replace(lists, item_idxs=lists.item_idxs[:, [1, 0, 2]])
    with pytest.raises(AssertionError, match="ties"):
        assert_well_formed(wrong, 1, 3, [0, 1, 2])
