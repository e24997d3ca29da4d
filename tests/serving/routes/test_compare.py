import json
from dataclasses import replace

import pytest

from serving.answers.compare import CompareAnswer
from serving.answers.models import ModelAnswer
from serving.lists.comparing import CompareQuery, compare_body
from tests.factories import NOW, SITE, SmallSite
from tests.serving.hand_made import snapshot_of

PATH = f"/v1/{SITE}/compare"
PAIR = "lightfm_cf,tag_profile"
USER = SmallSite().user_ids[0]


@pytest.fixture
def two_lists():
    rows = {
        "a": [[(1, 3.0), (2, 2.0), (3, 1.0)], [], [], [], []],
        "b": [[(3, 0.9), (4, 0.5)], [], [], [], []],
    }
    return snapshot_of(5, similar=rows)


def compared(snapshot, row=0, **more):
    query = CompareQuery(**{"models": "a,b", "item_id": f"item-{row}", **more})
    return CompareAnswer.model_validate_json(
        compare_body(snapshot, "similar", row, query), strict=True
    )


def told(answer):
    return [
        [item and (item.item_id, item.score, item.other_rank) for item in row.items]
        for row in answer.rows
    ]


def test_rows_are_aligned_by_rank(two_lists):
    answer = compared(two_lists)
    assert told(answer) == [
        [("item-1", 3.0, None), ("item-3", pytest.approx(0.9), 3)],
        [("item-2", 2.0, None), ("item-4", 0.5, None)],
        [("item-3", 1.0, 1), None],
    ]
    assert [row.rank for row in answer.rows] == [1, 2, 3]
    assert (answer.n_common, answer.overlap) == (1, pytest.approx(1 / 3))


def test_overlap_is_of_the_first_k(two_lists):
    assert compared(two_lists, k=2).overlap == 0
    assert compared(two_lists, models="a,a").overlap == 1
    assert compared(two_lists, row=1).overlap is None


def test_both_models_of_an_item_are_as_their_lists(client):
    answer = client.get(f"{PATH}?models={PAIR}&item_id=item-003")
    CompareAnswer.model_validate_json(answer.content, strict=True)
    assert "etag" in answer.headers
    for side, model in enumerate(PAIR.split(",")):
        path = f"/v1/{SITE}/items/item-003/similar?model={model}"
        own = [i for i in client.get(path).json()["items"] if i["score"] is not None]
        rows = [row["items"][side] for row in answer.json()["rows"]]
        assert [row["item_id"] for row in rows if row] == [item["item_id"] for item in own]


def test_a_persons_lists_are_kept_by_nobody(client):
    answer = client.get(f"{PATH}?models={PAIR}&user_id={USER}")
    CompareAnswer.model_validate_json(answer.content, strict=True)
    assert answer.headers["cache-control"] == "no-store"
    unknown = client.get(f"{PATH}?models={PAIR}&user_id={'f' * 32}")
    assert (unknown.status_code, unknown.json()["type"]) == (404, "/docs#unknown-user")


def test_no_person_is_compared_where_routes_about_people_are_off(data, serve):
    with serve(data, user_routes=False) as client:
        assert client.get(f"{PATH}?models={PAIR}&user_id={USER}").status_code == 404
        assert client.get(f"{PATH}?models={PAIR}&item_id=item-003").status_code == 200


@pytest.mark.parametrize(
    "query",
    [
        "models=a",
        "models=a,b,c&item_id=x",
        "item_id=x",
        f"models={PAIR}",
        f"models={PAIR}&item_id=item-003&user_id={USER}",
        f"models={PAIR}&item_id=item-003&k=101",
        f"models={PAIR}&item_id=item-003&model=x",
    ],
)
def test_what_cannot_be_compared_is_refused(client, query):
    answer = client.get(f"{PATH}?{query}")
    assert answer.status_code == 422
    assert answer.json()["errors"]


def test_an_unknown_model_is_named_with_those_that_are_known(client):
    answer = client.get(f"{PATH}?models=lightfm_cf,nope&item_id=item-003")
    assert (answer.status_code, answer.json()["type"]) == (404, "/docs#unknown-model")
    assert client.get(f"/v1/{SITE}/models/nope").json()["known"] == [
        "popular",
        "lightfm_cf",
        "tag_profile",
    ]


def test_a_model_is_told_in_full(client):
    answer = client.get(f"/v1/{SITE}/models/tag_profile")
    told = ModelAnswer.model_validate_json(answer.content, strict=True)
    listed = client.get(f"/v1/{SITE}/models").json()["models"][2]
    whole = json.loads(answer.content)
    assert {name: whole[name] for name in listed} == listed
    assert {one.slice for one in told.slices} == {"head", "light"}
    assert [one.against for one in told.differences] == ["popular"]
    assert told.published_at == NOW


def test_a_model_is_found_however_odd_its_name(data, serve):
    with serve(data) as client:
        snapshot = client.catalog.snapshots[SITE]
        odd = snapshot.models[0].model_copy(update={"model": "a+b/ü"})
        client.catalog.snapshots = {SITE: replace(snapshot, models=(odd,))}
        assert client.get(f"/v1/{SITE}/models/a%2Bb%2F%C3%BC").json()["model"] == "a+b/ü"
        assert client.get(f"/v1/{SITE}/models/%FF").status_code == 422
