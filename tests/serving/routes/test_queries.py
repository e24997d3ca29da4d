import pytest
from fastapi import Request
from fastapi.exceptions import RequestValidationError
from hypothesis import given
from hypothesis import strategies as st

from serving.lists.query import RecommendationsQuery, SimilarQuery
from serving.routes.queries import described, query_of, segment_of
from tests.factories import SITE


def request(query="", **path):
    return Request({"type": "http", "query_string": query.encode(), "path_params": path})


def test_a_query_is_read_as_its_type_says():
    query = query_of(
        request("k=7&tag=a&tag=b%20c&exclude=x&diversity=0.5&exclude_seen=false&explain=true"),
        RecommendationsQuery,
    )
    assert query == RecommendationsQuery(
        k=7, tag=["a", "b c"], exclude=["x"], diversity=0.5, exclude_seen=False, explain=True
    )


def test_no_query_is_the_defaults():
    assert query_of(request(), SimilarQuery) == SimilarQuery()


def test_one_text_is_read_by_two_types():
    text = "exclude_seen=false"
    assert query_of(request(text), RecommendationsQuery).exclude_seen is False
    with pytest.raises(RequestValidationError):
        query_of(request(text), SimilarQuery)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("k=0", ["k"]),
        ("k=101&limit=3", ["k", "limit"]),
        ("k=", ["k"]),
        ("diversity=nan", ["diversity"]),
        ("explain=maybe", ["explain"]),
        ("tag=", ["tag"]),
        ("&".join(["tag=a"] * 11), ["tag"]),
        ("cursor=" + "x" * 65, ["cursor"]),
        ("exclude=" + "x" * 513, ["exclude"]),
        ("exclude_seen=true", ["exclude_seen"]),
    ],
)
def test_every_fault_is_named_each_time(text, names):
    for _ in range(2):
        with pytest.raises(RequestValidationError) as raised:
            query_of(request(text), SimilarQuery)
        faults = raised.value.errors()
        assert [fault["loc"][:2] for fault in faults] == [("query", name) for name in names]


@given(text=st.text(max_size=300).map(lambda text: text.encode("utf-8", "ignore")))
def test_any_text_is_read_or_refused(text):
    asked = Request({"type": "http", "query_string": text})
    try:
        query_of(asked, SimilarQuery)
    except RequestValidationError as err:
        faults = err.errors()
    else:
        faults = []
    assert all(fault["loc"][0] == "query" for fault in faults)


def test_segments_are_decoded_once():
    assert segment_of(request(item_id="a%2Fb%2525"), "item_id") == "a/b%25"
    with pytest.raises(RequestValidationError) as raised:
        segment_of(request(item_id="%ff"), "item_id")
    assert raised.value.errors()[0]["loc"] == ("path", "item_id")


def test_every_field_is_described():
    shown = described(SimilarQuery, item_id="An id.")["parameters"]
    assert {one["name"] for one in shown} == {"site", "item_id", *SimilarQuery.model_fields}
    assert all(one["description"] and one["schema"] for one in shown)
    assert [one["name"] for one in shown if one["required"]] == ["site", "item_id"]


def test_the_document_has_them(client):
    document = client.get("/openapi.json").json()["paths"]
    shown = document["/v1/{site}/items/{item_id}/similar"]["get"]["parameters"]
    assert {one["name"] for one in shown} == {"site", "item_id", *SimilarQuery.model_fields}
    (k,) = (one for one in shown if one["name"] == "k")
    assert k["schema"]["maximum"] == 100


def test_a_fault_is_a_problem_that_names_it(client):
    answer = client.get(f"/v1/{SITE}/items/item-003/similar?k=500&limit=3")
    assert answer.status_code == 422
    assert [fault["name"] for fault in answer.json()["errors"]] == ["k", "limit"]
