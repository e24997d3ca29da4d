from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from scipy.sparse import csr_matrix

from pipeline.dataset.matrix import dataset_from
from pipeline.evaluation.intervals import estimates
from pipeline.evaluation.judging import LIST_METRICS, Key
from pipeline.evaluation.metrics import ndcg_at_k
from pipeline.evaluation.protocol import HeldOut, evaluate
from pipeline.recommenders.lightfm import LightfmCf
from pipeline.recommenders.popular import Popular
from pipeline.recommenders.registry import RECOMMENDERS
from pipeline.recommenders.tag_profile import TagProfile
from pipeline.tuning.budget import Budget

NDCG_10 = Key("", "NDCG", 10)


def difference_of(evaluation, model, against, metric, k):
    (found,) = (
        row
        for row in evaluation.differences
        if (row.model, row.against, row.metric, row.k) == (model, against, metric, k)
    )
    return found


def test_every_model_is_judged_and_the_planted_taste_beats_popularity(held_out):
    models = [algorithm() for algorithm in RECOMMENDERS]
    found = evaluate(models, held_out, resamples=200)
    popular, *others = found.models
    assert [judged.model.name for judged in found.models] == [m.name for m in models]
    assert found.n_users == len(held_out.judged) == 88
    for judged in others:
        assert judged.figure("NDCG", 10).low > popular.figure("NDCG", 10).high
        expected = judged.figure("NDCG", 10).mean - popular.figure("NDCG", 10).mean
        difference = difference_of(found, judged.model.name, "popular", "NDCG", 10)
        assert difference.interval.mean == pytest.approx(expected)
        assert difference.interval.low > 0


def test_every_metric_stands_at_every_k(held_out):
    (judged,) = evaluate([Popular()], held_out, resamples=50).models
    names = {(figure.metric, figure.k) for figure in judged.figures}
    metrics = ("Recall", "NDCG", "MAP", "Precision", *LIST_METRICS)
    assert names == {(metric, k) for metric in metrics for k in (5, 10, 20)}
    assert len(judged.figures) == len(names)
    assert np.isnan(judged.figure("coverage", 5).low)
    with pytest.raises(KeyError):
        judged.figure("NDCG", 7)


def test_figures_are_those_of_the_lists_after_train_and_validation(held_out):
    """Neither part may be recommended, and both are learned from."""
    (judged,) = evaluate([TagProfile()], held_out, resamples=50).models
    known = held_out.train.user_items + held_out.validation
    fitted = TagProfile().fit(replace(held_out.train, user_items=csr_matrix(known)))
    lists = fitted.user_lists(held_out.judged, 20, seen=csr_matrix(known))
    wanted = ndcg_at_k(lists.item_idxs, held_out.test[held_out.judged], 10)
    (expected,) = estimates(wanted[:, None], seed=held_out.seed, resamples=50)
    found = judged.estimates[NDCG_10]
    np.testing.assert_allclose(found.samples, expected.samples, rtol=1e-12)
    assert found.mean == pytest.approx(wanted.mean())
    alone = TagProfile().fit(held_out.train)
    twin = alone.user_lists(held_out.judged, 20, seen=held_out.train.user_items)
    assert not np.array_equal(twin.item_idxs, lists.item_idxs)


def test_the_test_part_decides_nothing_before_the_scores(held_out):
    """With another test part the same parameters are chosen by the same trials."""
    other = replace(held_out, test=held_out.test[::-1].tocsr())
    budget = Budget(seconds=None, trials=2)
    first, second = (
        evaluate([LightfmCf(factors=4)], part, budget=budget, resamples=20)
        for part in (held_out, other)
    )
    times = ("fit_s", "elapsed_s")
    assert first.trials.drop(times).equals(second.trials.drop(times))
    assert len(first.trials)
    assert first.models[0].model == second.models[0].model
    assert first.models[0].estimates[NDCG_10].mean != second.models[0].estimates[NDCG_10].mean


