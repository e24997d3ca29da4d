"""Properties of lists against brute force, on small snapshots of every shape."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serving.answers.items import RecommendationsAnswer, SimilarAnswer
from serving.errors import ApiProblemError
from serving.lists import filters
from serving.lists.answering import recommendations_body, similar_body
from serving.lists.cursor import encode_cursor
from serving.lists.query import RecommendationsQuery, SimilarQuery
from tests.serving.hand_made import MODEL, OTHER, snapshot_of

KINDS = ("tag", "category", "creator")


@st.composite
def snapshots(draw):
    n_items = draw(st.integers(2, 25))
    idxs = st.integers(0, n_items - 1)
    denied = draw(st.sets(idxs, max_size=3))
    liked = draw(st.sets(idxs, max_size=5))

    def rows(subjects, banned):
        made = []
        for subject in range(subjects):
            bad = denied | banned(subject)
            chosen = draw(
                st.lists(idxs.filter(lambda i, bad=bad: i not in bad), unique=True)
                if len(bad) < n_items
                else st.just([])
            )
            scores = np.sort(np.random.default_rng(subject).normal(size=len(chosen)))[::-1]
            made.append(list(zip(chosen, scores.tolist(), strict=True)))
        return made

    groups = {kind: {f"{kind}-{n}": draw(st.sets(idxs)) for n in range(3)} for kind in KINDS}
    return (
        snapshot_of(
            n_items,
            user_items=[liked],
            similar={MODEL: rows(n_items, lambda subject: {subject})},
            recommendations={MODEL: rows(1, lambda _: liked)},
            groups=groups,
            like_counts=draw(st.lists(st.integers(0, 4), min_size=n_items, max_size=n_items)),
            denied=denied,
        ),
        groups,
        denied,
        liked,
    )


@st.composite
def filtered(draw):
    """Filters with slugs that exist, and ids of which some do not."""
    slugs = {
        kind: draw(st.lists(st.sampled_from([f"{kind}-{n}" for n in range(3)]), max_size=2))
        for kind in KINDS
    }
    exclude = draw(st.lists(st.integers(0, 30).map("item-{}".format), max_size=4))
    return {**slugs, "exclude": exclude, "diversity": draw(st.sampled_from([0, 0.3, 1]))}


def pages(body_of, k):
    """All pages of a list, one after the other."""
    cursor, items, n_pages = None, [], 0
    while True:
        answer = json.loads(body_of(k=k, cursor=cursor))
        items += answer["items"]
        cursor = answer["next_cursor"]
        n_pages += 1
        assert n_pages < 100
        if cursor is None:
            return items
        assert len(answer["items"]) == k


def idxs_of(items):
    return [int(item["item_id"].removeprefix("item-")) for item in items]


def brute_force(snapshot, listed, groups, asked, hidden):
    """Scored items, then popular ones, as a loop over everything finds them."""
    hidden = hidden | {int(one.removeprefix("item-")) for one in asked["exclude"]}
    wanted = [groups[kind][slug] for kind in KINDS for slug in asked[kind]]

    def ok(idx):
        return idx not in hidden and all(idx in members for members in wanted)

    own = [idx for idx in listed if ok(idx)]
    rest = sorted(
        (idx for idx in range(len(snapshot.items.ids)) if ok(idx) and idx not in own),
        key=lambda idx: (-snapshot.items.like_counts[idx], idx),
    )
    return own, rest


@settings(deadline=None)
@given(made=snapshots(), asked=filtered(), k=st.integers(1, 100), data=st.data())
def test_pages_of_similar_items_concatenate_to_what_brute_force_finds(made, asked, k, data):
    snapshot, groups, denied, _ = made
    allowed = [idx for idx in range(len(snapshot.items.ids)) if idx not in denied]
    row = data.draw(st.sampled_from(allowed)) if allowed else 0

    def body(**more):
        query = SimilarQuery(**asked, **more)
        return similar_body(snapshot, snapshot.items.ids[row], row, query)

    items = pages(body, k)
    listed, scores = snapshot.lists["similar"][MODEL].top(row)
    own, rest = brute_force(snapshot, listed.tolist(), groups, asked, denied | {row})
    found = idxs_of(items)
    assert sorted(found[: len(own)]) == sorted(own)
    assert found[len(own) :] == rest
    if not asked["diversity"]:
        assert found[: len(own)] == own
        told = [item["score"] for item in items[: len(own)]]
        assert told == sorted(told, reverse=True)
    of_item = dict(zip(listed.tolist(), scores.tolist(), strict=True))
    assert [np.float32(i["score"]) for i in items[: len(own)]] == [
        of_item[i] for i in found[: len(own)]
    ]
    assert all(item["score"] is None for item in items[len(own) :])
    assert [item["source"] for item in items] == [MODEL] * len(own) + ["popular"] * len(rest)
    assert [item["rank"] for item in items] == list(range(1, len(items) + 1))
    SimilarAnswer.model_validate_json(body(k=k), strict=True)


@settings(deadline=None)
@given(made=snapshots(), asked=filtered(), k=st.integers(1, 9), exclude_seen=st.booleans())
def test_a_persons_list_never_has_what_is_seen_denied_excluded_or_repeated(
    made, asked, k, exclude_seen
):
    snapshot, groups, denied, liked = made
    user_id = next(iter(snapshot.users))

    def body(**more):
        query = RecommendationsQuery(**asked, **more, exclude_seen=exclude_seen)
        return recommendations_body(snapshot, user_id, 0, query)

    found = idxs_of(pages(body, k))
    listed = snapshot.lists["recommendations"][MODEL].top(0)[0].tolist()
    hidden = denied | (liked if exclude_seen else set())
    own, rest = brute_force(snapshot, listed, groups, asked, hidden)
    assert len(found) == len(set(found))
    assert not hidden & set(found)
    assert set(found) == {*own, *rest}
    RecommendationsAnswer.model_validate_json(body(k=k), strict=True)


def test_brute_force_would_see_a_filter_that_lets_all_through(monkeypatch):
    snapshot = snapshot_of(
        4, similar={MODEL: [[(1, 2.0), (2, 1.0)]] * 4}, groups={"tag": {"a": [2]}}
    )
    query = SimilarQuery(tag=["a"])
    assert idxs_of(json.loads(similar_body(snapshot, "item-0", 0, query))["items"]) == [2]
    monkeypatch.setattr("serving.lists.answering.group_rows", lambda *_, **__: [])
    assert idxs_of(json.loads(similar_body(snapshot, "item-0", 0, query))["items"]) == [1, 2, 3]


@settings(deadline=None)
@given(k=st.integers(1, 9))
def test_the_short_way_and_the_long_way_give_the_same_bytes(k):
    rows = [[(idx, 20.0 - idx) for idx in range(1, 11)]] * 12
    snapshot = snapshot_of(12, similar={MODEL: rows})
    short = similar_body(snapshot, "item-0", 0, SimilarQuery(k=k))
    begin = encode_cursor(snapshot.edition, 0)
    assert similar_body(snapshot, "item-0", 0, SimilarQuery(k=k, cursor=begin)) == short
    assert short != similar_body(snapshot, "item-0", 0, SimilarQuery(k=k, exclude=["item-1"]))


def test_a_model_without_a_list_for_the_subject_is_filled_whole():
    snapshot = snapshot_of(3, similar={MODEL: [[], [], []], OTHER: [[], [], []]})
    answer = json.loads(similar_body(snapshot, "item-0", 0, SimilarQuery(model=OTHER)))
    assert answer["model"] == OTHER
    assert [item["source"] for item in answer["items"]] == ["popular"] * 2


def test_a_place_beyond_the_end_is_an_empty_last_page():
    snapshot = snapshot_of(3, similar={MODEL: [[], [], []]})
    cursor = encode_cursor(snapshot.edition, 1000)
    answer = json.loads(similar_body(snapshot, "item-0", 0, SimilarQuery(cursor=cursor)))
    assert answer["items"] == []
    assert answer["next_cursor"] is None


def test_every_unknown_group_is_named_at_once():
    snapshot = snapshot_of(3, similar={MODEL: [[]] * 3}, groups={"tag": {"a": [1]}})
    query = SimilarQuery(tag=["a", "b"], creator=["c"])
    with pytest.raises(ApiProblemError, match="no tag 'b', creator 'c'") as raised:
        similar_body(snapshot, "item-0", 0, query)
    assert (raised.value.status, raised.value.kind) == (404, "unknown-group")
    assert [fault["value"] for fault in raised.value.more["errors"]] == ["b", "c"]


@pytest.mark.parametrize(("named", "known"), [({}, []), ({MODEL: [[]]}, [MODEL])])
def test_an_unknown_model_is_named_with_those_that_are_known(named, known):
    with pytest.raises(ApiProblemError) as raised:
        similar_body(snapshot_of(1, similar=named), "item-0", 0, SimilarQuery(model="x"))
    assert (raised.value.kind, raised.value.more["known"]) == ("unknown-model", known)


def test_admission_leaves_the_snapshot_as_it_is():
    snapshot = snapshot_of(4, groups={"tag": {"a": [1]}})
    filters.admission(snapshot, [("tag", 0)], [2])
    assert snapshot.items.allowed.all()
