import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.feature_sums import ComposedFactors
from pipeline.fold_in import ItemFactors
from serving.answers.items import RecommendationsAnswer, SimilarAnswer
from serving.lists.answering import recommendations_body, similar_body
from serving.lists.because import MAX_REASONS
from serving.lists.query import RecommendationsQuery, SimilarQuery
from serving.lists.scoring import Likes, part_scores
from serving.lists.terms import Terms, adds_up, part_terms
from tests.serving.hand_made import (
    MODEL,
    features_of,
    parts_of,
    snapshot_of,
    vectors_of,
    weights_of,
)

N = 30
FEATURES = features_of(
    *(("tag", "cat"), ("tag", "boat"), ("tag", ""), ("category", "Animals"), ("creator", "Ann")),
    ("tag", "tree"),
)


def scorers_of(seed):
    """Parts of models with weights, factors or vectors, and of their blends."""
    random = np.random.default_rng(seed)
    dense = np.where(random.random((N, N)) < 0.4, random.random((N, N)), 0) * (1 - np.eye(N))
    weights = weights_of(dense)
    factors = ItemFactors(random.normal(size=(N, 4)).astype(np.float32), 0.1, 0.05, 1.0)
    tagged = np.where(random.random((N, 6)) < 0.4, random.random((N, 6)), 0)
    vectors = vectors_of(tagged, random.uniform(0.5, 1, N).astype(np.float32))
    return {
        "weights": {"weights": (1.0, weights)},
        "factors": {"factors": (1.0, factors)},
        "blend": {"weights": (1.0, weights), "factors": (0.6, factors)},
        "vectors": {"vectors": (1.0, vectors)},
        "mixed": {"weights": (1.0, weights), "vectors": (0.7, vectors)},
        "tagged blend": {
            "weights": (1.0, weights),
            "vectors": (0.7, vectors),
            "factors": (0.6, factors),
        },
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
        features=FEATURES,
    )


def explained(snapshot, **more):
    query = RecommendationsQuery(explain=True, **more)
    body = recommendations_body(snapshot, next(iter(snapshot.users)), 0, query)
    return RecommendationsAnswer.model_validate_json(body, strict=True)