def test_the_tuned_setting_is_the_one_that_is_judged(held_out):
    found = evaluate([LightfmCf(factors=4)], held_out, budget=Budget(None, 1), resamples=20)
    (row,) = found.trials.filter("chosen").to_dicts()
    assert row["ndcg_at_20"] == found.trials["ndcg_at_20"].max()
    assert json.loads(row["parameters"]) == found.models[0].model.parameters
    chosen = evaluate([found.models[0].model], held_out, resamples=20)
    assert repr(chosen.models[0].figures) == repr(found.models[0].figures)
    assert chosen.trials.is_empty()


def test_users_who_cannot_be_judged_are_counted():
    pairs = pl.DataFrame(
        [
            ("both", "a", "train"),
            ("both", "b", "test"),
            ("learned", "a", "train"),
            ("tested", "a", "test"),
            ("late", "b", "validation"),
            ("late", "a", "test"),
        ],
        schema=["user_id", "item_id", "part"],
        orient="row",
    )
    dataset = dataset_from(pairs.select("user_id", "item_id"), user_ids=["without any like"])
    held_out = HeldOut.of(dataset, pairs, kind="temporal", seed=0)
    assert dataset.user_ids[held_out.judged].tolist() == ["both", "late"]
    assert held_out.n_users_skipped == 2
    found = evaluate([Popular()], held_out, resamples=20)
    assert (found.n_users, found.n_users_skipped, found.split) == (2, 2, "temporal")


def test_nobody_to_judge_gives_nan_and_no_error(held_out):
    empty = replace(held_out, test=csr_matrix(held_out.test.shape, dtype=np.float32))
    found = evaluate([Popular()], empty, resamples=20)
    assert found.n_users == 0
    assert np.isnan(found.models[0].figure("NDCG", 10).mean)


def test_a_train_like_keeps_its_weight():
    pairs = pl.DataFrame(
        {
            "user_id": ["u", "u"],
            "item_id": ["a", "b"],
            "weight": [0.5, 2.0],
            "part": ["train", "test"],
        }
    )
    dataset = dataset_from(pairs.select("user_id", "item_id", "weight"))
    held_out = HeldOut.of(dataset, pairs.drop("weight"), kind="random", seed=0)
    assert held_out.train.user_items.toarray().tolist() == [[0.5, 0.0]]
    assert held_out.test.toarray().tolist() == [[0.0, 1.0]]


def test_differences_are_paired_and_to_each_baseline_that_is_there(held_out):
    found = evaluate([Popular(), TagProfile()], held_out, resamples=100)
    assert {row.against for row in found.differences} == {"popular"}
    assert {(row.metric, row.k) for row in found.differences} == {
        ("NDCG", 10),
        ("NDCG", 20),
        ("Recall", 20),
    }
    popular, profile = (judged.estimates[NDCG_10] for judged in found.models)
    paired = difference_of(found, "tag_profile", "popular", "NDCG", 10).interval
    alone = profile.interval.high - profile.interval.low
    assert paired == profile.above(popular)
    assert 0 < paired.high - paired.low < alone + popular.interval.high - popular.interval.low


class CountedPopular(Popular):
    """Popularity that counts its fits."""

    fits = 0

    def fit(self, dataset, *, seed=0, threads=1):
        type(self).fits += 1
        return super().fit(dataset, seed=seed, threads=threads)


def test_what_is_published_is_held_against_and_the_same_settings_are_fitted_once(held_out):
    CountedPopular.fits = 0
    models = [CountedPopular(), TagProfile()]
    found = evaluate(models, held_out, published=CountedPopular(), resamples=20)
    assert CountedPopular.fits == 1
    assert found.published.model == CountedPopular()
    against = {(row.model, row.against) for row in found.differences}
    assert against == {
        ("tag_profile", "popular"),
        ("popular", "published"),
        ("tag_profile", "published"),
    }
    assert difference_of(found, "popular", "published", "NDCG", 10).interval.high == 0


