import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from scipy.sparse import csr_matrix

from pipeline.dataset.matrix import Dataset
from pipeline.fold_in import ItemFactors
from pipeline.recommenders.blend import Blend
from pipeline.recommenders.ials import Ials
from pipeline.recommenders.item_graph import ItemGraph
from serving.answers.visitors import VisitorAnswer
from serving.errors import ApiProblemError
from serving.lists import visitors
from serving.lists.filters import Admission
from serving.lists.visitors import MAX_ITEMS, Visitor, visitor_body
from tests.serving.hand_made import MODEL, OTHER, snapshot_of, weights_of

N = 12
DENSE = np.where(np.random.default_rng(0).random((N, N)) > 0.4, 0.0, 0.5)
WEIGHTS = weights_of(DENSE * np.random.default_rng(1).random((N, N)) * (1 - np.eye(N)))
FACTORS = ItemFactors(
    np.random.default_rng(2).normal(size=(N, 3)).astype(np.float32), 0.1, 0.05, 1.0
)
SIMILAR = {"lists": [[((idx + 1) % N, 0.9), ((idx + 2) % N, 0.5)] for idx in range(N)]}
ALL = {
    MODEL: {MODEL: (1.0, WEIGHTS)},
    OTHER: {OTHER: (1.0, FACTORS)},
    "blend": {MODEL: (1.0, WEIGHTS), OTHER: (0.6, FACTORS)},
}


def small(**more):
    return snapshot_of(
        N, visitors=ALL, similar=SIMILAR, recommendations={"liked": [[]]}, user_items=[[]], **more
    )


def ask(snapshot, item_idxs, **more):
    items = [{"item_id": f"item-{idx}", "weight": w} for idx, w in dict(item_idxs).items()]
    body = visitor_body(snapshot, Visitor.model_validate({"items": items, **more}))
    return VisitorAnswer.model_validate_json(body, strict=True)


LIKES = st.dictionaries(st.integers(0, N - 1), st.sampled_from([0.5, 1, 3]), min_size=1, max_size=5)
MODELS = st.sampled_from([MODEL, OTHER, "blend", "lists", "liked"])


@settings(max_examples=150, deadline=None)
@given(
    likes=LIKES,
    model=MODELS,
    denied=st.sets(st.integers(0, N - 1), max_size=3),
    exclude=st.lists(st.integers(0, N - 1).map("item-{}".format), max_size=3),
    tagged=st.sets(st.integers(0, N - 1)),
    is_tagged=st.booleans(),
    k=st.integers(1, 15),
    diversity=st.sampled_from([0, 0.5]),
)
def test_no_visitor_gets_what_is_sent_denied_excluded_repeated_or_filtered(
    *, likes, model, denied, exclude, tagged, is_tagged, k, diversity
):
    snapshot = small(denied=denied, groups={"tag": {"a": tagged}})
    if set(likes) <= denied:
        return
    more = {"tag": ["a"]} if is_tagged and tagged - denied else {}
    answer = ask(
        snapshot,
        likes,
        model=model,
        exclude=exclude,
        k=k,
        diversity=diversity,
        explain=True,
        **more,
    )
    found = [int(item.item_id.removeprefix("item-")) for item in answer.items]
    hidden = {int(one.removeprefix("item-")) for one in exclude} | denied | set(likes)
    assert len(found) == len(set(found))
    left = set(range(N)) - hidden
    assert set(found) <= (left & tagged if more else left)
    assert len(found) == min(k, len(left & tagged if more else left))
    own = [item for item in answer.items if item.source == model]
    assert answer.items[: len(own)] == own
    if not diversity:
        assert [i.score for i in own] == sorted((i.score for i in own), reverse=True)
    assert {f"item-{idx}" for idx in denied & set(likes)} == set(answer.unknown_ids)
    assert answer.explainable is (model != "liked")
    for item in own:
        assert item.because
        np.testing.assert_allclose(sum(one.part for one in item.because), item.score, atol=1e-4)
        told = {one.item_id for one in item.because if one.item_id}
        assert told <= {f"item-{idx}" for idx in set(likes) - denied}


@pytest.mark.parametrize(
    ("model", "method", "parts"),
    [
        (MODEL, "weights", {MODEL: 1.0}),
        (OTHER, "factors", {OTHER: 1.0}),
        ("blend", "blend", {MODEL: 1.0, OTHER: 0.6}),
        ("lists", "lists", {"lists": 1.0}),
        ("liked", "popular", {}),
        ("popular", "popular", {}),
    ],
)
def test_the_answer_names_how_it_was_made(model, method, parts):
    answer = ask(small(), {1: 1, 4: 2}, model=model)
    assert (answer.model, answer.method) == (model, method)
    assert {part.model: part.weight for part in answer.parts} == parts


def test_scores_of_weights_are_the_sum_of_rows():
    answer = ask(small(), {1: 1, 4: 2}, model=MODEL, exclude_seen=False)
    rows = np.zeros((N, N))
    for item in range(N):
        own = slice(WEIGHTS.indptr[item], WEIGHTS.indptr[item + 1])
        rows[item, WEIGHTS.indices[own]] = WEIGHTS.weights[own]
    wanted = rows[1] + 2 * rows[4]
    for item in answer.items:
        score = wanted[int(item.item_id.removeprefix("item-"))]
        assert (item.score or 0) == pytest.approx(score, abs=1e-6)


