import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.fold_in import ItemFactors
from serving.answers.items import RecommendationsAnswer, SimilarAnswer
from serving.lists.answering import recommendations_body, similar_body
from serving.lists.because import MAX_REASONS, adds_up
from serving.lists.query import RecommendationsQuery, SimilarQuery
from serving.lists.scoring import Likes, part_scores, part_terms
from tests.serving.hand_made import MODEL, parts_of, snapshot_of, weights_of

N = 30


def scorers_of(seed):
    """Parts of a model with weights, of one with factors, and of their blend."""
    random = np.random.default_rng(seed)
    dense = np.where(random.random((N, N)) < 0.4, random.random((N, N)), 0) * (1 - np.eye(N))
    weights = weights_of(dense)
    factors = ItemFactors(random.normal(size=(N, 4)).astype(np.float32), 0.1, 0.05, 1.0)
    return {
        "weights": {"weights": (1.0, weights)},
        "factors": {"factors": (1.0, factors)},
        "blend": {"weights": (1.0, weights), "factors": (0.6, factors)},
    }


def snapshot_of_scores(model, seed, liked, denied=()):
    """A snapshot whose lists are what the parts say of the liked items."""
    named = scorers_of(seed)[model]
    scores = part_scores(parts_of(named), Likes.of(np.array(sorted(liked))), N)
    hidden = {*liked, *denied}
    order = [i for i in np.argsort(-scores).tolist() if np.isfinite(scores[i]) and i not in hidden]
    return snapshot_of(
        N,
        user_items=[liked],
        recommendations={model: [[(idx, float(scores[idx])) for idx in order]]},
        visitors={model: named},
        denied=denied,
    )


def explained(snapshot, **more):
    query = RecommendationsQuery(explain=True, **more)
    body = recommendations_body(snapshot, next(iter(snapshot.users)), 0, query)
    return RecommendationsAnswer.model_validate_json(body, strict=True)


@settings(max_examples=120, deadline=None)
@given(
    model=st.sampled_from(["weights", "factors", "blend"]),
    seed=st.integers(0, 10**6),
    liked=st.sets(st.integers(0, N - 1), min_size=1, max_size=20),
    denied=st.sets(st.integers(0, N - 1), max_size=3),
    diversity=st.sampled_from([0, 0.5]),
)
def test_reasons_add_up_to_the_score_and_are_liked_items(model, seed, liked, denied, diversity):
    snapshot = snapshot_of_scores(model, seed, liked, denied)
    answer = explained(snapshot, k=20, diversity=diversity)
    assert answer.explainable
    for item in answer.items:
        if item.score is None:
            assert item.because is None
            continue
        assert 1 <= len(item.because) <= MAX_REASONS
        assert sum(one.part for one in item.because) == pytest.approx(item.score, abs=2e-4)
        ids = [one.item_id for one in item.because if one.item_id]
        assert len(ids) == len(set(ids))
        assert set(ids) <= {f"item-{idx}" for idx in liked - denied}
        assert all(one.title == f"Title of {one.item_id}" for one in item.because if one.item_id)


def test_the_strongest_comes_first_and_the_rest_is_one_reason():
    liked = set(range(16))
    snapshot = snapshot_of_scores("factors", 1, liked)
    because = explained(snapshot, k=1).items[0].because
    sizes = [abs(one.part) for one in because[:-1]]
    assert sizes == sorted(sizes, reverse=True)
    assert (because[-1].item_id, because[-1].n) == (None, len(liked) - MAX_REASONS + 1)


def test_a_model_without_published_weights_says_that_it_cannot():
    snapshot = snapshot_of(4, user_items=[[0]], recommendations={MODEL: [[(1, 2.0), (2, 1.0)]]})
    answer = explained(snapshot)
    assert answer.explainable is False
    assert [item.because for item in answer.items] == [None] * 3


def test_a_score_that_the_weights_do_not_give_is_not_explained():
    snapshot = snapshot_of(
        4,
        user_items=[[0]],
        recommendations={MODEL: [[(1, 2.5)]]},
        visitors={MODEL: {MODEL: (1.0, weights_of([[0, 2, 0, 0]] + [[0] * 4] * 3))}},
    )
    assert explained(snapshot).explainable is False


def test_beside_an_item_stand_its_own_weights():
    dense = np.zeros((4, 4))
    dense[0, [1, 2]] = [2, 1]
    lists = [[(1, 2.0), (2, 1.0)], [], [], []]
    snapshot = snapshot_of(
        4, similar={MODEL: lists}, visitors={MODEL: {MODEL: (1.0, weights_of(dense))}}
    )
    body = similar_body(snapshot, "item-0", 0, SimilarQuery(explain=True))
    answer = SimilarAnswer.model_validate_json(body, strict=True)
    assert answer.explainable
    assert [[(one.item_id, one.part) for one in item.because] for item in answer.items[:2]] == [
        [("item-0", 2.0)],
        [("item-0", 1.0)],
    ]


def test_cosines_of_factors_are_not_explained():
    factors = ItemFactors(np.eye(4, 2, dtype=np.float32) + 1, 0.1, 0.1, 1)
    snapshot = snapshot_of(
        4, similar={"ials": [[(1, 0.9)]] * 4}, visitors={"ials": {"ials": (1.0, factors)}}
    )
    answer = json.loads(similar_body(snapshot, "item-0", 0, SimilarQuery(explain=True)))
    assert answer["explainable"] is False


def test_without_explain_nothing_is_said_of_reasons():
    snapshot = snapshot_of_scores("weights", 1, {1, 2})
    body = recommendations_body(snapshot, next(iter(snapshot.users)), 0, RecommendationsQuery())
    assert b"because" not in body
    assert b"explainable" not in body


def test_terms_that_are_off_by_a_hundredth_do_not_add_up():
    scores = np.array([1.0, 2.0], np.float32)
    assert adds_up(np.array([[0.5, 1.0], [0.5, 1.0]]), scores)
    assert not adds_up(np.array([[0.5, 1.0], [0.5, 1.02]]), scores)


@settings(deadline=None)
@given(seed=st.integers(0, 1000), liked=st.sets(st.integers(0, N - 1), min_size=1, max_size=9))
def test_terms_of_a_blend_add_up_for_every_item(seed, liked):
    parts = parts_of(scorers_of(seed)["blend"])
    likes = Likes.of(np.array(sorted(liked)), np.linspace(0.5, 2, len(liked)))
    scores = part_scores(parts, likes, N)
    known = np.flatnonzero(np.isfinite(scores)).astype(np.int32)
    terms = part_terms(parts, likes, known)
    np.testing.assert_allclose(terms.sum(axis=0), scores[known], atol=1e-4)
