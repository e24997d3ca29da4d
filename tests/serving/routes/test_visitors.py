import pytest

from serving.answers.visitors import VisitorAnswer
from tests.factories import SITE

PATH = f"/v1/{SITE}/recommendations"
ITEMS = [{"item_id": "item-003"}, {"item_id": "item-007", "weight": 2}]


def ask(client, **body):
    return client.request("POST", PATH, json={"items": ITEMS, **body})


@pytest.mark.parametrize("model", [None, "lightfm_cf", "tag_profile", "popular"])
def test_bytes_keep_to_the_documented_type_and_are_kept_by_nobody(client, model):
    for explain in (False, True):
        answer = ask(client, model=model, explain=explain)
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "no-store"
        told = VisitorAnswer.model_validate_json(answer.content, strict=True)
        assert len(told.items) == 20
        assert told.explainable is ((model != "popular") if explain else None)


def test_a_snapshot_names_how_its_models_score_visitors(client):
    methods = {m: ask(client, model=m).json()["method"] for m in ("lightfm_cf", "tag_profile")}
    assert methods == {"lightfm_cf": "factors", "tag_profile": "weights"}


def test_faults_of_a_body_are_named_all_at_once(client):
    answer = ask(client, k=500, limit=3)
    assert answer.status_code == 422
    assert {fault["name"] for fault in answer.json()["errors"]} == {"k", "limit"}
    assert {fault["location"] for fault in answer.json()["errors"]} == {"body"}


@pytest.mark.parametrize(("k", "status"), [(5.0, 200), (5.5, 422), ("5", 422), (True, 422)])
def test_a_length_is_a_whole_number_as_json_has_them(client, k, status):
    answer = ask(client, k=k)
    assert answer.status_code == status
    assert status == 422 or len(answer.json()["items"]) == 5


def test_nothing_known_is_a_problem(client):
    answer = ask(client, items=[{"item_id": "nope"}])
    assert (answer.status_code, answer.json()["type"]) == (404, "/docs#unknown-item")


def test_other_methods_are_told_which_one_it_is(client):
    answer = client.get(PATH)
    assert answer.status_code == 405
    assert answer.headers["allow"] == "POST"


def test_filled_places_are_counted(client):
    metrics = client.app.state.metrics
    before = metrics.totals()
    filled = [i for i in ask(client, model="popular").json()["items"] if i["score"] is None]
    client.get(f"/v1/{SITE}/items/item-003/similar?k=5")
    after = metrics.totals()
    assert after["lists"] - before["lists"] == 2
    assert after["items_requested"] - before["items_requested"] == 25
    assert after["items_filled"] - before["items_filled"] == len(filled) == 20


@pytest.mark.parametrize(
    "body",
    [
        b'{"items": [{"item_id": "\\ud800"}]}',
        b'{"items": [{"item_id": "item-003"}], "tag": ["\\udfff"]}',
        b'{"items": [{"item_id": "item-003"}], "model": "\\ud800"}',
        b'{"items": [{"item_id": "item-003", "\\ud800": 1}]}',
        b'{"items": [{"item_id": "item-003", "weight": 1e999}]}',
        b'{"items": [{"item_id": "item-003", "weight": NaN}]}',
        b'{"items": {"item_id": "item-003"}}',
        b"[]",
        b"null",
        b"{",
        b"",
    ],
)
def test_whatever_else_a_body_holds_is_a_fault_of_the_request(client, body):
    headers = {"Content-Type": "application/json"}
    answer = client.request("POST", PATH, content=body, headers=headers)
    assert answer.status_code == 422
    assert answer.json()["errors"]