def test_lists_are_summed_by_weight():
    items = ask(small(), {0: 1, 1: 2}, model="lists").items
    assert [(i.item_id, i.score) for i in items[:2]] == [
        ("item-2", pytest.approx(0.5 + 2 * 0.9)),
        ("item-3", pytest.approx(2 * 0.5)),
    ]
    assert {item.source for item in items[2:]} == {"popular"}


def test_without_a_model_the_first_that_scores_visitors_answers():
    assert ask(small(), {0: 1}).model == MODEL
    assert ask(snapshot_of(3, similar={"lists": [[]] * 3}), {0: 1}).method == "lists"
    assert ask(snapshot_of(3), {0: 1}).model == "popular"


def test_unknown_ids_are_named_and_the_others_answer():
    sent = [{"item_id": one} for one in ("item-1", "nope", "gone", "nope")]
    answer = json.loads(visitor_body(small(), Visitor(items=sent)))
    assert answer["unknown_ids"] == ["nope", "gone"]
    assert answer["items"] == json.loads(visitor_body(small(), Visitor(items=sent[:1])))["items"]


def test_a_visitor_of_whom_nothing_is_known_is_a_problem():
    with pytest.raises(ApiProblemError, match="'nope', 'gone'") as raised:
        visitor_body(small(), Visitor(items=[{"item_id": "nope"}, {"item_id": "gone"}]))
    assert (raised.value.status, raised.value.kind) == (404, "unknown-item")


def test_an_item_that_is_sent_twice_counts_twice():
    twice = Visitor(items=[{"item_id": "item-1"}, {"item_id": "item-2"}, {"item_id": "item-1"}])
    once = Visitor(items=[{"item_id": "item-1", "weight": 2}, {"item_id": "item-2"}])
    assert visitor_body(small(), twice) == visitor_body(small(), once)


def test_an_unknown_model_is_named():
    with pytest.raises(ApiProblemError) as raised:
        ask(small(), {0: 1}, model="nope")
    assert raised.value.more["known"] == [MODEL, OTHER, "blend", "lists", "liked", "popular"]


@pytest.mark.parametrize(
    "fault",
    [
        {"items": []},
        {"items": [{"item_id": "a"}] * (MAX_ITEMS + 1)},
        {"items": [{"item_id": "a", "weight": 0}]},
        {"items": [{"item_id": "a", "weight": "1"}]},
        {"items": [{"item_id": "a", "weight": float("nan")}]},
        {"items": [{"item_id": "a", "rating": 1}]},
        {"items": [{"item_id": "a"}], "k": 101},
        {"items": [{"item_id": "a"}], "k": "3"},
        {"items": [{"item_id": "a"}], "cursor": "x"},
        {"items": [{"item_id": "a"}], "diversity": 1.1},
    ],
)
def test_what_breaks_the_schema_is_refused(fault):
    with pytest.raises(ValidationError):
        Visitor.model_validate(fault)


def test_a_denied_item_would_be_listed_without_the_mask(monkeypatch):
    snapshot = small(denied=[2])
    monkeypatch.setattr(visitors, "admitted", lambda s, *_, **__: everything(s))
    answer = ask(snapshot, {1: 1, 4: 1}, model=OTHER, k=12)
    assert "item-2" in {item.item_id for item in answer.items}


def everything(snapshot):
    return Admission(np.ones(N, bool), snapshot.popular)


@pytest.mark.parametrize(
    ("settings_of_model", "model"),
    [
        (ItemGraph(neighbours=20), "item_graph"),
        (Ials(factors=4, iterations=5), "ials"),
        (
            Blend.of(
                {"item_graph": 1.0, "ials": 0.6},
                [ItemGraph(neighbours=20), Ials(factors=4, iterations=5)],
            ),
            "blend",
        ),
    ],
)
def test_a_visitor_with_a_users_likes_gets_that_users_list(settings_of_model, model):
    data = planted()
    fitted = settings_of_model.fit(data)
    graph = ItemGraph(neighbours=20).fit(data).published_weights()
    als = Ials(factors=4, iterations=5).fit(data).published_factors()
    scorers = {
        "item_graph": {"item_graph": (1.0, graph)},
        "ials": {"ials": (1.0, als)},
        "blend": {"item_graph": (1.0, graph), "ials": (0.6, als)},
    }
    snapshot = snapshot_of(data.n_items, visitors={model: scorers[model]})
    for user in range(0, data.n_users, 7):
        liked = data.user_items[user].indices
        lists = fitted.user_lists(np.array([user], np.int32), 10, seen=data.user_items)
        answer = ask(snapshot, dict.fromkeys(liked.tolist(), 1), model=model, k=10)
        own = [item for item in answer.items if item.score is not None]
        wanted = lists.item_idxs[0][lists.item_idxs[0] >= 0]
        assert [int(i.item_id.removeprefix("item-")) for i in own] == wanted.tolist()
        np.testing.assert_allclose(
            [i.score for i in own], lists.scores[0][: len(own)], rtol=1e-3, atol=1e-4
        )


def planted():
    """60 people of three tastes among 30 items."""
    random = np.random.default_rng(5)
    likes = random.random((60, 30)) < np.where(
        np.arange(60)[:, None] % 3 == np.arange(30) % 3, 0.5, 0.08
    )
    likes[likes.sum(axis=1) == 0, 0] = True
    return Dataset(
        user_ids=np.array([f"{n:032x}" for n in range(60)]),
        item_ids=np.array([f"item-{n}" for n in range(30)]),
        user_items=csr_matrix(likes, dtype=np.float32),
        item_features=csr_matrix((30, 0), dtype=np.float32),
        feature_names=(),
    )
