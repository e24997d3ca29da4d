from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from scipy.sparse import csr_matrix

from pipeline.dataset.matrix import dataset_from
from pipeline.evaluation.metrics import ndcg_at_k
from pipeline.evaluation.protocol import HeldOut, evaluate
from pipeline.recommenders.lightfm import LightfmCf
from pipeline.recommenders.popular import Popular
from pipeline.recommenders.registry import RECOMMENDERS
from pipeline.recommenders.tag_profile import TagProfile
from pipeline.recommenders.tuning import Budget


def test_every_model_is_judged_and_the_planted_taste_beats_popularity(held_out):
    models = [algorithm() for algorithm in RECOMMENDERS]
    found = evaluate(models, held_out, resamples=200)
    popular, *others = found.models
    assert [judged.model.name for judged in found.models] == [m.name for m in models]
    assert found.n_users == len(held_out.judged) == 88
    for judged in others:
        assert judged.figure("NDCG", 10).low > popular.figure("NDCG", 10).high
        assert judged.difference.low > 0
        expected = judged.figure("NDCG", 10).mean - popular.figure("NDCG", 10).mean
        assert judged.difference.mean == pytest.approx(expected)
    assert popular.difference is None


def test_every_metric_stands_at_every_k(held_out):
    (judged,) = evaluate([Popular()], held_out, resamples=50).models
    names = {(figure.metric, figure.k) for figure in judged.figures}
    metrics = ("Recall", "NDCG", "MAP", "Precision", "coverage", "popular_share")
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
    np.testing.assert_array_equal(judged.ndcg, wanted)
    assert judged.figure("NDCG", 10).mean == pytest.approx(wanted.mean())
    alone = TagProfile().fit(held_out.train)
    twin = alone.user_lists(held_out.judged, 20, seen=held_out.train.user_items)
    assert not np.array_equal(twin.item_idxs, lists.item_idxs)


def test_the_test_part_decides_nothing_before_the_scores(held_out):
    """With another test part the same parameters are chosen by the same trials."""
    other = replace(held_out, test=held_out.test[::-1].tocsr())
    budget = Budget(seconds=None, trials=5)
    first, second = (
        evaluate([LightfmCf(factors=4)], part, budget=budget, resamples=20)
        for part in (held_out, other)
    )
    assert first.trials.drop("elapsed_s").equals(second.trials.drop("elapsed_s"))
    assert first.models[0].model == second.models[0].model
    assert first.models[0].ndcg.tolist() != second.models[0].ndcg.tolist()


def test_the_tuned_setting_is_the_one_that_is_judged(held_out):
    found = evaluate([LightfmCf(factors=4)], held_out, budget=Budget(None, 4), resamples=20)
    assert len(found.trials) == 4
    assert found.notes == ("lightfm_cf: the budget ended the choice after 4 trials",)
    chosen = evaluate([found.models[0].model], held_out, resamples=20)
    np.testing.assert_array_equal(chosen.models[0].ndcg, found.models[0].ndcg)
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