def test_other_published_settings_are_judged_but_no_row_of_their_own(held_out):
    now = LightfmCf(factors=2, epochs=1)
    found = evaluate([Popular(), LightfmCf(factors=8, epochs=9)], held_out, published=now)
    assert [judged.model.name for judged in found.models] == ["popular", "lightfm_cf"]
    assert found.published.model == now
    better = difference_of(found, "lightfm_cf", "published", "NDCG", 20).interval
    assert better.low > 0
    without = evaluate([Popular()], held_out, resamples=20)
    assert without.published is None
    assert not without.differences


class Refusing(TagProfile):
    """A model that is too large for any likes."""

    name = "refusing"

    def refusal(self, dataset, *, in_tuner=False):
        return f"{dataset.n_items} items take 9 GB"


def test_a_model_that_refuses_the_likes_is_left_out_with_its_reason(held_out):
    found = evaluate([Refusing(), Popular()], held_out, published=Refusing(), resamples=20)
    assert [judged.model.name for judged in found.models] == ["popular"]
    assert found.notes == ("refusing is left out: 60 items take 9 GB",)
    assert found.published is None


def test_settings_that_are_fixed_are_not_tuned(held_out):
    fixed = LightfmCf(factors=4, epochs=2)
    budget = Budget(None, 1)
    found = evaluate([fixed], held_out, budget=budget, fixed={"lightfm_cf": fixed}, resamples=20)
    assert found.models[0].model == fixed
    assert found.trials.is_empty()
    assert len(evaluate([fixed], held_out, budget=budget, resamples=20).trials)


def test_seen_items_are_left_in_the_lists_only_where_asked_for(held_out):
    plain, left_in = (
        evaluate([Popular()], held_out, seen_left_in=seen, resamples=20) for seen in (False, True)
    )
    assert (plain.seen_left_in, left_in.seen_left_in) == (False, True)
    assert left_in.models[0].figure("coverage", 20).mean == pytest.approx(20 / 60)
    assert plain.models[0].figure("coverage", 20).mean > 20 / 60
    assert left_in.models[0].figure("NDCG", 20).mean < plain.models[0].figure("NDCG", 20).mean


def test_slices_stand_beside_the_figures_of_everybody(held_out):
    (judged,) = evaluate([TagProfile()], held_out, resamples=50).models
    found = {(row.slice, row.metric, row.k): row for row in judged.slices}
    assert {name for name, _, _ in found} == {"cold", "head", "tail", "light", "heavy"}
    assert len(found) == 5 * 2 * 2
    assert found["cold", "NDCG", 10].n_users == 0
    assert np.isnan(found["cold", "NDCG", 10].interval.mean)
    head, tail = (found[name, "Recall", 20] for name in ("head", "tail"))
    assert 0 < head.n_users < tail.n_users <= 88
    assert head.interval.low <= head.interval.mean <= head.interval.high


def test_overlap_of_every_pair_both_ways(held_out):
    found = evaluate([Popular(), TagProfile()], held_out, resamples=20).overlaps
    shares = {(row.model, row.other, row.k): row.share for row in found}
    assert set(shares) == {
        (*pair, k)
        for pair in (("popular", "tag_profile"), ("tag_profile", "popular"))
        for k in (10, 20)
    }
    assert shares["popular", "tag_profile", 10] == shares["tag_profile", "popular", 10]
    assert 0 < shares["popular", "tag_profile", 10] < 1


def all_like_all(part_of):
    """120 people like all of 40 items; a function of user and item says in which part."""
    rows = [(f"u{u:03}", f"i{i:02}", part_of(u, i)) for u in range(120) for i in range(40)]
    split = pl.DataFrame(rows, schema=["user_id", "item_id", "part"], orient="row")
    return HeldOut.of(dataset_from(split.drop("part")), split, kind="temporal", seed=0)


def test_a_shift_of_popularity_is_told():
    drawn = np.random.default_rng(0).random((120, 40)) < 0.25
    calm = all_like_all(lambda user, item: "test" if drawn[user, item] else "train")
    risen = all_like_all(lambda user, item: "test" if item < 10 else "train")
    found = evaluate([Popular()], risen, resamples=20)
    assert found.shift.warns
    assert found.notes == (found.shift.sentence,)
    assert evaluate([Popular()], calm, resamples=20).notes == ()