@settings(max_examples=120, deadline=None)
@given(
    model=st.sampled_from(["weights", "factors", "blend", "vectors", "mixed", "tagged blend"]),
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
        tags = [(one.kind, one.tag) for one in item.because if one.tag]
        assert len(tags) == len(set(tags))
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
    assert adds_up(Terms.by_likes(LIKES_OF_TWO, np.array([[0.5, 1.0], [0.5, 1.0]])), scores)
    assert not adds_up(Terms.by_likes(LIKES_OF_TWO, np.array([[0.5, 1.0], [0.5, 1.02]])), scores)


@settings(deadline=None)
@given(
    model=st.sampled_from(["blend", "vectors", "mixed", "tagged blend"]),
    seed=st.integers(0, 1000),
    liked=st.sets(st.integers(0, N - 1), min_size=1, max_size=9),
)
def test_terms_add_up_for_every_item(model, seed, liked):
    parts = parts_of(scorers_of(seed)[model])
    likes = Likes.of(np.array(sorted(liked)), np.linspace(0.5, 2, len(liked)))
    scores = part_scores(parts, likes, N)
    known = np.flatnonzero(np.isfinite(scores)).astype(np.int32)
    terms = part_terms(parts, likes, known)
    np.testing.assert_allclose(terms.total, scores[known], atol=1e-4)


def test_a_blend_with_tags_tells_likes_tags_and_what_is_neither():
    answer = explained(snapshot_of_scores("mixed", 3, {1, 5, 9}), k=10)
    kinds = {one.kind for item in answer.items for one in item.because or ()}
    assert kinds >= {"item", "tag", "rest"}
    tagged = [item for item in answer.items if any(one.tag for one in item.because)]
    assert tagged
    for item in tagged:
        assert [one.kind for one in item.because].count("rest") == 1
        assert (item.because[-1].kind, item.because[-1].n) == ("rest", 0)


def test_features_that_are_called_the_same_are_one_reason():
    vectors = vectors_of([[3, 4, 1], [3, 4, 0]])
    features = features_of(("tag", "Low Poly"), ("tag", "Low Poly"), ("creator", "Low Poly"))
    (item,) = told_of(vectors, features).items[:1]
    assert [(one.kind, one.tag, one.n) for one in item.because] == [("tag", "Low Poly", 1)]
    assert item.because[0].part == pytest.approx(item.score)


def test_a_feature_without_a_name_is_told_namelessly():
    vectors = vectors_of([[1, 2, 2], [1, 2, 2]])
    features = features_of(("tag", "cat"), ("tag", ""), ("creator", ""))
    (item,) = told_of(vectors, features).items[:1]
    assert [(one.kind, one.tag, one.n) for one in item.because] == [
        ("tag", "cat", 1),
        ("tag", None, 2),
    ]
    assert sum(one.part for one in item.because) == pytest.approx(item.score)


def test_many_tags_and_likes_are_ten_reasons():
    dense = np.ones((N, 30))
    dense[:, 0] = np.arange(N) + 1
    weights = weights_of(np.triu(np.ones((N, N)), 1) + np.eye(N, k=-1))
    snapshot = of_visitors(
        {"tags": (1.0, vectors_of(dense)), "likes": (1.0, weights)},
        set(range(12)),
        features_of(*(("tag", f"tag {n}") for n in range(30))),
    )
    answer = explained(snapshot, k=3)
    assert answer.explainable
    for item in answer.items:
        assert len(item.because) == MAX_REASONS
        assert [one.kind for one in item.because[-3:]] == ["item", "tag", "rest"]
        assert {
            kind: sum(one.n for one in item.because if one.kind == kind) for kind in ("tag",)
        } == {"tag": 30}


def test_factors_of_features_tell_tags_and_the_rest():
    factors = ComposedFactors(
        np.array([0, 0, 2, 3]),
        np.array([0, 1, 1], np.int32),
        np.ones(3, np.float32),
        np.array([[1, 0, 0.5], [0, 2, 0]], np.float32),
        np.array([[0, 0, 0], [1, 1, 0.25], [0, 0, 0]], np.float32),
        np.array([[1, 1, 0.125]], np.float32),
    )
    snapshot = snapshot_of(
        3,
        user_items=[[0]],
        recommendations={MODEL: [[(1, 5.875), (2, 2.125)]]},
        similar={MODEL: [[], [(2, 3 / np.sqrt(13))], []]},
        composed={MODEL: factors},
        features=features_of(("tag", "cat"), ("category", "Animals")),
    )
    told = [
        [(one.kind, one.tag, one.part) for one in item.because]
        for item in explained(snapshot).items[:2]
    ]
    assert told == [
        [("category", "Animals", 2.0), ("tag", "cat", 1.5), ("rest", None, 2.375)],
        [("category", "Animals", 2.0), ("rest", None, 0.125)],
    ]
    body = similar_body(snapshot, "item-1", 1, SimilarQuery(explain=True))
    beside = SimilarAnswer.model_validate_json(body, strict=True)
    assert beside.explainable
    assert [one.tag for one in beside.items[0].because] == ["Animals"]


LIKES_OF_TWO = Likes.of(np.array([0, 1]))


def of_visitors(named, liked, features):
    """A snapshot whose one person's list is what the parts say of the liked items."""
    n_items = next(iter(named.values()))[1].n_items
    scores = part_scores(parts_of(named), Likes.of(np.array(sorted(liked))), n_items)
    order = [i for i in np.argsort(-scores).tolist() if np.isfinite(scores[i]) and i not in liked]
    return snapshot_of(
        n_items,
        user_items=[liked],
        recommendations={MODEL: [[(idx, float(scores[idx])) for idx in order]]},
        visitors={MODEL: named},
        features=features,
    )


def told_of(vectors, features):
    """The list of who likes the first item."""
    answer = explained(of_visitors({"tags": (1.0, vectors)}, {0}, features))
    assert answer.explainable
    return answer
